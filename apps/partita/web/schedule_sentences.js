// What is to be known of a schedule, as sentences. Pure: takes the API's documents.
import { is_live } from './states.js';
import { paused_by } from './sentences.js';
import { ago, shown } from './format.js';

/// A tick that is due for longer than this is late: a node that was lost has been replaced by then.
const late_ms = 60000;

export const nobody_fires_it =
  'Nobody fires it: no node with a free token knows its job.';

export const is_overdue = (s, now) => s.state === 'OWNED' &&
  now - Date.parse(s.next_tick) > late_ms;

/// The first line: {state, text}; the state gives the mark.
export function schedule_headline(s, now) {
  const owner = shown(s.owner?.name || `node ${s.owner?.id}`, 60);
  switch (s.state) {
    case 'UNOWNED':
      return { state: 'UNOWNED', text: `${nobody_fires_it} Start a node that knows ${
        shown(s.job, 60)}, or let nodes own more schedules (--tokens).` };
    case 'PAUSED':
      return { state: 'PAUSED', text: `${paused_by(s.paused || {})}. It starts no runs until it ` +
        'is resumed.' };
    case 'OVER':
      return { state: 'OVER', text: 'It is over: its trigger has no further tick.' };
    case 'OWNED':
      return is_overdue(s, now) ? overdue(s, now, owner)
        : { state: 'OWNED', text: `The next tick is ${ago(s.next_tick, now)}; ${owner} fires it.` };
    default:
      return { state: s.state, text: `Its state is ${shown(s.state, 40)}.` };
  }
}

function overdue(s, now, owner) {
  const live = (Array.isArray(s.runs) ? s.runs : []).find(is_live);
  const due = `A tick was due ${ago(s.next_tick, now)}`;
  return live
    ? { state: 'OWNED', text: `${due}: it waits for the end of run #${shown(live.id, 24)}.` }
    : { state: 'WARNING', text: `${due}, and ${owner} has not fired it yet.` };
}
