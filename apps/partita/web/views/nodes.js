// The nodes of the cluster.
import { h } from '../dom.js';
import { fragment } from '../router.js';
import { badge, empty, failure, name, table, tags, waiting_for_first, when } from '../parts.js';
import * as f from '../format.js';

const rank = { UNREACHABLE: 0, CONDEMNED: 1, DRAINING: 2, ACTIVE: 3, DEREGISTERED: 4, LEFT: 5 };

export const nodes = {
  title: () => 'Nodes',

  needs(ctx) {
    const all = ctx.route.query.get('all') === '1';
    return [{ name: 'nodes', keep: 'nodes', url: all ? 'nodes?all=true' : 'nodes',
              fresh: 'always' }];
  },

  draw(ctx) {
    const { value, error } = ctx.get('nodes');
    const all = ctx.route.query.get('all') === '1';
    const wanted = ctx.route.query.get('state');
    const list = (value?.items || []).filter((n) => !wanted || n.state === wanted)
      .sort((a, b) => (rank[a.state] ?? 9) - (rank[b.state] ?? 9) ||
        String(a.name).localeCompare(String(b.name), 'en', { numeric: true }));
    const busy = list.reduce((n, one) => n + Number(one.running), 0);
    const slots = list.reduce((n, one) => n + Number(one.slots), 0);
    return [
      h('div', { class: 'title-row' }, h('h1', { tabindex: -1 }, 'Nodes'), value &&
        h('span', { class: 'quiet' }, `${f.of(list.length, 'node')}, ${f.count(busy)} of ${
          f.of(slots, 'executor')} busy`)),
      h('div', { class: 'quick' },
        h('a', { href: fragment(['nodes']), 'aria-current': all ? null : 'true' }, 'At work'),
        h('a', { href: fragment(['nodes'], { all: '1' }), 'aria-current': all ? 'true' : null },
          'With those that left')),
      error && failure(error),
      !value && !error && waiting_for_first(),
      value && !list.length && empty('No node is at work. Start one:', 'partita node --name mine'),
      list.length > 0 && table([
        ['Node', 'name-cell', (n) => h('a', { href: fragment(['nodes', n.id]) },
          name(n.name, 80))],
        ['State', 'fit', (n) => badge(n.state)],
        ['Busy', 'bar-cell', (n) => [h('span', { class: 'bar running', style: {
          '--claimed': `${n.slots ? (100 * n.running) / n.slots : 0}%` } }),
        h('span', { class: 'under-bar' }, `${n.running} of ${n.slots}`, Number(n.stuck) > 0 &&
          h('b', { class: 'error-text' }, `, ${n.stuck} stuck`))]],
        ['Heard of', 'num', (n) => when(n.heartbeat_at)],
        ['Jobs', 'wide-only name-cell', (n) => h('span', { class: 'clip quiet', title:
          (n.jobs || []).map((j) => f.shown(j, 80)).join(', ') },
        (n.jobs || []).slice(0, 4).map((j) => f.shown(j, 40)).join(', '),
        (n.jobs || []).length > 4 && ` and ${n.jobs.length - 4} more`)],
        ['Tags', 'wide-only', (n) => tags(n.tags, 3)],
        ['Host', 'fit wide-only', (n) => `${f.shown(n.host, 40)}:${n.pid}`],
        ['Version', 'fit wide-only', (n) => f.shown(n.version, 20)],
        ['Joined', 'num not-narrow', (n) => when(n.joined_at)],
      ], list, { key: (n) => n.id, label: 'Nodes', 'data-testid': 'nodes-table',
                 row_props: (n) => ({ 'data-node': n.id, 'data-state': n.state }) }),
    ];
  },
};

