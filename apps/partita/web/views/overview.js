// Is everything fine, what runs, what failed lately, what does each node do.
import { h } from '../dom.js';
import { at, bar, empty, failure, fraction, job_link, mark, run_link, section, table,
         waiting_for_first, when } from '../parts.js';
import { throughput_chart } from '../charts.js';
import { node_tiles } from '../node_tiles.js';
import { event_sentence, is_telling, names_in } from '../events.js';
import { live } from '../live.js';
import { waits_text } from '../sentences.js';
import * as f from '../format.js';

export const overview = {
  title: (ctx) => (ctx.health && !live.away ? f.shown(ctx.health.sentence, 80) : 'Overview'),

  needs: () => [
    { name: 'nodes', url: 'nodes', fresh: 'always' },
    { name: 'live', url: 'runs?state=CREATED,RUNNING&limit=20', fresh: 'always' },
    { name: 'failed', url: 'runs?state=FAILED&limit=6', fresh: 'events' },
    { name: 'throughput', url: 'throughput', fresh: 'slow' },
    { name: 'events', url: 'events?limit=200', fresh: 'events' },
    { name: 'jobs', url: 'jobs', fresh: 'slow' },
  ],

  draw(ctx) {
    const health = ctx.health;
    return [
      h('h1', { tabindex: -1, class: `sentence${live.away ? ' quiet' : ''}`,
        'data-testid': 'health-sentence' }, health ? health_words(health) : 'Overview'),
      health && h('p', { class: 'quiet under' }, `${f.count(health.running)} of ${
        f.of(health.slots, 'executor')} busy · ${f.shown(health.database, 80)} · version ${
        f.shown(health.version, 20)}`),
      ctx.get('health').error && failure(ctx.get('health').error),
      warnings(health),
      h('div', { class: 'columns overview-columns' },
        h('div', {}, runs_now(ctx), failures(ctx), jobs_now(ctx)),
        h('div', {}, nodes_now(ctx), throughput(ctx), lately(ctx))),
    ];
  },
};

/// What it was is no sign of what it is.
const health_words = (health) => [mark(live.away ? 'UNKNOWN' : health.status), live.away
  ? `Not known. It was: ${f.shown(health.sentence, 300)}` : f.shown(health.sentence, 300)];

function warnings(health) {
  const list = health?.warnings || [];
  return list.length > 0 && h('ul', { class: 'warnings', 'data-testid': 'warnings' },
    list.map((w) => h('li', { key: w.code + w.text }, mark('WARNING'), h('span', {},
      w.href?.startsWith('#/') ? h('a', { href: w.href }, f.shown(w.text, 300))
        : f.shown(w.text, 300),
      w.hint && h('span', { class: 'quiet' }, ` ${f.shown(w.hint, 300)}`)))));
}

const is_told = (number) => number !== null && number !== undefined;

function runs_now(ctx) {
  const { value, error } = ctx.get('live');
  const all = ctx.health?.runs;
  const more = all && value ? Number(all.created) + Number(all.running) - value.items.length : 0;
  const aside = h('a', { href: more > 0 ? '#/runs?state=CREATED,RUNNING' : '#/runs' },
    more > 0 ? `${f.count(more)} more` : 'All runs');
  return section('Runs under way', { aside, 'data-testid': 'live-runs' },
    error && failure(error),
    !value && !error && waiting_for_first(),
    value && !value.items.length && empty('Nothing runs. Submit a run, for example:',
      'partita submit range_sum from=1 to=100 partitions=4'),
    value?.items.length > 0 && table([
      ['Run', 'fit', (r) => run_link(r.id)],
      ['Job', 'name-cell', (r) => [job_link(r.job), waits_text(r) && h('div', {
        class: 'quiet', title: waits_text(r, 400) }, waits_text(r, 160))]],
      ['Progress', 'bar-cell', (r) => [bar(r.partitions, r.progress, r.state),
        h('span', { class: 'under-bar' }, fraction(r.partitions))]],
      ['Rate', 'num wide-only', (r) => (is_told(r.rate_per_s) ? f.rate(r.rate_per_s) : '')],
      ['Done in', 'num not-narrow', (r) => (is_told(r.eta_s) ? f.duration(r.eta_s) : '')],
    ], value.items, { key: (r) => r.id, label: 'Runs under way', row_props: (r) => ({
      'data-run': r.id, 'data-state': r.state }) }));
}

function failures(ctx) {
  const { value } = ctx.get('failed');
  return section('Last failures', { 'data-testid': 'last-failures', aside:
    h('a', { href: '#/runs?state=FAILED' }, 'All failed runs') },
  !value && waiting_for_first(),
  value && !value.items.length && h('p', { class: 'quiet' }, 'No run has failed.'),
  value?.items.length > 0 && h('ul', { class: 'rows' }, value.items.map((r) => h('li', {
    key: r.id, 'data-run': r.id }, mark('FAILED'), run_link(r.id), job_link(r.job),
  h('span', { class: 'grow clip error-text', title: f.shown(r.error, 600) },
    f.shown(r.error, 200)), h('span', { class: 'quiet' }, when(r.ended_at))))));
}

/// What runs of each job take as a rule.
function jobs_now(ctx) {
  const list = (ctx.value('jobs')?.items || []).filter((j) => j.last_run).slice(0, 12);
  return list.length > 0 && section('Jobs', { aside: h('a', { href: '#/jobs' }, 'All jobs'),
    'data-testid': 'overview-jobs' }, table([
    ['Job', 'name-cell', (j) => [job_link(j.name), h('span', { class: 'quiet' }, ` v${
      j.version}`)]],
    ['Mean', 'num', (j) => f.duration(j.mean_s)],
    ['95 % up to', 'num', (j) => f.duration(j.p95_s)],
    ['Last success', 'num wide-only', (j) => when(j.last_success_at, 'never')],
  ], list, { key: (j) => `${j.name}/${j.version}`, label: 'What runs of each job take',
             row_props: (j) => ({ 'data-job': j.name }) }));
}

function nodes_now(ctx) {
  const { value, error } = ctx.get('nodes');
  return section('Nodes', { aside: h('a', { href: '#/nodes' }, 'All nodes'),
                            'data-testid': 'overview-nodes' },
  error && failure(error),
  !value && !error && waiting_for_first(),
  value && !value.items.length && empty('No node is at work. Start one:',
    'partita node --name mine'),
  value?.items.length > 0 && node_tiles(value.items, ctx.now));
}

function throughput(ctx) {
  const { value } = ctx.get('throughput');
  return section('Partitions ended in the last hour', { 'data-testid': 'throughput' },
    value ? throughput_chart(value) : h('div', { class: 'chart' }));
}

function lately(ctx) {
  const { value } = ctx.get('events');
  const list = (value?.items || []).filter(is_telling).slice(-8).reverse();
  const names = names_in(ctx.value('nodes')?.items, value?.items);
  return list.length > 0 && section('Lately', { 'data-testid': 'lately' },
    h('ul', { class: 'rows' }, list.map((e) => h('li', { key: e.id }, at(e.at),
      h('span', { class: 'grow clip' }, event_sentence(e, names))))));
}

