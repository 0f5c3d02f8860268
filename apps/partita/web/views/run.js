// One run: what it does, why it is slow, what failed, what moved.
import { h } from '../dom.js';
import { segment } from '../api.js';
import { fragment } from '../router.js';
import { at, badge, facts, failure, job_link, json_block, mark, node_link, parameters, run_link,
         schedule_link, section, tabs, waiting_for_first, when } from '../parts.js';
import { run_buttons } from '../actions.js';
import { explanations, headline, held_by, priority_of } from '../sentences.js';
import { is_live, run_in } from '../states.js';
import { summary, summary_needs } from './run_summary.js';
import { partitions, partitions_needs } from './run_partitions.js';
import { events_needs, events_of } from './run_events.js';
import { skipped_items, skipped_needs } from './run_skipped.js';
import { announce } from '../frame.js';
import * as f from '../format.js';

export const run = {
  tabs: ['', 'partitions', 'skipped', 'events', 'settings'],

  title(ctx) {
    const r = ctx.value('run');
    return r ? `#${r.id} ${f.shown(r.job, 60)} ${r.state.toLowerCase()}`
      : `#${f.shown(ctx.route.parts[1], 24)}`;
  },

  needs(ctx) {
    const [, id, tab = ''] = ctx.route.parts;
    const base = `runs/${segment(id)}`;
    const r = run_in(ctx);
    const fresh = is_live(r) ? 'always' : { run: id };
    const of_itself = [{ name: 'run', url: base, fresh }, ...(r?.schedule
      ? [{ name: 'schedules', url: 'schedules', fresh: 'once' }] : [])];
    if (r?.purged_at) return of_itself;
    return [
      ...of_itself,
      { name: 'errors', url: `${base}/errors`, fresh: { run: id } },
      { name: 'jobs', url: 'jobs', fresh: 'slow' },
      ...(tab === '' ? summary_needs(ctx, base, fresh) : []),
      ...(tab === 'partitions' ? partitions_needs(ctx, base, fresh) : []),
      ...(tab === 'skipped' ? skipped_needs(ctx, base) : []),
      ...(tab === 'events' ? events_needs(ctx, base) : []),
    ];
  },

  draw(ctx) {
    const [, id, tab = ''] = ctx.route.parts;
    const { value: r, error } = ctx.get('run');
    if (!r) return [h('h1', { tabindex: -1 }, `Run #${f.shown(id, 24)}`),
                    error ? failure(error) : waiting_for_first()];
    if (ctx.local.state && ctx.local.state !== r.state)
      announce(`Run ${r.id} is ${r.state.toLowerCase()}.`);
    ctx.local.state = r.state;
    return [
      head(ctx, r), sentences(ctx, r), about(ctx, r),
      !r.purged_at && parts_of(ctx, r, tab),
    ];
  },
};

const parts_of = (ctx, r, tab) => [
  tabs([
    ['Summary', fragment(['runs', r.id]), tab === ''],
    ['Partitions', fragment(['runs', r.id, 'partitions']), tab === 'partitions'],
    (Number(r.items?.skipped) > 0 || tab === 'skipped') &&
      ['Skipped items', fragment(['runs', r.id, 'skipped']), tab === 'skipped'],
    ['Events', fragment(['runs', r.id, 'events']), tab === 'events'],
    ['Settings', fragment(['runs', r.id, 'settings']), tab === 'settings'],
  ].filter(Boolean), 'Parts of the run'),
  tab === '' && summary(ctx, r),
  tab === 'partitions' && partitions(ctx, r),
  tab === 'skipped' && skipped_items(ctx, r),
  tab === 'events' && events_of(ctx),
  tab === 'settings' && settings(r),
];

function head(ctx, r) {
  return h('div', { class: 'title-row' },
    h('h1', { tabindex: -1, 'data-testid': 'run-title' }, h('span', { class: 'id' }, `#${
      f.shown(r.id, 24)}`), ' ', job_link(r.job), r.job_version > 1 &&
      h('span', { class: 'quiet' }, ` v${r.job_version}`)),
    badge(r.state), is_live(r) && held_by(r) && badge('PAUSED'), priority_of(r) !== 0 &&
      h('span', { class: 'quiet', 'data-testid': 'priority' }, `priority ${priority_of(r)}`),
    h('span', { class: 'grow' }), run_buttons(ctx, r));
}

const words = (list) => list.map((w) => (typeof w === 'string' ? w
  : h('a', { href: w.href }, w.text)));

const mark_of = { running: 'RUNNING', completed: 'COMPLETED', failed: 'FAILED', warned: 'WARNING',
                  stopped: 'STOPPED', waiting: 'CREATED', given_up: 'ABANDONED', paused: 'PAUSED' };

function sentences(ctx, r) {
  const job = ctx.value('jobs')?.items.find((j) => j.name === r.job);
  const first = headline(r, ctx.now);
  const more = explanations(r, { timeline: ctx.value('timeline'), errors: ctx.value('errors'), job,
                                 now: ctx.now });
  return h('div', { class: 'sentences', 'data-testid': 'sentences' },
    first.words.length > 0 && h('p', { class: `sentence ${first.tone}`, 'data-testid': 'headline' },
      mark(mark_of[first.tone]), h('span', {}, words(first.words))),
    more.map((line) => h('p', { key: line.id, class: `${line.tone}${
      line.id === 'waits' && r.state === 'CREATED' ? ' sentence' : ''}`, 'data-testid': `why-${
      line.id.split(' ')[0]}` }, mark(mark_of[line.tone]), h('span', {}, words(line.words)))));
}

/// Of which schedule, and of which of its ticks.
function started_by(ctx, r) {
  const found = ctx.value('schedules')?.items?.find((s) => s.id === r.schedule);
  return [found ? schedule_link(found.name) : `number ${f.shown(r.schedule, 24)}`,
          r.tick && [', tick of ', at(r.tick)]];
}

function about(ctx, r) {
  const items = r.items || {};
  const counted = ['read', 'written', 'filtered', 'skipped'].filter((k) => Number(items[k]));
  return facts([
    ['Parameters', Object.keys(r.parameters || {}).length ? parameters(r.parameters, 12) : null],
    ['Submitted', when(r.created_at)],
    ['Began', r.started_at && at(r.started_at)],
    [r.ended_at ? 'Took' : 'For', r.duration_s !== null && f.duration(r.duration_s)],
    ['Purged', r.purged_at && when(r.purged_at)],
    ['Master', r.master && node_link(r.master)],
    ['Items', counted.length ? counted.map((k) => `${f.count(items[k])} ${k}`).join(', ') : null],
    ['Continues', (r.chain || []).length > 1 ? chain(r) : r.restart_of && run_link(r.restart_of)],
    ['Schedule', r.schedule && started_by(ctx, r)],
    ['Key', r.launch_key && h('bdi', { class: 'clip' }, f.shown(r.launch_key, 60))],
  ], { 'data-testid': 'run-facts' });
}

const chain = (r) => h('span', { class: 'chain' }, r.chain.map((c, i) => h('span', { key: c.id },
  i > 0 && ' → ', c.id === r.id ? h('b', {}, `#${c.id}`) : run_link(c.id, {
    title: c.state.toLowerCase() }), mark(c.state))));

function settings(r) {
  return h('div', { class: 'columns' },
    section('Settings', {}, json_block(r.settings || {})),
    section('Parameters', {}, json_block(r.parameters || {})),
    r.result !== null && r.result !== undefined && section('Result', {}, json_block(r.result)));
}

