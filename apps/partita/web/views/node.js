// One node: what its executors do now and since when, what it holds, what it drives.
import { h } from '../dom.js';
import { segment } from '../api.js';
import { fragment } from '../router.js';
import { at, badge, bar, facts, failure, job_link, mark, name, partition_address, run_link, section,
         table, tags, waiting_for_first, when } from '../parts.js';
import { drain_button } from '../actions.js';
import { event_list } from './run_events.js';
import { announce } from '../frame.js';
import * as f from '../format.js';

export const node = {
  title: (ctx) => f.shown(ctx.value('node')?.name || `Node ${ctx.route.parts[1]}`, 80),

  needs: (ctx) => [{ name: 'node', url: `nodes/${segment(ctx.route.parts[1])}`, fresh: 'always' }],

  draw(ctx) {
    const { value: n, error } = ctx.get('node');
    if (!n) return [h('h1', { tabindex: -1 }, `Node ${f.shown(ctx.route.parts[1], 60)}`),
                    error ? failure(error) : waiting_for_first()];
    if (ctx.local.state && ctx.local.state !== n.state)
      announce(`${n.name} is ${n.state.toLowerCase()}.`);
    ctx.local.state = n.state;
    return [
      h('div', { class: 'title-row' }, h('h1', { tabindex: -1, 'data-testid': 'node-title' },
        name(n.name, 120)), badge(n.state), h('span', { class: 'grow' }), drain_button(ctx, n)),
      h('p', { class: 'sentence', 'data-testid': 'headline' }, mark(n.state),
        h('span', {}, now_doing(n))),
      facts([
        ['Heard of', when(n.heartbeat_at)],
        ['Host', `${f.shown(n.host, 60)}, process ${n.pid}`],
        ['Version', f.shown(n.version, 20)],
        ['Joined', when(n.joined_at)],
        ['Left', n.left_at && when(n.left_at)],
        ['Tags', tags(n.tags, 20)],
        ['Schedules', Number(n.tokens) >= 0 && n.tokens !== null && (Number(n.tokens)
          ? `at most ${f.count(n.tokens)}` : 'none')],
        ['Knows', (n.jobs || []).map((j) => f.shown(j, 60)).join(', ')],
      ]),
      h('div', { class: 'columns' },
        h('div', {}, doing(n), leases(n)),
        h('div', {}, masters(n), events(n))),
    ];
  },
};

function now_doing(n) {
  const gone = { UNREACHABLE: 'It has not been heard of for too long. If it stays away, what it ' +
      'holds goes to other nodes.',
  CONDEMNED: 'It is given up: what it held goes to other nodes.',
  DEREGISTERED: 'It was lost: what it held has gone to other nodes.',
  LEFT: 'It has left in good order.' }[n.state];
  if (gone) return gone;
  const list = n.doing || [];
  const drains = n.state === 'DRAINING' ? 'It drains: it claims nothing more. ' : '';
  if (!Number(n.running)) return `${drains}Idle: ${f.of(n.slots, 'executor')} free.`;
  const longest = [...list].sort((a, b) => b.for_s - a.for_s)[0];
  const jobs = [...new Set(list.map((d) => f.shown(d.job, 40)))].slice(0, 3).join(', ');
  return `${drains}${n.running} of ${f.of(n.slots, 'executor')} busy${jobs ? ` with ${jobs}` : ''}${
    longest ? `; the longest for ${f.duration(longest.for_s)}` : ''}.${Number(n.stuck)
    ? ` ${f.of(n.stuck, 'executor')} ${n.stuck === 1 ? 'does' : 'do'} not end what was asked to ` +
      'stop: start this node again.' : ''}`;
}

function doing(n) {
  const list = n.doing || [];
  return section('Its executors now', { 'data-testid': 'doing', aside: h('span', {
    class: 'quiet' }, `${n.running} of ${n.slots} busy`) },
  !list.length && h('p', { class: 'quiet' }, Number(n.running) ? 'Not known yet.' : 'Nothing.'),
  list.length > 0 && table([
    ['Partition', 'name-cell', (d) => [h('a', { href: partition_address(d.run, d.step, d.no) },
      `${f.shown(d.step, 40)} ${d.no}`), ' ', h('bdi', { class: 'quiet' }, f.shown(d.key, 60))]],
    ['Run', 'fit', (d) => [run_link(d.run), ' ', h('span', { class: 'wide-only' },
      job_link(d.job))]],
    ['Progress', 'bar-cell wide-only', (d) => d.progress?.total > 0 && bar(null,
      d.progress.done / d.progress.total, 'RUNNING')],
    ['Since', 'num', (d) => at(d.since)],
    ['For', 'num', (d) => f.duration(d.for_s)],
  ], list, { key: (d) => `${d.run} ${d.step} ${d.no}`, label: 'What its executors do now' }));
}

const only_first = (more, list) => more && h('span', { class: 'quiet' },
  `only the first ${f.count(list.length)}`);

function leases(n) {
  const list = n.leases || [];
  return list.length > 0 && section('What it holds', { 'data-testid': 'leases',
    aside: only_first(n.more_leases, list) }, table([
    ['Lease', 'fit', (l) => h('span', { class: 'id' }, l.id)],
    ['Run', 'fit', (l) => run_link(l.run)],
    ['Partitions', 'name-cell', (l) => h('a', { href: fragment(['runs', l.run, 'partitions'], {
      step: l.step, after: l.lo > 0 ? String(l.lo - 1) : '' }) },
    `${f.shown(l.step, 40)} ${l.lo}${l.hi > l.lo ? ` to ${l.hi}` : ''}`)],
    ['Ended', 'bar-cell', (l) => [bar(null, l.ended / (l.hi - l.lo + 1), 'RUNNING'),
      h('span', { class: 'under-bar' }, `${l.ended} of ${l.hi - l.lo + 1}`)]],
    ['Try', 'num wide-only', (l) => l.attempt],
    ['Held for', 'num', (l) => f.duration(l.held_s)],
  ], list, { key: (l) => l.id, label: 'Leases' }));
}

function masters(n) {
  const list = n.masters || [];
  return list.length > 0 && section('Runs it drives', { 'data-testid': 'masters',
    aside: only_first(n.more_masters, list) },
    h('ul', { class: 'rows' }, list.map((m) => h('li', { key: m.run }, run_link(m.run),
      job_link(m.job)))));
}

function events(n) {
  const list = [...(n.events || [])].reverse().slice(0, 60);
  return list.length > 0 && section('Lately', { aside: n.events_searched && h('span', {
    class: 'quiet' }, `among the newest ${f.of(n.events_searched, 'event')} of all`) },
  event_list(list, new Map([[n.id, n.name]])));
}
