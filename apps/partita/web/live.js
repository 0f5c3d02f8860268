// What the view needs, read again every two seconds. Old values stay until new ones are there.
import { read, read_text, parse, query } from './api.js';
import { freeze, set_server_time } from './clock.js';

const every_ms = 2000;
const slow_ms = 15000;
const most_kept = 60;

const kept = new Map();  // by address: {text, value, error, at}
let needs = [];          // {name, url, fresh: 'always' | 'slow' | 'once' | {run} | 'events', keep}
let notify = () => {};
let timer = 0;
let round = null;  // the requests under way
let newest = null;

export const live = {
  paused: false,
  away: null,   // {message, hint, status}: the server, or its database, does not answer
  heard: null,  // when the last good answer came
};

const shown_under = new Map();  // by name: the address whose value is shown

/// What is known for this need: {value, error, stale}; stale: of another address, kept meanwhile.
export function known(name) {
  const need = needs.find((n) => n.name === name);
  if (!need) return {};
  const entry = kept.get(need.url);
  if (entry && (entry.value !== undefined || entry.error))
    return { value: entry.value, error: entry.error, stale: false };
  const old = need.keep && kept.get(shown_under.get(need.keep));
  return old ? { value: old.value, stale: true } : {};
}

/// Whether anything of the view has ever been read, so that there is something to see.
export const shows_anything = () => needs.some((n) => n.name !== 'health' &&
  known(n.name).value !== undefined);

function keep(url, entry) {
  kept.delete(url);
  kept.set(url, entry);
  for (const old of kept.keys()) {
    if (kept.size <= most_kept) break;
    if (!needs.some((n) => n.url === old)) kept.delete(old);
  }
}

function due(need, changes) {
  const entry = kept.get(need.url);
  if (!entry || entry.value === undefined) return true;
  if (changes?.anew) return true;
  const age = Date.now() - entry.at;
  if (need.fresh === 'once') return entry.again === true;
  if (need.fresh === 'slow') return age >= slow_ms || entry.again === true;
  if (need.fresh === 'always' || !changes || changes.first || entry.again) return true;
  if (need.fresh === 'events') return changes.moved;
  return changes.runs?.includes(need.fresh.run);
}

async function fetch_one(need, signal) {
  const entry = kept.get(need.url) || {};
  try {
    const text = await read_text(need.url, signal);
    const same = text === entry.text && !entry.error;
    const value = same ? entry.value : parse(text);
    live.heard = Date.now();
    keep(need.url, { text, value, at: live.heard });
    if (need.name === 'health' && value.now) set_server_time(value.now);
    if (need.keep) shown_under.set(need.keep, need.url);
    return { same };
  } catch (error) {
    if (signal.aborted) return { same: true };
    // An answer that says no replaces the value; silence does not.
    keep(need.url, { ...entry, error: error.away ? undefined : error, at: Date.now(),
                     value: error.away ? entry.value : undefined });
    return { error };
  }
}

async function read_changes(signal) {
  let answer = await read(`changes${query({ since: newest })}`, signal);
  // Another log, that of a database that was restored: nothing that was read is sure to hold.
  const anew = newest !== null && BigInt(answer.newest) < BigInt(newest);
  // What has changed before is not known, or too much has to be told.
  const first = newest === null || answer.more === true;
  if (anew || answer.more) answer = await read('changes', signal);
  const moved = answer.newest !== newest;
  newest = answer.newest;
  return { ...answer, moved, first, anew };
}

function judge(errors) {
  const gone = errors.find((e) => e?.away);
  const before = live.away;
  live.away = gone ? { message: gone.message, hint: gone.hint, status: gone.status } : null;
  return Boolean(gone) !== Boolean(before);
}

/// One round: what is due, all at once. `missing`: only what has no value yet.
async function run_round(missing) {
  clearTimeout(timer);
  if (round) round.abort();
  const mine = (round = new AbortController());
  const errors = [];
  let changes = null;
  const conditional = needs.some((n) => n.fresh === 'events' || n.fresh?.run);
  if (conditional && !missing) {
    try {
      changes = await read_changes(mine.signal);
    } catch (e) {
      if (mine.signal.aborted) return;
      errors.push(e);
    }
  }
  const todo = needs.filter((n) => (missing ? kept.get(n.url)?.value === undefined
    : due(n, changes)));
  await Promise.all(todo.map(async (need) => {
    const { error } = await fetch_one(need, mine.signal);
    if (error) errors.push(error);
    if (!mine.signal.aborted) notify();
  }));
  if (mine.signal.aborted) return;
  round = null;
  judge(errors);
  notify();
  schedule();
}

function schedule() {
  clearTimeout(timer);
  if (live.paused || document.hidden) return;
  timer = setTimeout(() => run_round(false), every_ms);
}

/// The view wants these now; what is new among them is read at once.
export function want(list) {
  const same = list.length === needs.length &&
    list.every((n, i) => n.url === needs[i].url && n.name === needs[i].name);
  for (const n of list)  // what is to stay on the screen until the new address has answered
    if (n.keep && kept.get(n.url)?.value !== undefined) shown_under.set(n.keep, n.url);
  // What is wanted again may have changed meanwhile.
  const back = list.filter((n) => !needs.some((old) => old.url === n.url) &&
    kept.get(n.url)?.value !== undefined);
  for (const n of back) kept.get(n.url).again = true;
  needs = list;
  if (same) return;
  if (needs.some((n) => kept.get(n.url)?.value === undefined)) run_round(true);
  else if (back.length && !live.paused) run_round(false);
  else if (!round) schedule();
}

/// Reads everything again: after an action.
export function refresh() {
  for (const n of needs) {
    const entry = kept.get(n.url);
    if (entry) entry.again = true;
  }
  return run_round(false);
}

export function set_paused(on) {
  live.paused = on;
  freeze(on);
  if (on) {
    clearTimeout(timer);
    round?.abort();
    round = null;
  } else {
    run_round(false);
  }
  notify();
}

export function start_live(changed) {
  notify = changed;
  document.addEventListener('visibilitychange', () => {
    if (live.paused) return;
    if (document.hidden) clearTimeout(timer);
    else run_round(false);
  });
}
