// Retention: how long runs that have ended are kept, of each job and of all others.
import { h } from './dom.js';
import { write } from './api.js';
import { button } from './dialog.js';
import { ask_and_do, number_field, text_field, whole_number } from './actions.js';
import { failure, job_link, section, table } from './parts.js';
import { session } from './token.js';
import { kept_words, seconds_of, span_text, span_words } from './spans.js';
import { count, of, shown } from './format.js';

const most_kept = 1000000;

export const retention_need = { name: 'retention', url: 'retention', fresh: 'slow' };

const items_of = (ctx) => ctx.value('retention')?.items || [];

/// What is set for all jobs that have none of their own.
const for_others = (ctx) => items_of(ctx).find((one) => one.job === null) ||
  { job: null, keep_s: null, keep_last: 0 };

const own_ones = (ctx) => items_of(ctx).filter((one) => one.job !== null);

const is_set = (one) => one.keep_s !== null && one.keep_s !== undefined;

const others = (ctx) => (own_ones(ctx).length ? 'all other jobs' : 'all jobs');

export function retention_section(ctx) {
  const { value, error } = ctx.get('retention');
  if (error) return section('Retention', { 'data-testid': 'retention' }, failure(error));
  return value && section('Retention', { 'data-testid': 'retention', aside: [
    h('span', { class: 'quiet', 'data-testid': 'purging' }, Number(value.purging)
      ? `${of(value.purging, 'purged run')} ${String(value.purging) === '1' ? 'is' : 'are'
      } still being removed` : 'how long runs stay when they have ended'), button_for_a_job(ctx)] },
  table([
    ['Job', 'name-cell', (one) => (one.job === null ? others(ctx).replace('a', 'A')
      : job_link(one.job))],
    ['Kept', 'fit', (one) => (is_set(one) ? span_words(one.keep_s) : 'for ever')],
    ['In any case', 'num fit', (one) => (Number(one.keep_last)
      ? `the last ${count(one.keep_last)}` : '–')],
    [h('span', { class: 'unseen' }, 'Set'), 'num fit', (one) => set_button(ctx, one)],
  ], [...own_ones(ctx), for_others(ctx)], { key: (one) => `${one.job === null ? '' : 'job '}${
    one.job}`, label: 'Retention', 'data-testid': 'retention-table',
    row_props: (one) => ({ 'data-retention': one.job ?? '' }) }));
}

/// What holds for a job, for its view.
export function kept_line(ctx, job) {
  if (!ctx.value('retention')) return null;
  const own = own_ones(ctx).find((one) => one.job === job);
  const what = own || for_others(ctx);
  return h('span', { 'data-testid': 'kept' }, kept_words(what),
    !own && is_set(what) && h('span', { class: 'quiet' }, `, as those of ${others(ctx)}`), ' ',
    set_button(ctx, own || { job, keep_s: null, keep_last: 0 }));
}

const set_button = (ctx, one) => button('Set…', () => ask(ctx, one), { class: 'link',
  'data-testid': 'action-retention', 'aria-label': `Set how long runs of ${
    one.job === null ? others(ctx) : shown(one.job, 80)} are kept` });

/// Jobs that have none of their own are in no row.
function button_for_a_job(ctx) {
  const taken = new Set(own_ones(ctx).map((one) => one.job));
  const jobs = [...new Set((ctx.value('jobs')?.items || []).map((j) => j.name))]
    .filter((job) => !taken.has(job)).sort();
  return jobs.length > 0 && button('Set for a job…', () => ask(ctx, { keep_s: null, keep_last: 0,
    jobs }), { class: 'link', 'data-testid': 'action-retention-of-job' });
}

/// `one.jobs` instead of `one.job`: to choose from.
function ask(ctx, one) {
  const chosen = { job: one.jobs ? '' : one.job, keep: is_set(one) ? span_text(one.keep_s) : '',
                   number: Number(one.keep_last) ? String(one.keep_last) : '', back: false };
  const whose = one.jobs ? 'a job' : one.job === null ? others(ctx) : shown(one.job, 80);
  ask_and_do(ctx, {
    title: `Set how long runs of ${whose} are kept?`,
    what: one.jobs ? `Runs of jobs that have nothing of their own are kept ${
      kept_words(for_others(ctx))}.` : `They are kept ${
      kept_words(is_set(one) ? one : for_others(ctx))}.`,
    will: 'Runs that are past it are purged, now and from then on: their partitions, results, ' +
      'errors and events go for good, and the files of jobs that say so; only how each run ended ' +
      'is kept. Runs that continue each other go together, when the last one is past it.',
    confirm: 'Set it', said: `How long runs of ${whose} are kept is set.`,
    get destructive() { return !chosen.back; },
    options: (redraw) => [
      one.jobs && choice_of_job(chosen, one.jobs),
      text_field(chosen, 'keep', 'Kept', 'after their end: 30d, 12h or 90m', {
        disabled: chosen.back }),
      number_field(chosen, 'In any case the last', `so many runs${
        one.job !== null ? '' : ' of each job'}; left empty: none`, { disabled: chosen.back }),
      is_set(one) && h('label', { class: 'check' }, h('input', { type: 'checkbox',
        checked: chosen.back, 'data-testid': 'take-back', onchange: (e) => {
          chosen.back = e.target.checked;
          redraw();
        } }), `Take it back: they are kept ${one.job === null ? 'for ever'
        : `as those of all other jobs, ${kept_words(for_others(ctx))}`}`),
    ],
    run: () => write('retention', body_of(chosen), session.token),
  });
}

const choice_of_job = (chosen, jobs) => h('div', { class: 'field' },
  h('label', { for: 'job-field' }, 'Job'),
  h('select', { id: 'job-field', autofocus: true, value: chosen.job, 'data-testid': 'job-field',
    onchange: (e) => { chosen.job = e.target.value; } }, h('option', { value: '' }, '–'),
  jobs.map((job) => h('option', { key: job, value: job }, shown(job, 80)))));

/// Throws a sentence for what cannot be sent.
function body_of({ job, keep, number, back }) {
  if (job === '') throw new Error('Choose a job.');
  if (back) return { job, keep_s: null };
  return { job, keep_s: seconds_of(keep),
           keep_last: number.trim() === '' ? 0 : whole_number(number, 0, most_kept) };
}
