// One schedule: when it starts runs, who does it, and how its runs ended.
import { h } from '../dom.js';
import { segment } from '../api.js';
import { fragment } from '../router.js';
import { at, badge, facts, failure, job_link, kind_of, mark, name, node_link, parameters, run_link,
         section, waiting_for_first, when } from '../parts.js';
import { schedule_buttons } from '../schedule_actions.js';
import { schedule_headline } from '../schedule_sentences.js';
import { announce } from '../frame.js';
import * as f from '../format.js';

export const schedule = {
  title: (ctx) => `Schedule ${f.shown(ctx.route.parts[1], 60)}`,

  needs: (ctx) => [{ name: 'schedule', url: `schedules/${segment(ctx.route.parts[1])}`,
                     fresh: 'always' }],

  draw(ctx) {
    const { value: s, error } = ctx.get('schedule');
    if (!s) return [h('h1', { tabindex: -1 }, `Schedule ${f.shown(ctx.route.parts[1], 60)}`),
                    error ? failure(error) : waiting_for_first()];
    if (ctx.local.state && ctx.local.state !== s.state)
      announce(`${f.shown(s.name, 80)} is ${String(s.state).toLowerCase()}.`);
    ctx.local.state = s.state;
    const says = schedule_headline(s, ctx.now);
    return [
      h('div', { class: 'title-row' }, h('h1', { tabindex: -1, 'data-testid': 'schedule-title' },
        name(s.name, 120)), badge(s.state), h('span', { class: 'grow' }),
      schedule_buttons(ctx, s)),
      h('p', { class: 'sentence', 'data-testid': 'headline' }, mark(says.state),
        h('span', {}, says.text)),
      about(s),
      history(s),
      h('div', { class: 'columns' }, next_ticks(s), newest_runs(s)),
    ];
  },
};

const overlaps = {
  SKIP: 'a tick during a run is skipped', QUEUE_ONE: 'a tick during a run waits for its end',
  ALLOW: 'runs may overlap',
};

function about(s) {
  const late = Number(s.catch_up_s);
  return facts([
    ['Job', job_link(s.job)],
    ['Trigger', h('span', { class: 'id' }, f.shown(s.trigger, 300))],
    ['Time zone', name(s.zone, 60)],
    ['Next tick', s.next_tick && when(s.next_tick)],
    ['Last tick', when(s.last_tick, 'never'), s.last_run && [' ', run_link(s.last_run)]],
    ['Owner', s.owner ? node_link(s.owner) : 'none'],
    ['Paused', s.paused && when(s.paused.since)],
    ['Missed', f.of(s.missed ?? 0, 'tick')],
    ['Overlap', overlaps[s.overlap] || f.shown(s.overlap, 40)],
    ['Catches up', `with ticks up to ${late > 60 ? f.duration(late) : '1 min'} late`],
    ['Parameters', Object.keys(s.parameters || {}).length ? parameters(s.parameters, 12) : null],
    ['Added', when(s.created_at)],
    ['Number', h('span', { class: 'id' }, f.shown(s.id, 24))],
  ], { 'data-testid': 'schedule-facts' });
}

const runs_of = (s) => (Array.isArray(s.runs) ? s.runs : []);

const state_of = (r) => String(r.state).toLowerCase();

function took(r) {
  const s = (Date.parse(r.ended_at) - Date.parse(r.started_at)) / 1000;
  return Number.isFinite(s) ? f.duration(s) : '';
}

/// One tick a run, oldest left.
function history(s) {
  const list = [...runs_of(s)].reverse();
  const bad = list.filter((r) => r.state === 'FAILED').length;
  return section('Its runs', { 'data-testid': 'history', aside: list.length > 0 && h('span', {
    class: 'quiet' }, `the newest ${f.count(list.length)}, oldest left${
    bad ? `; ${f.count(bad)} failed` : ''}`) },
  !list.length && h('p', { class: 'quiet' }, 'It has started no run yet.'),
  h('ol', { class: 'strip', 'data-testid': 'strip' }, list.map((r) => {
    const text = `#${f.shown(r.id, 24)} ${state_of(r)}, tick of ${f.exact(r.tick)}${
      took(r) && `, took ${took(r)}`}`;
    return h('li', { key: r.id }, h('a', { href: fragment(['runs', r.id]), title: text,
      'aria-label': text, class: `tick ${kind_of(r.state)}`, 'data-run': r.id,
      'data-state': r.state }, mark(r.state)));
  })));
}

function next_ticks(s) {
  const list = Array.isArray(s.next_ticks) ? s.next_ticks : [];
  return section('Next ticks', { 'data-testid': 'next-ticks', aside: list.length > 0 &&
    h('span', { class: 'quiet' }, name(s.zone, 60)) },
  !list.length && h('p', { class: 'quiet' }, s.paused ? 'None while it is paused.'
    : 'None: its trigger has no further tick.'),
  h('ol', { class: 'rows' }, list.map((t) => h('li', { key: t.tick },
    h('span', { class: 'id grow' }, f.shown(t.local, 40)), when(t.tick)))));
}

function newest_runs(s) {
  const list = runs_of(s).slice(0, 10);
  return list.length > 0 && section('The newest of them', { 'data-testid': 'schedule-runs',
    aside: h('a', { href: fragment(['runs'], { job: s.job }) }, 'All runs of the job') },
  h('ul', { class: 'rows' }, list.map((r) => h('li', { key: r.id, 'data-run': r.id },
    mark(r.state), run_link(r.id), h('span', { class: 'grow quiet' }, state_of(r)),
    h('span', { class: 'num' }, took(r)), at(r.tick)))));
}
