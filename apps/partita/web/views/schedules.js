// The schedules of the cluster: when each starts a run next, and who does it.
import { h } from '../dom.js';
import { badge, empty, failure, job_link, name, node_link, run_link, schedule_link, table,
         waiting_for_first, when } from '../parts.js';
import { is_paused, paused_by } from '../sentences.js';
import { is_overdue, nobody_fires_it } from '../schedule_sentences.js';
import * as f from '../format.js';

export const schedules = {
  title: () => 'Schedules',

  needs: () => [{ name: 'schedules', url: 'schedules', fresh: 'always' }],

  draw(ctx) {
    const { value, error } = ctx.get('schedules');
    const list = [...(value?.items || [])].sort((a, b) => (b.state === 'UNOWNED') -
      (a.state === 'UNOWNED') || String(a.name).localeCompare(String(b.name), 'en',
      { numeric: true }));
    const unowned = list.filter((s) => s.state === 'UNOWNED').length;
    return [
      h('div', { class: 'title-row' }, h('h1', { tabindex: -1 }, 'Schedules'), value &&
        h('span', { class: 'quiet' }, f.count(list.length)), unowned > 0 && h('b', {
        class: 'warned-text', 'data-testid': 'unowned' }, `${f.count(unowned)} fired by nobody`)),
      error && failure(error),
      !value && !error && waiting_for_first(),
      value && !list.length && empty('No schedule yet. Add one, for example:',
        'partita schedule add NAME TRIGGER JOB',
        'partita schedule add nightly "30 2 * * MON-FRI" range_sum from=1 to=100'),
      list.length > 0 && table([
        ['Schedule', 'name-cell', (s) => [schedule_link(s.name), about(s, ctx.now)]],
        ['State', 'fit', (s) => badge(s.state)],
        ['Job', 'fit-name wide-only', (s) => job_link(s.job)],
        ['Trigger', 'fit-name wide-only', (s) => [h('div', { class: 'id clip', title:
          f.shown(s.trigger, 600) }, f.shown(s.trigger, 80)), h('div', {
          class: 'quiet small clip' }, name(s.zone, 60))]],
        ['Next tick', 'num', (s) => when(s.next_tick)],
        ['Last tick', 'num', (s) => [when(s.last_tick, 'never'), s.last_run &&
          h('div', {}, run_link(s.last_run))]],
        ['Owner', 'fit-name wide-only', (s) => node_link(s.owner)],
        ['Missed', 'num wide-only', (s) => (Number(s.missed) ? h('b', { class: 'warned-text' },
          f.count(s.missed)) : f.count(s.missed))],
      ], list, { key: (s) => s.id, label: 'Schedules', 'data-testid': 'schedules-table',
                 row_props: (s) => ({ 'data-schedule': s.name, 'data-state': s.state,
                                      class: s.state === 'UNOWNED' ? 'row-warned' : null }) }),
    ];
  },
};

function about(s, now) {
  if (s.state === 'UNOWNED') return h('div', { class: 'warned-text' }, nobody_fires_it);
  if (is_paused(s)) return h('div', { class: 'warned-text clip', title: paused_by(s.paused) },
    paused_by(s.paused));
  if (is_overdue(s, now)) return h('div', { class: 'warned-text' }, 'It is overdue.');
  return null;
}
