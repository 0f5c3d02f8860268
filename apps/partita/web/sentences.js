// What is to be known of a run, as sentences. Pure: takes the API's documents.
import { count, duration, of, rate, shown, clock } from './format.js';
import { fragment } from './router.js';
import { is_live } from './states.js';

const link = (text, href) => ({ text, href });
const part = (run, step, no) => fragment(['runs', run, 'partitions', step, String(no)]);

/// Whether somebody has paused this run, this schedule.
export const is_paused = (what) => what.paused !== null && what.paused !== undefined &&
  what.paused !== false;

export const priority_of = (run) => Number(run.priority ?? 0) || 0;

/// "Paused by anna: the list server is down", for a mark of the API.
export function paused_by({ by, note }) {
  return `Paused${by ? ` by ${shown(by, 60)}` : ''}${note ? `: ${shown(note, 300)}` : ''}`;
}

/// Why nobody may begin anything of a live run; or nothing.
export function held_by(run) {
  if (is_paused(run)) return paused_by(run.paused);
  return run.job_paused === true ? 'Its job is paused' : '';
}

/// What a live run waits for, with what somebody has paused said first; or nothing.
export function waits_text(run, most) {
  const held = is_live(run) && held_by(run);
  if (held) return shown(held, most);
  return run.waits_for ? `Waits: ${shown(run.waits_for, most)}` : '';
}

const ended = (text) => (/[.!?…]$/.test(text) ? text : `${text}.`);

/// The first line: {tone, words: [text or {text, href}]}.
export function headline(run, now) {
  const p = run.partitions || {};
  const of_all = Number(p.total)
    ? `${count(p.completed ?? 0)} of ${p.sealed === false ? 'at least ' : ''}${
      of(p.total, 'partition')} completed${Number(p.failed) ? `, ${count(p.failed)} failed` : ''}`
    : 'no partitions yet';
  const took = run.duration_s === null || run.duration_s === undefined ? ''
    : ` after ${duration(run.duration_s)}`;
  switch (run.state) {
    case 'RUNNING': {
      if (run.stop && run.stop !== 'NONE')
        return { tone: 'warned', words: [`Stopping: ${of_all}. ${
          run.stop === 'NOW' ? 'What executors still hold is given back.'
            : 'Partitions end at their next checkpoint.'}`] };
      const held = held_by(run);
      if (held) return { tone: 'paused', words: [`${ended(held)} ${of_all[0].toUpperCase()}${
        of_all.slice(1)}.`] };
      const words = [`Running: ${of_all}`];
      if (run.rate_per_s !== null && run.rate_per_s !== undefined)
        words.push(`, ${rate(run.rate_per_s)}`);
      if (run.eta_s !== null && run.eta_s !== undefined)
        words.push(`, done in about ${duration(run.eta_s)}`);
      words.push('.');
      return { tone: 'running', words };
    }
    case 'CREATED':
      if (held_by(run)) return { tone: 'paused', words: [ended(held_by(run))] };
      return { tone: 'waiting', words: [
        run.waits_for ? '' : 'Submitted, nobody drives it yet.'].filter(Boolean) };
    case 'COMPLETED': {
      const end = Number(p.total) ? `: ${of(p.completed, 'partition')}` : '';
      return { tone: 'completed', words: [`Completed${took}${end}.`] };
    }
    case 'FAILED':
      return { tone: 'failed', words: run.purged_at ? [`Failed${took}.`]
        : failed_words(run, took) };
    case 'STOPPED':
      return { tone: 'stopped', words: [run.purged_at ? `Stopped${took}.`
        : `Stopped${took}: ${of_all}. Restart continues with what is done.`] };
    case 'ABANDONED':
      return { tone: 'given_up', words: ['Abandoned: nobody shall continue it.'] };
    default:
      return { tone: 'waiting', words: [String(run.state)] };
  }
}

function failed_words(run, took) {
  const bad = (run.steps || []).filter((s) => s.state === 'FAILED');
  const names = bad.map((s) => {
    const n = Number(s.partitions?.failed || 0);
    return n ? `${of(n, 'partition')} of step ${shown(s.name, 60)}` : `step ${shown(s.name, 60)}`;
  });
  const why = told_beyond(bad, run.error || '');
  return [`Failed${took}: ${names.length ? `${names.join(', ')} failed` : 'the run itself'}`,
          why ? `: “${shown(why, 240)}”` : '.'];
}

/// Of a run's error what is behind "step load failed: 3 of 40 partitions failed; ".
function told_beyond(failed_steps, error) {
  const prefixes = failed_steps.map((s) => `step ${s.name} failed: `);
  const prefix = prefixes.find((one) => error.startsWith(one)) || '';
  const why = error.slice(prefix.length);
  return prefix ? why.replace(/^\d+ of \d+ partitions failed; /, '') : why;
}

/// Further lines, the most telling first: [{tone, words}].
export function explanations(run, { timeline, errors, job, now }) {
  return [
    run.purged_at && { tone: 'given_up', id: 'purged', words: [`This run was purged at ${
      clock(run.purged_at, now)}. What it did is gone; only how it ended is kept.`] },
    run.waits_for && !held_by(run) && { tone: 'waiting', id: 'waits', words: [`Waits: ${
      shown(run.waits_for, 300)}.`.replace(/\.\.$/, '.')] },
    ...(run.state === 'RUNNING' ? [stragglers(run, timeline), one_node(run, timeline),
                                 usual(run, job)] : []),
    ...moves(timeline, now).slice(0, 3),
    failures(run, errors),
    skipped(run),
    run.continued_by && { tone: 'waiting', id: 'continued', words: ['Continued by run ',
      link(`#${run.continued_by}`, fragment(['runs', run.continued_by])), '.'] },
  ].filter(Boolean);
}

/// The stragglers of a timeline.
export const slowest_first = (timeline) => [...(timeline?.stragglers || [])]
  .sort((a, b) => b.running_s - a.running_s);

function stragglers(run, timeline) {
  const list = slowest_first(timeline);
  if (!list.length) return null;
  const median = list[0].median_s;
  const words = [list.length === 1
    ? `1 partition takes more than twice the median (${duration(median)}): `
    : `${count(list.length)} partitions take more than twice the median (${duration(median)}): `];
  list.slice(0, 3).forEach((one, i) => {
    if (i) words.push(', ');
    words.push(link(`${shown(one.step, 40)} ${one.no}`, part(run.id, one.step, one.no)),
      ` on ${shown(one.node?.name, 40)} for ${duration(one.running_s)}`);
  });
  words.push(list.length > 3 ? `, and ${list.length - 3} more.` : '.');
  return { tone: 'warned', id: 'stragglers', words };
}

/// Most of the slowest on one node of several: the node, not the work, may be what is slow. The
/// timeline tells which nodes have done anything for the run.
function one_node(run, timeline) {
  if ((timeline?.nodes || []).length < 2) return null;
  for (const step of run.steps || []) {
    const slow = step.slowest || [];
    if (slow.length < 5 || step.state !== 'RUNNING') continue;
    const by = new Map();
    for (const one of slow) by.set(one.node?.id, (by.get(one.node?.id) || 0) + 1);
    const [id, n] = [...by].sort((a, b) => b[1] - a[1])[0];
    if (!id || n < slow.length * 0.6) continue;
    const node = slow.find((one) => one.node?.id === id).node;
    return { tone: 'warned', id: 'one_node', words: [
      `${n} of the ${slow.length} slowest partitions of step ${shown(step.name, 40)} ran on `,
      link(shown(node.name, 40), fragment(['nodes', id])), '.'] };
  }
  return null;
}

function usual(run, job) {
  if (!job?.mean_s || !run.duration_s || run.duration_s < 1.5 * job.mean_s) return null;
  return { tone: 'waiting', id: 'usual', words: [`Runs of this job take ${
    duration(job.mean_s)} on average; this one has taken ${duration(run.duration_s)} so far.`] };
}

/// Moved work by cause: [{tone, words, cause, why, count, to}].
export function moves(timeline, now) {
  const by_cause = new Map();
  for (const m of timeline?.moves || []) {
    const known = by_cause.get(m.cause);
    const group = known || { cause: m.cause, why: m.why, at: m.at, count: 0, steps: new Map(),
                             to: new Map(), from: timeline.nodes[m.from] };
    by_cause.set(m.cause, group);
    const n = m.hi - m.lo + 1;
    group.count += n;
    const step = timeline.steps[m.step]?.name;
    group.steps.set(step, (group.steps.get(step) || 0) + n);
    for (const t of m.to || []) group.to.set(t.node, (group.to.get(t.node) || 0) + 1);
    if (m.at < group.at) group.at = m.at;
  }
  return [...by_cause.values()].map((g) => {
    const words = [`${shown(g.cause, 120)} at ${clock(g.at, now)}; ${of(g.count, 'partition')} of ${
      [...g.steps.keys()].map((n) => shown(n, 40)).join(', ')} `];
    const to = [...g.to.keys()].map((i) => timeline.nodes[i]).filter(Boolean);
    if (!to.length) words.push(timeline.live ? 'wait for another node.' : 'ran on no other node.');
    else words.push('moved to ');
    to.slice(0, 4).forEach((node, i) => {
      if (i) words.push(i === Math.min(to.length, 4) - 1 && to.length <= 4 ? ' and ' : ', ');
      words.push(link(shown(node.name, 40), fragment(['nodes', node.id])));
    });
    if (to.length) words.push(to.length > 4 ? ` and ${to.length - 4} more nodes.` : '.');
    return { tone: g.why === 'LEFT' ? 'waiting' : 'warned', id: `moves ${g.cause}`, words, ...g };
  });
}

function failures(run, errors) {
  const list = errors?.items || [];
  if (!list.length) return null;
  const worst = list.find((e) => e.outcome === 'FAILED') || list[0];
  const again = worst.outcome !== 'FAILED';
  return { tone: again ? 'warned' : 'failed', id: 'failures', words: [
    `${again ? of(worst.count, 'try') : of(worst.count, 'partition')} of step ${
      (worst.steps || []).map((n) => shown(n, 40)).join(', ')} ${
      again ? 'failed and will be tried again' : 'failed for good'}: “${
      shown(worst.message, 200)}”`,
    ...(worst.example ? [', for example ', link(`partition ${worst.example.no}`,
      part(run.id, worst.example.step, worst.example.no))] : []),
    list.length > 1 ? `. ${of(list.length - 1, 'other message')} below.` : '.'] };
}

function skipped(run) {
  const n = Number(run.items?.skipped || 0);
  return n ? { tone: 'waiting', id: 'skipped', words: [
    link(of(n, 'item'), fragment(['runs', run.id, 'skipped'])),
    n === 1 ? ' was skipped.' : ' were skipped.'] } : null;
}
