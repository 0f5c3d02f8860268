// Pieces that every view is made of.
import { h, s } from './dom.js';
import { now } from './clock.js';
import { fragment } from './router.js';
import * as f from './format.js';

// Each state has a shape of its own, so that colour is never the only difference.
const marks = {
  running: [['circle', { cx: 8, cy: 8, r: 5.6, class: 'hollow' }],
            ['path', { d: 'M8 2.4a5.600 5.600 0 0 1 0 11.200z' }]],
  completed: [['path', { d: 'M2.5 8.600 6.300 12.400 13.500 4.200', class: 'stroke' }]],
  failed: [['path', { d: 'M3.200 3.200l9.600 9.600M12.800 3.200l-9.600 9.600', class: 'stroke' }]],
  warned: [['path', { d: 'M8 1.800 14.800 13.800H1.200z' }]],
  stopped: [['rect', { x: 3, y: 3, width: 10, height: 10 }]],
  waiting: [['circle', { cx: 8, cy: 8, r: 5.600, class: 'hollow dashed' }]],
  given_up: [['circle', { cx: 8, cy: 8, r: 5.600, class: 'hollow' }],
             ['path', { d: 'M4.200 4.200l7.600 7.600', class: 'stroke thin' }]],
  leaving: [['path', { d: 'M8 2v8M4 7.500 8 11.500l4-4M3 14h10', class: 'stroke thin' }]],
  active: [['circle', { cx: 8, cy: 8, r: 5 }]],
  paused: [['path', { d: 'M3.500 2.500h3v11h-3zM9.500 2.500h3v11h-3z' }]],
};

const kinds = {
  RUNNING: 'running', CLAIMED: 'running', COMPLETED: 'completed', FAILED: 'failed',
  STOPPED: 'stopped', CREATED: 'waiting', PENDING: 'waiting', ABANDONED: 'given_up',
  JUMPED_OVER: 'given_up', RETRY: 'warned', LOST: 'warned', GIVEN_BACK: 'leaving',
  RELEASED: 'leaving', ACTIVE: 'active', DRAINING: 'leaving', UNREACHABLE: 'warned',
  CONDEMNED: 'failed', DEREGISTERED: 'failed', LEFT: 'given_up', OK: 'completed',
  WARNING: 'warned', FAILING: 'failed', PAUSED: 'paused', OWNED: 'active', UNOWNED: 'warned',
  OVER: 'given_up',
};

export const kind_of = (state) => kinds[state] || 'waiting';

export function mark(state) {
  const kind = kind_of(state);
  return s('svg', { class: `mark ${kind}`, viewBox: '0 0 16 16', 'aria-hidden': 'true' },
    marks[kind].map(([tag, props]) => s(tag, props)));
}

export const badge = (state) => h('span', { class: `badge ${kind_of(state)}`, 'data-state': state },
  mark(state), h('span', {}, String(state).replaceAll('_', ' ').toLowerCase()));

/// A name from the data: isolated, so that its direction stays within it.
export const name = (text, most) => h('bdi', { class: 'name', title:
  String(text ?? '').length > 24 ? f.shown(text, 600) : null }, f.shown(text, most));

export const when = (iso, none = '–') => iso
  ? h('time', { datetime: iso, title: f.exact(iso) }, f.ago(iso, now()))
  : h('span', { class: 'quiet' }, none);

export const at = (iso, none = '–') => iso
  ? h('time', { datetime: iso, title: f.exact(iso) }, f.clock(iso, now()))
  : h('span', { class: 'quiet' }, none);

export const run_link = (id, props = {}) =>
  h('a', { href: fragment(['runs', id]), class: 'id', ...props }, `#${f.shown(id, 24)}`);

export const node_link = (node) => node
  ? h('a', { href: fragment(['nodes', node.id]) }, name(node.name || node.id, 60))
  : h('span', { class: 'quiet' }, '–');

export const partition_address = (run, step, no) =>
  fragment(['runs', run, 'partitions', step, String(no)]);

export const job_link = (job) => h('a', { href: fragment(['jobs', job]), class: 'plain' },
  name(job, 80));

export const schedule_link = (schedule) =>
  h('a', { href: fragment(['schedules', schedule]) }, name(schedule, 80));

const share = (n, total) => `${total > 0 ? Math.min(100, (100 * Number(n)) / Number(total)) : 0}%`;

/// How far: completed, failed and claimed partitions of all.
export function bar(p, progress, state) {
  const total = Number(p?.total || 0);
  const done = progress ?? (total ? Number(p.completed) / total : 0);
  const open = p && p.sealed === false;
  return h('span', {
    class: `bar ${kind_of(state)}${open ? ' open' : ''}`, role: 'progressbar',
    'aria-valuemin': 0, 'aria-valuemax': 100, 'aria-valuenow': Math.floor(done * 100),
    'aria-label': `${f.percent(done)} done`,
    style: {
      '--completed-share': total ? share(p.completed, total) : `${done * 100}%`,
      '--failed-share': share(Number(p?.failed || 0), total),
      '--claimed': share(Number(p?.claimed || 0), total),
    },
  });
}

/// Completed partitions: "420 of 1,000", "37 of 40, 3 failed"; "420 of 1,000+": the split has not
/// told all of them.
export function fraction(p) {
  if (!Number(p?.total)) return '–';
  const failed = Number(p.failed) ? `, ${f.count(p.failed)} failed` : '';
  return `${f.count(p.completed)} of ${f.count(p.total)}${p.sealed === false ? '+' : ''}${failed}`;
}

/// `aside` stands at the right of the title.
export function section(title, props, ...children) {
  const { aside, ...rest } = props;
  return h('section', { class: 'panel', ...rest },
    h('div', { class: 'panel-head' }, h('h2', {}, title), aside && h('div', { class: 'aside' },
      aside)), ...children);
}

/// What to type next; `commands` are lines of a shell.
export const empty = (text, ...commands) => h('div', { class: 'empty', 'data-testid': 'empty' },
  h('p', {}, text), commands.map((c) => h('pre', { class: 'command' }, c)));

export const failure = (error) => h('div', { class: 'failure', role: 'alert',
  'data-testid': 'error' }, mark('FAILED'), h('div', {}, h('p', {}, f.shown(error.message, 400)),
  error.hint && h('p', { class: 'quiet' }, f.shown(error.hint, 400))));

export const waiting_for_first = () => h('p', { class: 'quiet first' }, 'Reading.');

export function json_block(v, props = {}) {
  return h('pre', { class: 'json', tabindex: 0, ...props },
    f.shown_lines(typeof v === 'string' ? v : f.json_text(v, 2)));
}

/// [[term, description]…] as a list of facts; empty descriptions are left out.
export const facts = (rows, props = {}) => h('dl', { class: 'facts', ...props },
  rows.filter((r) => r && r[1] !== null && r[1] !== undefined && r[1] !== '' && r[1] !== false)
    .map(([term, ...about]) => h('div', { key: term }, h('dt', {}, term), h('dd', {}, ...about))));

export const parameters = (given, most = 6) => {
  const names = Object.keys(given || {});
  return h('span', { class: 'parameters' }, names.slice(0, most).map((k) => h('span', { key: k,
    class: 'parameter', title: `${f.shown(k)}=${f.shown(f.value_text(given[k]), 600)}` },
  h('i', {}, f.shown(k, 40)), '=', h('bdi', {}, f.shown(f.value_text(given[k]), 60)))),
  names.length > most && h('span', { class: 'quiet' }, `and ${names.length - most} more`));
};

/// Words that nodes have and steps ask for.
export const tags = (list, most) => {
  const all = Array.isArray(list) ? list : [];
  return all.length > 0 && h('span', { class: 'parameters', title: all.slice(0, 60)
    .map((t) => f.shown(t, 60)).join(', ') }, all.slice(0, most).map((t) => h('bdi', {
    class: 'parameter' }, f.shown(t, 40))), all.length > most && h('span', { class: 'quiet' },
  `and ${all.length - most} more`));
};

/// Columns: [title, class, cell(row)]; rows are keyed by `key(row)`.
export function table(columns, rows, { key, row_props, label, ...props }) {
  return h('div', { class: 'table-frame', tabindex: 0, role: 'region', 'aria-label': label },
    h('table', props,
      h('thead', {}, h('tr', {}, columns.map(([title, c]) => h('th', { class: c, scope: 'col' },
        title)))),
      h('tbody', {}, rows.map((row) => h('tr', { key: key(row), ...(row_props?.(row) || {}) },
        columns.map(([, c, cell]) => h('td', { class: c }, cell(row))))))));
}

/// One of several choices, by its address.
export const pick = (title, current, href) => h('a', { key: title, href,
  'aria-current': current ? 'true' : null }, title);

/// Ways to the first page of a list and to the next one; either may be missing.
export const pages = (first, next) => h('nav', { class: 'pages', 'aria-label': 'Pages' },
  first && h('a', { href: first }, '← First'),
  next && h('a', { href: next, 'data-testid': 'more' }, 'More →'));

export const tabs = (items, label) => h('nav', { class: 'tabs', 'aria-label': label },
  items.map(([title, href, current, n]) => h('a', { href, key: title,
    'aria-current': current ? 'page' : null }, title,
  n !== undefined && n !== null && h('span', { class: 'n' }, n))));
