// The first part of a run's view: timeline, flow, durations, errors, moved work.
import { h } from '../dom.js';
import { query } from '../api.js';
import { fragment } from '../router.js';
import { at, failure, json_block, mark, node_link, partition_address, section,
         when } from '../parts.js';
import { flow } from '../flow.js';
import { histogram } from '../charts.js';
import { moves, slowest_first } from '../sentences.js';
import { run_in } from '../states.js';
import { timeline_need, timeline_section } from './run_timeline.js';
import * as f from '../format.js';

export function summary_needs(ctx, base, fresh) {
  const [, id] = ctx.route.parts;
  const r = run_in(ctx);
  const skipped = Number(r?.items?.skipped || 0);
  return [
    ...(!r || r.state === 'CREATED' ? [] : [timeline_need(ctx, base, fresh)]),
    ...(skipped ? [{ name: 'skipped', url: `${base}/skipped${query({ limit: 50 })}`,
                     fresh: { run: id } }] : []),
  ];
}

export function summary(ctx, r) {
  return [
    timeline_section(ctx, r),
    section('Steps', { 'data-testid': 'steps' }, flow(r)),
    h('div', { class: 'columns' },
      h('div', {}, durations(ctx, r), result(r)),
      h('div', {}, errors(ctx, r), moved(ctx), stragglers(ctx, r), skipped(ctx, r))),
  ];
}

function durations(ctx, r) {
  const steps = (r.steps || []).filter((s) => (s.durations || []).length);
  if (!steps.length) return null;
  const asked = ctx.route.query.get('step');
  const step = steps.find((s) => s.name === asked) || steps.find((s) => s.state === 'RUNNING') ||
    steps[steps.length - 1];
  const fields = Object.fromEntries(ctx.route.query);
  return section('How long partitions take', { 'data-testid': 'durations',
    aside: steps.length > 1 && steps.map((s) => h('a', { key: s.id,
      'aria-current': s === step ? 'true' : null,
      href: fragment(['runs', r.id], { ...fields, step: s.name }) }, f.shown(s.name, 40))) },
  step.median_s !== null && step.median_s !== undefined && h('p', { class: 'quiet' },
    `Half of them take up to ${f.duration(step.median_s)}, 95 % up to ${f.duration(step.p95_s)}.`),
  histogram(step),
  (step.slowest || []).length > 0 && [h('h3', {}, 'The slowest'), slowest(r, step)],
  h('p', {}, h('a', { href: fragment(['runs', r.id, 'partitions'], { step: step.name,
    sort: 'took' }) }, 'All partitions, the slowest first')));
}

function slowest(r, step) {
  const most = Math.max(...step.slowest.map((one) => one.duration_s));
  return h('ol', { class: 'rows slowest', 'data-testid': 'slowest' }, step.slowest.map((one) =>
    h('li', { key: one.no }, h('a', { href: partition_address(r.id, step.name, one.no),
      class: 'id' }, String(one.no)), h('bdi', { class: 'clip grow' }, f.shown(one.key, 80)),
    node_link(one.node), h('span', { class: 'rod' }, h('i', { style: {
      '--share': String(one.duration_s / most) } })),
    h('span', { class: 'num' }, f.duration(one.duration_s)))));
}

function errors(ctx, r) {
  const { value, error } = ctx.get('errors');
  if (error) return failure(error);
  if (!value?.items.length) return null;
  return section('Errors', { 'data-testid': 'errors', aside: value.more &&
    h('span', { class: 'quiet' }, `of ${f.count(value.looked_at)} failures that were looked at`) },
  h('ul', { class: 'rows errors' }, value.items.map((e) => h('li', { key: e.message + e.outcome,
    'data-outcome': e.outcome },
  mark(e.outcome), h('div', { class: 'grow' },
    h('p', { class: 'message' }, f.shown(e.message, 600)),
    h('p', { class: 'quiet' }, `${f.of(e.count, 'time')}, ${e.outcome === 'FAILED'
      ? 'failed for good' : e.outcome === 'RETRY' ? 'tried again' : e.outcome.toLowerCase()
    }, in ${(e.steps || []).map((n) => f.shown(n, 40)).join(', ')}; last `, when(e.last_at),
    e.example && [' · ', h('a', { href: partition_address(r.id, e.example.step, e.example.no) },
      `partition ${e.example.no}, try ${e.example.attempt}`), e.example.node && [' on ',
      typeof e.example.node === 'object' ? node_link(e.example.node)
        : f.shown(e.example.node, 40)]]))))),
  h('p', {}, h('a', { href: fragment(['runs', r.id, 'partitions'], { state: 'FAILED' }) },
    'All failed partitions')));
}

function moved(ctx) {
  const groups = moves(ctx.value('timeline'), ctx.now);
  return groups.length > 0 && section('Moved work', { 'data-testid': 'moves' },
    h('ul', { class: 'rows errors' }, groups.map((g) => h('li', { key: g.cause },
      mark(g.why === 'LEFT' ? 'LEFT' : 'LOST'),
      h('span', {}, g.words.map((w) => (typeof w === 'string' ? w
        : h('a', { href: w.href }, w.text))))))));
}

function stragglers(ctx, r) {
  const list = slowest_first(ctx.value('timeline'));
  return list.length > 0 && section('Running for long', { 'data-testid': 'stragglers', aside:
    h('span', { class: 'quiet' }, 'more than twice the median') },
  h('ul', { class: 'rows' }, list.slice(0, 20).map((one) => h('li', {
    key: `${one.step} ${one.no}` },
    mark('WARNING'), h('a', { href: partition_address(r.id, one.step, one.no) },
      `${f.shown(one.step, 40)} ${one.no}`), h('bdi', { class: 'clip grow quiet' },
      f.shown(one.key, 60)), node_link(one.node),
    h('span', { class: 'num' }, f.duration(one.running_s)),
    h('span', { class: 'num quiet' }, `${(one.running_s / (one.median_s || 1)).toFixed(0)}×`)))));
}

function skipped(ctx, r) {
  const { value } = ctx.get('skipped');
  if (!value?.items?.length) return null;
  return section('Skipped items', { 'data-testid': 'skipped', aside: value.more &&
    h('span', { class: 'quiet' }, `the first ${value.items.length} of ${
      f.count(r.items.skipped)}`) },
  h('ul', { class: 'rows' }, value.items.map((one, i) => h('li', {
    key: `${one.step} ${one.no} ${i}` },
    at(one.at), h('a', { href: partition_address(r.id, one.step, one.no) },
      `${f.shown(one.step, 30)} ${one.no}`),
    h('span', { class: 'clip grow', title: f.shown(f.value_text(one.item ?? one.place), 600) },
      f.shown(one.place || f.value_text(one.item), 120)),
    h('span', { class: 'quiet clip' }, f.shown(one.why, 200))))),
  h('p', {}, h('a', { href: fragment(['runs', r.id, 'skipped']) }, 'All skipped items')));
}

function result(r) {
  return r.result !== null && r.result !== undefined && section('Result', {
    'data-testid': 'result' }, json_block(r.result));
}

