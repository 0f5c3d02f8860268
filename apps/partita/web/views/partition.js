// One partition: every try of it, what it was given, what came of it.
import { h } from '../dom.js';
import { segment } from '../api.js';
import { fragment } from '../router.js';
import { at, badge, bar, facts, failure, json_block, mark, node_link, partition_address,
         section, table, waiting_for_first } from '../parts.js';
import { run_in } from '../states.js';
import * as f from '../format.js';

export const partition = {
  title: (ctx) => `${f.shown(ctx.route.parts[3], 40)} ${f.shown(ctx.route.parts[4], 24)} of #${
    f.shown(ctx.route.parts[1], 24)}`,

  needs(ctx) {
    const [, id, , step, no] = ctx.route.parts;
    const state = ctx.local.state;
    return [{ name: 'partition', url: `runs/${segment(id)}/partitions/${segment(step)}/${
      segment(no)}`, fresh: state === 'COMPLETED' ? { run: id } : 'always' },
            { name: 'run', url: `runs/${segment(id)}`, fresh: { run: id } }];
  },

  draw(ctx) {
    const [, id, , step, no] = ctx.route.parts;
    const { value: p, error } = ctx.get('partition');
    ctx.local.state = p?.state;
    return [
      h('p', { class: 'path' }, h('a', { href: fragment(['runs', id]) }, `Run #${
        f.shown(id, 24)}`), ' / ', h('a', { href: fragment(['runs', id, 'partitions'], { step }) },
      f.shown(step, 60))),
      h('div', { class: 'title-row' }, h('h1', { tabindex: -1, 'data-testid': 'partition-title' },
        `Partition ${f.shown(no, 24)} `, p?.key && h('bdi', { class: 'quiet clip' },
          f.shown(p.key, 160))), p && badge(p.state), h('span', { class: 'grow' }),
      neighbour(ctx, -1), neighbour(ctx, 1)),
      error && failure(error),
      !p && !error && waiting_for_first(),
      p && details(id, step, p),
    ];
  },
};

/// A link to the partition before or after, where there is one.
function neighbour(ctx, by) {
  const [, id, , step, no] = ctx.route.parts;
  const found = run_in(ctx)?.steps?.find((s) => s.name === step);
  const to = Number(no) + by;
  if (!/^\d{1,15}$/.test(no) || to < 0 || to >= Number(found?.partitions.total ?? 0)) return null;
  return h('a', { key: by, class: 'button', href: partition_address(id, step, to),
    'data-testid': by < 0 ? 'before' : 'after' }, by < 0 ? '← Before' : 'After →');
}

function details(id, step, p) {
  return [
    p.error && h('div', { class: 'failure', 'data-testid': 'partition-error' }, mark('FAILED'),
      h('pre', {}, f.shown_lines(p.error, 5000))),
    facts([
      ['Node', p.node && node_link(p.node)],
      ['Began', p.started_at && at(p.started_at)],
      [p.ended_at ? 'Took' : 'For', p.duration_s !== null && f.duration(p.duration_s)],
      ['Try', p.attempt],
      ['Lease', p.lease && h('span', { class: 'id' }, p.lease)],
      ['Items', items(p.items)],
      ['Progress', p.progress?.total > 0 && h('span', { class: 'inline-bar' },
        bar(null, p.progress.done / p.progress.total, p.state), ` ${f.count(p.progress.done)} of ${
          f.count(p.progress.total)}`)],
    ]),
    tries(p),
    log(p),
    skipped(id, step, p),
    h('div', { class: 'columns' },
      section('Input', {}, json_block(p.input ?? null)),
      p.output !== null && p.output !== undefined && section('Output', {}, json_block(p.output)),
      p.checkpoint && section('Checkpoint', { 'data-testid': 'checkpoint' },
        json_block(p.checkpoint)),
      p.files?.length > 0 && section('Files', {}, h('ul', { class: 'rows' }, p.files.map((file) =>
        h('li', { key: f.value_text(file) }, h('code', {}, f.shown(f.value_text(file), 400))))))),
  ];
}

const items = (given) => ['read', 'written', 'filtered', 'skipped']
  .filter((k) => Number(given?.[k])).map((k) => `${f.count(given[k])} ${k}`).join(', ');

const outcomes = { RETRY: 'will be tried again', LOST: 'its node was lost',
                   GIVEN_BACK: 'given back before it began', RELEASED: 'stopped on request' };

function tries(p) {
  const list = p.tries || [];
  if (!list.length) return section('Tries', {}, h('p', { class: 'quiet' },
    'None yet: no executor has begun it.'));
  return section('Tries', { 'data-testid': 'tries' }, table([
    ['Try', 'num fit', (t) => t.attempt],
    ['Outcome', 'fit', (t) => [badge(t.outcome), outcomes[t.outcome] && h('span', {
      class: 'quiet wide-only' }, ` ${outcomes[t.outcome]}`)]],
    ['Node', 'fit', (t) => node_link(t.node)],
    ['Lease', 'fit wide-only', (t) => h('span', { class: 'id' }, t.lease ?? '')],
    ['Began', 'fit', (t) => at(t.started_at)],
    ['Ended', 'fit wide-only', (t) => at(t.ended_at)],
    ['Took', 'num', (t) => f.duration(t.duration_s)],
    ['Error', 'name-cell error-cell', (t) => t.error && h('span', { class: 'error-text', title:
      f.shown(t.error, 2000) }, f.shown(t.error, 400))],
  ], list, { key: (t) => `${t.attempt} ${t.lease} ${t.started_at}`, label: 'Tries',
             row_props: (t) => ({ 'data-outcome': t.outcome }) }));
}

function log(p) {
  const list = p.log || [];
  return list.length > 0 && section('Log', { 'data-testid': 'log' }, h('ol', { class: 'log' },
    list.map((l) => h('li', { key: `${l.attempt} ${l.lease} ${l.number}` }, at(l.at),
      h('span', { class: 'quiet' }, `try ${l.attempt}`), h('span', { class: 'grow' },
        f.shown_lines(l.text, 1000))))));
}

function skipped(id, step, p) {
  const list = Array.isArray(p.skipped) ? p.skipped : [];
  return list.length > 0 && section('Skipped items', { aside: p.more_skipped && h('span', {
    class: 'quiet' }, `only the first ${f.count(list.length)}`) }, h('ul', { class: 'rows' },
    list.map((s, i) => h('li', { key: i }, at(s.at), h('span', { class: 'grow clip' },
      f.shown(s.place || f.value_text(s.item), 200)), h('span', { class: 'quiet clip' },
      f.shown(s.why, 200))))));
}
