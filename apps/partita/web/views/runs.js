// Runs: found by a filter that is in the address, page by page, and acted on together.
import { h, component } from '../dom.js';
import { query } from '../api.js';
import { fragment } from '../router.js';
import { badge, bar, empty, failure, fraction, job_link, mark, parameters, run_link,
         table, waiting_for_first, when } from '../parts.js';
import { filter_bar } from '../filter_bar.js';
import { fields_of, filter_text } from '../filter.js';
import { bulk_buttons } from '../bulk.js';
import { held_by, waits_text } from '../sentences.js';
import { is_live } from '../states.js';
import * as f from '../format.js';

const page = 50;

const quick = [['All', {}], ['Live', { state: 'CREATED,RUNNING' }], ['Failed', { state: 'FAILED' }],
               ['Completed', { state: 'COMPLETED' }], ['Stopped', { state: 'STOPPED' }]];

export const runs = {
  title(ctx) {
    const text = filter_text(fields_of(ctx.route.query));
    return text ? `Runs ${f.shown(text, 80)}` : 'Runs';
  },

  needs(ctx) {
    const fields = fields_of(ctx.route.query);
    const before = ctx.route.query.get('before');
    return [
      { name: 'page', keep: 'runs', fresh: 'always',
        url: `runs${query({ ...fields, before, limit: page })}` },
      { name: 'count', keep: 'count', fresh: 'slow', url: `runs/count${query(fields)}` },
      { name: 'jobs', fresh: 'slow', url: 'jobs' },
    ];
  },

  draw(ctx) {
    const fields = fields_of(ctx.route.query);
    const { value, error, stale } = ctx.get('page');
    const jobs = ctx.value('jobs')?.items || [];
    return [
      h('div', { class: 'title-row' }, h('h1', { tabindex: -1 }, 'Runs'), count_text(ctx),
        h('span', { class: 'grow' }), bulk_buttons(ctx, fields)),
      component(filter_bar, { key: 'filter', fields, jobs }),
      h('div', { class: 'quick' }, quick.map(([title, more]) => {
        const { state, ...others } = fields;
        const to = { ...others, ...more };
        return h('a', { key: title, href: fragment(['runs'], to),
          'aria-current': (state || '') === (more.state || '') ? 'true' : null }, title);
      }), of_job(jobs, fields)),
      error && failure(error),
      !value && !error && waiting_for_first(),
      value && list(ctx, value, fields, jobs, stale),
      value && pages(ctx, value, fields),
    ];
  },
};

function count_text(ctx) {
  const { value, stale } = ctx.get('count');
  return h('span', { class: 'quiet count', 'data-testid': 'count' }, !value ? ''
    : stale ? '…' : `${f.count(value.count)}${value.capped ? '+' : ''}`);
}

/// What runs of the job that is filtered for take as a rule.
function of_job(jobs, fields) {
  const job = jobs.find((j) => j.name === fields.job);
  return job?.mean_s && h('span', { class: 'quiet' }, `${f.shown(job.name, 60)} takes ${
    f.duration(job.mean_s)} on average, 95 % up to ${f.duration(job.p95_s)} (of ${
    f.of(job.runs_seen, 'newest run')})`);
}

function took(run, jobs) {
  const mean = jobs.find((j) => j.name === run.job)?.mean_s;
  const much = mean && run.duration_s > 2 * mean && run.duration_s > 1;
  return [f.duration(run.duration_s), much && h('span', { class: 'warned-text',
    title: `Runs of this job take ${f.duration(mean)} on average` },
  ` ${(run.duration_s / mean).toFixed(1)}×`)];
}

const about = (r) => (waits_text(r) && h('div', { class: 'quiet clip',
  title: waits_text(r, 400) }, waits_text(r, 160))) ||
  (r.error && h('div', { class: 'error-text clip', title: f.shown(r.error, 600) },
    f.shown(r.error, 160)));

const paused_mark = (r) => is_live(r) && held_by(r) && h('span', { class: 'aside-mark',
  title: f.shown(held_by(r), 400), 'data-paused': true }, mark('PAUSED'),
h('span', { class: 'unseen' }, 'paused'));

function list(ctx, value, fields, jobs, stale) {
  if (!value.items.length) {
    if (value.next) return empty('None among the runs looked at so far; older ones may match.');
    if (Object.keys(fields).length)
      return empty('No run matches this filter.', `partita jobs${command_of(fields)}`);
    return empty('No run yet. Submit one, for example:',
      'partita submit range_sum from=1 to=100 partitions=4');
  }
  return table([
    ['Run', 'fit', (r) => run_link(r.id)],
    ['State', 'fit', (r) => [badge(r.state), paused_mark(r)]],
    ['Job', 'name-cell', (r) => [job_link(r.job), about(r)]],
    ['Parameters', 'wide-only name-cell', (r) => parameters(r.parameters, 4)],
    ['Partitions', 'bar-cell', (r) => [bar(r.partitions, r.progress, r.state),
      h('span', { class: 'under-bar' }, fraction(r.partitions), r.state === 'RUNNING' &&
        r.rate_per_s !== null && h('span', { class: 'quiet' }, ` · ${f.rate(r.rate_per_s)}`))]],
    ['Took', 'num', (r) => took(r, jobs)],
    ['Done in', 'num wide-only', (r) => (r.eta_s === null || r.eta_s === undefined ? ''
      : f.duration(r.eta_s))],
    ['Submitted', 'num', (r) => when(r.created_at)],
  ], value.items, { key: (r) => r.id, label: 'Runs', class: stale ? 'stale' : null,
    'data-testid': 'runs-table', 'data-stale': String(Boolean(stale)),
    row_props: (r) => ({ 'data-run': r.id, 'data-state': r.state }) });
}

function command_of(fields) {
  const options = { job: '--job', state: '--state', since: '--since' };
  return Object.entries(fields).map(([name, v]) => (options[name]
    ? ` ${options[name]} ${f.shown(v, 60).replace(/^-/, '')}`
    : name.startsWith('param.') ? ` --param ${f.shown(name.slice(6), 40)}=${f.shown(v, 60)}`
      : '')).join('');
}

function pages(ctx, value, fields) {
  const before = ctx.route.query.get('before');
  return h('nav', { class: 'pages', 'aria-label': 'Pages' },
    before && h('a', { href: fragment(['runs'], fields), 'data-testid': 'newest' }, '← Newest'),
    value.next && h('a', { href: fragment(['runs'], { ...fields, before: value.next }),
      'data-testid': 'older' }, 'Older →'));
}
