// Spans of time and moments as people write them, and how long runs are kept in words. Pure.
import { count, duration, of, shown } from './format.js';

const units = [['d', 86400, 'day'], ['h', 3600, 'hour'], ['m', 60, 'minute'], ['s', 1, 'second']];
const longest_s = 100000 * 86400;

/// The largest unit that holds it.
const unit_of = (s) => units.find(([, length]) => s >= length && s % length === 0);

/// Seconds of "30d", "12h", "90m" or "45s"; 0 for anything else.
function seconds_in(text) {
  const [, digits, unit] = /^(\d+)([dhms])$/.exec(text) || [];
  const s = digits ? Number(digits) * units.find(([letter]) => letter === unit)[1] : 0;
  return s <= longest_s ? s : 0;
}

/// Throws a sentence for what is no span of time.
export function seconds_of(text) {
  const s = seconds_in(text.trim());
  if (!s)
    throw new Error(`“${shown(text.trim(), 40)}” is no span of time. Write a whole number and ` +
      'its unit, like 30d, 12h or 90m; at most 100000d.');
  return s;
}

/// What `seconds_of` reads.
export function span_text(s) {
  const [letter, length] = unit_of(Number(s)) || [];
  return letter ? `${Number(s) / length}${letter}` : '';
}

/// "30 days"
export function span_words(s) {
  const [, length, noun] = unit_of(Number(s)) || [];
  return noun ? of(Number(s) / length, noun) : duration(Number(s));
}

/// "2026-03-01T10:20:00Z" for "2026-03-01", "2026-03-01T10:20" or "3d" before `now`; throws a
/// sentence for what is no moment.
export function moment_of(text, now) {
  const typed = text.trim();
  const [, day, time = 'T00:00'] =
    /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d)?)?Z?$/.exec(typed) || [];
  const s = seconds_in(typed);
  const at = new Date(s ? now - 1000 * s : `${day}${time}Z`);
  // A 30th of February would be taken for the 2nd of March.
  if (Number.isNaN(at.getTime()) || (!s && !at.toISOString().startsWith(`${day}${time}`)))
    throw new Error(`“${shown(typed, 40)}” is no time. Write one like 2026-03-01 or ` +
      '2026-03-01T10:20, in UTC, or 3d for three days ago.');
  return `${at.toISOString().slice(0, 19)}Z`;
}

/// "for 30 days, the last 10 in any case", "for ever".
export function kept_words(what) {
  if (what?.keep_s === null || what?.keep_s === undefined) return 'for ever';
  return `for ${span_words(what.keep_s)}${Number(what.keep_last)
    ? `, the last ${count(what.keep_last)} in any case` : ''}`;
}
