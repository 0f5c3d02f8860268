// The event log of a run, the newest first.
import { h } from '../dom.js';
import { query } from '../api.js';
import { fragment } from '../router.js';
import { at, failure, mark, waiting_for_first } from '../parts.js';
import { bad_kinds, event_sentence, is_telling, names_in } from '../events.js';
import { json_text, shown } from '../format.js';

export function events_needs(ctx, base) {
  const after = ctx.route.query.get('after');
  return [
    { name: 'events', url: `${base}/events${query({ after, limit: 500 })}`,
      fresh: { run: ctx.route.parts[1] } },
    { name: 'nodes', url: 'nodes?all=true', fresh: 'slow' },
  ];
}

export function event_list(events, names, options) {
  return h('ul', { class: 'rows events', 'data-testid': 'events' }, events.map((e) => h('li', {
    key: e.id, 'data-kind': e.kind }, at(e.at), bad_kinds.has(e.kind) ? mark('LOST')
    : h('span', { class: 'mark' }),
  h('span', { class: 'grow', title: `${shown(e.kind, 40)} ${shown(json_text(e.detail), 600)}` },
    event_sentence(e, names, options)), h('span', { class: 'quiet id wide-only' }, e.id))));
}

export function events_of(ctx) {
  const [, id] = ctx.route.parts;
  const { value, error } = ctx.get('events');
  if (error) return failure(error);
  if (!value) return waiting_for_first();
  const all = ctx.route.query.get('all') === '1';
  const steps = new Map((ctx.value('run')?.steps || []).map((s) => [s.id, s.name]));
  const list = value.items.filter((e) => all || is_telling(e)).reverse()
    .map((e) => ({ ...e, step_name: steps.get(e.step) }));
  const names = names_in(ctx.value('nodes')?.items, value.items);
  const to = (fields) => fragment(['runs', id, 'events'], fields);
  return [
    h('div', { class: 'quick' },
      h('a', { href: to({}), 'aria-current': all ? null : 'true' }, 'What matters'),
      h('a', { href: to({ all: '1' }), 'aria-current': all ? 'true' : null }, 'Every event'),
      h('span', { class: 'quiet' }, `of the newest ${value.items.length}`)),
    list.length ? event_list(list, names, { within_run: true })
      : h('p', { class: 'quiet' }, 'Nothing but leases and reports among these.'),
  ];
}
