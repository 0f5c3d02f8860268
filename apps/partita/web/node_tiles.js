// Nodes as tiles; a heat map of squares where there are many.
import { h } from './dom.js';
import { fragment } from './router.js';
import { kind_of, mark, name } from './parts.js';
import { rough, shown } from './format.js';

const most_tiles = 48;

const age = (n) => (n.heartbeat_age_s === null || n.heartbeat_age_s === undefined ? 'never heard of'
  : `heard of ${rough(n.heartbeat_age_s)} ago`);

const about = (n) => `${shown(n.name, 80)}: ${n.state.toLowerCase()}, ${n.running} of ${
  n.slots} busy, ${age(n)}${Number(n.stuck) ? `, ${n.stuck} stuck` : ''}`;

/// Busy executors as filled cells, one each, up to a dozen; a share beyond that.
function cells(n) {
  if (n.slots > 12) return h('span', { class: 'bar running', style: {
    '--claimed': `${(100 * n.running) / n.slots}%` } });
  return h('span', { class: 'cells', 'aria-hidden': 'true' },
    Array.from({ length: n.slots }, (_, i) => h('i', {
      class: i < n.stuck ? 'stuck' : i < n.running ? 'on' : '' })));
}

export function node_tiles(nodes) {
  if (nodes.length <= most_tiles)
    return h('div', { class: 'tiles', 'data-testid': 'node-tiles' }, nodes.map((n) => h('a', {
      key: n.id, href: fragment(['nodes', n.id]), class: `tile ${kind_of(n.state)}`,
      title: about(n), 'data-node': n.id, 'data-state': n.state },
    h('span', { class: 'tile-name' }, mark(n.state), name(n.name, 60)),
    cells(n),
    h('span', { class: 'quiet' }, n.state === 'ACTIVE' ? `${n.running} of ${n.slots} busy`
      : n.state.toLowerCase(), h('span', { class: 'age' },
      n.heartbeat_age_s === null || n.heartbeat_age_s === undefined ? ''
        : rough(n.heartbeat_age_s))))));
  const busy = nodes.reduce((sum, n) => sum + n.running, 0);
  const slots = nodes.reduce((sum, n) => sum + n.slots, 0);
  const odd = nodes.filter((n) => n.state !== 'ACTIVE' || Number(n.stuck));
  return [
    h('div', { class: 'squares', 'data-testid': 'node-tiles' }, nodes.map((n) => h('a', {
      key: n.id, href: fragment(['nodes', n.id]), class: `square ${kind_of(n.state)}`,
      title: about(n), 'aria-label': about(n), 'data-node': n.id, 'data-state': n.state,
      style: { '--share': n.slots ? String(n.running / n.slots) : '0' } }))),
    h('p', { class: 'quiet' }, `${nodes.length} nodes, ${busy} of ${slots} executors busy.`),
    odd.length > 0 && h('ul', { class: 'rows' }, odd.slice(0, 6).map((n) => h('li', { key: n.id },
      mark(n.state), h('a', { href: fragment(['nodes', n.id]) }, name(n.name, 60)),
      h('span', { class: 'quiet' }, about(n).replace(/^.*?: /, ''))))),
  ];
}
