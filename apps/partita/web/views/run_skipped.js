// The items of a run that its policies let go: of all steps or of one, page by page.
import { h } from '../dom.js';
import { query } from '../api.js';
import { fragment } from '../router.js';
import { at, empty, failure, pages, partition_address, pick, table,
         waiting_for_first } from '../parts.js';
import * as f from '../format.js';

function choice(ctx) {
  const q = ctx.route.query;
  return { step: q.get('step') || '', after: q.get('after') || '' };
}

export function skipped_needs(ctx, base) {
  return [{ name: 'skipped', keep: `skipped ${base}`, fresh: { run: ctx.route.parts[1] },
            url: `${base}/skipped${query({ ...choice(ctx), limit: 100 })}` }];
}

export function skipped_items(ctx, r) {
  const c = choice(ctx);
  const to = (more) => fragment(['runs', r.id, 'skipped'], { ...c, after: '', ...more });
  const steps = (r.steps || []).filter((s) => Number(s.items?.skipped) || s.name === c.step);
  const { value, error, stale } = ctx.get('skipped');
  return [
    h('div', { class: 'quick' },
      (steps.length > 1 || c.step) && [pick('All steps', !c.step, to({ step: '' })),
        steps.map((s) => pick(f.shown(s.name, 40), s.name === c.step, to({ step: s.name }))),
        h('span', { class: 'divider' })],
      h('span', { class: 'quiet' }, 'All of them: ', h('code', {}, `partita job ${
        f.shown(r.id, 24)} --skipped -o csv`))),
    error && failure(error),
    !value && !error && waiting_for_first(),
    value && !value.items.length && empty(c.after ? 'There are no more skipped items.'
      : 'No item was skipped.'),
    value?.items.length > 0 && table([
      ['Partition', 'fit', (s) => h('a', { href: partition_address(r.id, s.step, s.no) },
        `${f.shown(s.step, 30)} ${s.no}`)],
      ['Item', 'num wide-only', (s) => f.count(s.item)],
      ['Stage', 'fit wide-only', (s) => h('span', { class: 'quiet' },
        f.shown(s.stage, 20).toLowerCase())],
      ['Place', 'name-cell', (s) => h('bdi', { title: f.shown(s.place, 600) },
        f.shown(s.place, 200))],
      ['Why', 'name-cell error-cell', (s) => h('span', { class: 'error-text', title:
        f.shown(s.why, 2000) }, f.shown(s.why, 400))],
      ['At', 'num wide-only', (s) => at(s.at)],
    ], value.items, { key: (s) => `${s.step} ${s.no} ${s.item}`, label: 'Skipped items',
                      'data-testid': 'skipped-table', class: stale ? 'stale' : null,
                      row_props: (s) => ({ 'data-step': s.step, 'data-no': s.no }) }),
    value && pages(c.after && to({}), value.next && to({ after: value.next })),
  ];
}
