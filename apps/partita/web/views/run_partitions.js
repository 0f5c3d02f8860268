// The partitions of a run: by step and state, page by page, or the slowest first.
import { h } from '../dom.js';
import { query } from '../api.js';
import { fragment } from '../router.js';
import { badge, bar, empty, failure, node_link, pages, partition_address, pick, table,
         waiting_for_first, when } from '../parts.js';
import { run_in } from '../states.js';
import * as f from '../format.js';

const states = ['PENDING', 'CLAIMED', 'COMPLETED', 'FAILED'];

function choice(ctx) {
  const q = ctx.route.query;
  const steps = (run_in(ctx)?.steps || []).filter((s) => s.kind !== 'TASKLET');
  const running = steps.find((s) => s.state === 'RUNNING' || s.state === 'FAILED');
  const step = q.get('step') || (running || steps[steps.length - 1])?.name || '';
  // The slowest are those of all that ended, on one page.
  if (q.get('sort') === 'took') return { step, state: '', sort: 'took', after: '' };
  return { step, state: q.get('state') || '', sort: '', after: q.get('after') || '' };
}

export function partitions_needs(ctx, base, fresh) {
  if (!run_in(ctx)) return [];
  const c = choice(ctx);
  return [{ name: 'partitions', keep: `partitions ${base}`, fresh,
            url: `${base}/partitions${query({ ...c, limit: 100 })}` }];
}

export function partitions(ctx, r) {
  const c = choice(ctx);
  const to = (more) => fragment(['runs', r.id, 'partitions'], { ...c, after: '', ...more });
  const steps = (r.steps || []).filter((s) => s.kind !== 'TASKLET');
  const { value, error, stale } = ctx.get('partitions');
  return [
    h('div', { class: 'quick' },
      steps.length > 1 && steps.map((s) => pick(f.shown(s.name, 40), s.name === c.step,
        to({ step: s.name }))), steps.length > 1 && h('span', { class: 'divider' }),
      pick('All', !c.state, to({ state: '' })),
      states.map((s) => pick(s.toLowerCase(), c.state === s, to({ state: s, sort: '' }))),
      h('span', { class: 'divider' }),
      pick('by number', c.sort !== 'took', to({ sort: '' })),
      pick('slowest first', c.sort === 'took', to({ sort: 'took', state: '' }))),
    error && failure(error),
    !value && !error && waiting_for_first(),
    value && !value.items.length && empty(c.state ? `No partition is ${c.state.toLowerCase()}.`
      : 'There are no partitions yet.'),
    value?.items.length > 0 && table([
      ['No', 'num fit', (p) => h('a', { href: partition_address(r.id, p.step, p.no) },
        String(p.no))],
      ['Key', 'name-cell', (p) => [h('bdi', {}, f.shown(p.key, 80)), p.error && h('div', {
        class: 'error-text clip', title: f.shown(p.error, 600) }, f.shown(p.error, 160))]],
      ['State', 'fit', (p) => badge(p.state)],
      ['Try', 'num not-narrow', (p) => p.attempt || ''],
      ['Node', 'fit', (p) => node_link(p.node)],
      ['Progress', 'bar-cell wide-only', (p) => p.progress?.total > 0 && p.state === 'CLAIMED' &&
        bar(null, p.progress.done / p.progress.total, 'RUNNING')],
      ['Items', 'num wide-only', (p) => (p.items?.read ? `${f.count(p.items.read)} read` : '')],
      ['Took', 'num', (p) => f.duration(p.duration_s)],
      ['Ended', 'num not-narrow', (p) => when(p.ended_at)],
    ], value.items, { key: (p) => `${p.step} ${p.no}`, label: 'Partitions',
                      'data-testid': 'partitions-table', class: stale ? 'stale' : null,
                      row_props: (p) => ({ 'data-no': p.no, 'data-state': p.state }) }),
    value && pages(c.after && to({}), value.next && to({ after: value.next })),
  ];
}
