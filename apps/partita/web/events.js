// Events of the log as sentences.
import { h } from './dom.js';
import { fragment } from './router.js';
import { name, run_link, schedule_link } from './parts.js';
import { kept_words } from './spans.js';
import { count, of, shown, value_text } from './format.js';

const span = (d) => (d?.lo === d?.hi ? `partition ${d?.lo}` : `partitions ${d?.lo} to ${d?.hi}`);
const state = (d) => String(d?.state || '').toLowerCase();
const ranges = (list) => (list || []).reduce((n, [lo, hi]) => n + (hi - lo + 1), 0);

function reported(d) {
  const said = ['completed', 'failed', 'retry', 'released'].filter((k) => d?.[k])
    .map((k) => `${ranges(d[k])} ${k === 'retry' ? 'to be tried again' : k}`);
  return said.length ? said.join(', ') : 'nothing';
}

const by = (d) => (d?.by ? ` by ${shown(d.by, 60)}` : '');
const note = (d) => (d?.note ? `: ${shown(d.note, 200)}` : '');
const which = (d) => h('span', {}, 'schedule ', d?.name ? schedule_link(d.name) : '');

function purged(given) {
  const runs = Array.isArray(given) ? given : [];
  const more = runs.length - 3;
  return [runs.slice(0, 3).map((r, i) => [i > 0 && ', ', run_link(r)]),
          more > 0 && ` and ${count(more)} more`, runs.length === 1 ? ' was' : ' were', ' purged'];
}

/// A job without a retention of its own has that of all others.
const kept = (d) => (d?.keep_ms === undefined && d?.job ? 'as those of all other jobs'
  : kept_words({ keep_s: d?.keep_ms === undefined ? null : d.keep_ms / 1000,
                 keep_last: d?.keep_last }));

const missed = {
  overlap: 'a run was under way', too_late: 'they were too old', newer: 'a newer one was due',
};

// By kind: what is said, with the run, the node and the detail of the event.
const sentences = {
  NODE_JOINED: (e) => [e.n, ' joined'],
  NODE_OVERDUE: (e) => [e.n, ' has not been heard of for too long'],
  NODE_RECOVERED: (e) => [e.n, ' is back'],
  NODE_DRAINING: (e) => [e.n, ' drains'],
  NODE_CONDEMNED: (e) => [e.n, ' is given up; what it held goes back'],
  NODE_DEREGISTERED: (e) => [e.n, ' was lost, and its work has gone back'],
  NODE_LEFT: (e) => [e.n, ' left'],
  HISTORY_LOST: () => ['The database lost what it had acknowledged, after a failover'],
  RUN_SUBMITTED: (e) => [e.r, ' of ', shown(e.detail?.job, 60), ' was submitted',
                         e.detail?.restart_of ? ` to continue #${e.detail.restart_of}` : ''],
  RUN_ABANDONED: (e) => [e.r, ' is abandoned', by(e.detail)],
  RUN_PAUSED: (e) => [e.r, ' is paused', by(e.detail), note(e.detail)],
  RUN_RESUMED: (e) => [e.r, ' is resumed', by(e.detail)],
  RUN_PRIORITIZED: (e) => [e.r, ` gets the priority ${shown(e.detail?.priority, 24)}`,
                           by(e.detail)],
  JOB_PAUSED: (e) => [`job ${shown(e.detail?.job, 60)} is paused`, by(e.detail), note(e.detail)],
  JOB_RESUMED: (e) => [`job ${shown(e.detail?.job, 60)} is resumed`, by(e.detail)],
  RUNS_PURGED: (e) => [...purged(e.detail?.runs), by(e.detail)],
  RETENTION_SET: (e) => [`runs of ${e.detail?.job ? `job ${shown(e.detail.job, 60)}`
    : 'all other jobs'} are kept ${kept(e.detail)}`, by(e.detail)],
  LIMIT_SET: (e) => [`limit ${shown(e.detail?.limit, 60)} is set to ${
    shown(e.detail?.slots ?? 'any number', 24)}`, by(e.detail)],
  SCHEDULE_ADDED: (e) => [which(e.detail), ' was added', by(e.detail)],
  SCHEDULE_CHANGED: (e) => [which(e.detail), ' was changed', by(e.detail)],
  SCHEDULE_REMOVED: (e) => [`schedule ${shown(e.detail?.name, 60)} was removed`, by(e.detail)],
  SCHEDULE_PAUSED: (e) => [which(e.detail), ' is paused', by(e.detail), note(e.detail)],
  SCHEDULE_RESUMED: (e) => [which(e.detail), ' is resumed', by(e.detail)],
  SCHEDULE_MOVED: (e) => [`schedule number ${shown(e.detail?.schedule, 24)} is owned by `,
                          e.node ? e.n : 'nobody'],
  TICKS_MISSED: (e) => [which(e.detail), ` missed ${of(e.detail?.count ?? 1, 'tick')}: ${
    missed[e.detail?.why] || shown(e.detail?.why, 40)}`],
  TRIGGER_UNKNOWN: (e) => [e.n, ' does not know the trigger of ', which(e.detail),
                           ', which starts no more runs'],
  RUN_ADOPTED: (e) => [e.n, ' drives ', e.r],
  RUN_LET_GO: (e) => [e.n, ' drives ', e.r, ' no more'],
  STOP_REQUESTED: (e) => [e.r, ' is asked to stop', e.detail?.mode === 'NOW' ? ' now' : ''],
  RUN_ENDED: (e) => [e.r, ` is ${state(e.detail)}`],
  STEP_BEGUN: (e) => [`step ${shown(e.detail?.name, 60)} began`],
  SPLIT_RESET: (e) => [e.t, ': its split begins anew'],
  SPLIT_APPENDED: (e) => [e.t, `: ${span(e.detail)} were added`],
  SPLIT_SEALED: (e) => [e.t, `: split into ${of(e.detail?.count ?? 0, 'partition')}`],
  STEP_FAILING: (e) => [e.t, ': its split has failed'],
  STEP_ENDED: (e) => [e.t, ` is ${state(e.detail)}`],
  STEP_DECIDED: (e) => [e.t, `: next is ${shown(e.detail?.text || e.detail?.decision, 80)}`],
  LEASE_GRANTED: (e) => [e.n, ` takes ${span(e.detail)}`],
  LEASE_SHRUNK: (e) => [e.n, ` gives back ${span(e.detail)}`],
  LEASE_REPORTED: (e) => [e.n, ` reports ${reported(e.detail)}`],
  LEASE_LOST: (e) => [e.n, ': what it held failed with it'],
  LEASE_ENDED: (e) => [`a lease of `, e.n, ` is ${state(e.detail)}`],
};

const busy = /^(LEASE_GRANTED|LEASE_SHRUNK|LEASE_REPORTED|SPLIT_APPENDED|SCHEDULE_MOVED)$/;

/// Not one of the many that every bit of work leaves behind.
export const is_telling = (e) => !busy.test(e.kind) &&
  !(e.kind === 'LEASE_ENDED' && e.detail?.state !== 'REVOKED');

export const bad_kinds = new Set(['NODE_OVERDUE', 'NODE_CONDEMNED', 'NODE_DEREGISTERED',
                                  'HISTORY_LOST', 'STEP_FAILING', 'LEASE_LOST',
                                  'TRIGGER_UNKNOWN']);

/// Names of nodes by id: of those that are there, and of those whose joining is among the events.
export function names_in(nodes, events) {
  const joined = (events || []).filter((e) => e.kind === 'NODE_JOINED' && e.detail?.name);
  return new Map([...joined.map((e) => [e.node, e.detail.name]),
                  ...(nodes || []).map((n) => [n.id, n.name])]);
}

/// `names`: of nodes by id. Without a run in view, the run is named.
export function event_sentence(e, names, { within_run = false } = {}) {
  const node = e.node && h('a', { href: fragment(['nodes', e.node]) },
    name(e.node_name || names?.get(e.node) || `node ${e.node}`, 60));
  const run = e.run && (within_run ? h('span', {}, 'the run') : run_link(e.run));
  const said = sentences[e.kind];
  const step = h('span', {}, e.step_name ? `step ${shown(e.step_name, 60)}` : 'the step');
  const words = said ? said({ ...e, n: node || 'a node', r: run || 'a run', t: step })
    : [shown(e.kind, 40), ' ', e.detail ? shown(value_text(e.detail), 200) : ''];
  const about = !within_run && e.run && !/^RUN_|^STOP_/.test(e.kind) ? [' (', run_link(e.run), ')']
    : [];
  return [...words, ...about];
}
