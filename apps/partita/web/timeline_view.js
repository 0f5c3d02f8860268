// The part of time that a timeline shows, and its axis. Pure: milliseconds since 1970 in, numbers
// out.

const least_ms = 5;

/// A view is {from, to}. `whole`: the run from its start to its end (now, while it runs).
export function whole_view(run_from, run_to) {
  const span = Math.max(run_to - run_from, 1000);
  return { from: run_from - span * 0.01, to: run_from + span * 1.03 };
}

/// Zooms by `factor` (below 1: closer) so that the time at `share` of the width stays there.
export function zoomed(view, factor, share, whole) {
  const most = (whole.to - whole.from) * 1.2;
  const span = Math.min(Math.max((view.to - view.from) * factor, least_ms), most);
  const fixed = view.from + (view.to - view.from) * share;
  return within({ from: fixed - span * share, to: fixed + span * (1 - share) }, whole);
}

export const panned = (view, ms, whole) => within({ from: view.from + ms, to: view.to + ms },
  whole);

/// Some of the run stays in view.
function within(view, whole) {
  const span = view.to - view.from;
  const keep = Math.min(span, whole.to - whole.from) * 0.2;
  const from = Math.min(Math.max(view.from, whole.from - span + keep), whole.to - keep);
  return { from, to: from + span };
}

/// All of the run is in view, and hardly more.
export const is_whole = (view, whole) => view.to - view.from >= (whole.to - whole.from) * 0.995 &&
  view.from <= whole.from + (whole.to - whole.from) * 0.005;

export const x_of = (ms, view, width) => ((ms - view.from) / (view.to - view.from)) * width;
export const time_of = (x, view, width) => view.from + ((view.to - view.from) * x) / width;

const steps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 15e3, 30e3, 60e3, 120e3,
               300e3, 600e3, 900e3, 1800e3, 3600e3, 7200e3, 10800e3, 21600e3, 43200e3, 86400e3,
               172800e3, 604800e3];

/// Marks of the axis, at least `gap` pixels apart: [{ms, text, strong}]. `zone_ms`: local time
/// minus UTC, so that marks stand at whole hours and days of the reader.
export function ticks(view, width, gap, zone_ms = 0) {
  const least = ((view.to - view.from) * gap) / width;
  const step = steps.find((s) => s >= least) || steps[steps.length - 1];
  const list = [];
  const first = Math.ceil((view.from + zone_ms) / step) * step;
  for (let local = first; local <= view.to + zone_ms && list.length < 200; local += step)
    list.push({ ms: local - zone_ms, text: tick_text(local, step),
                strong: local % (step < 1000 ? 1000 : step < 60e3 ? 60e3 : 86400e3) === 0 });
  return list;
}

const two = (n) => String(n).padStart(2, '0');

/// `local`: milliseconds shifted so that UTC reads as local time.
function tick_text(local, step) {
  const at = new Date(local);
  const hm = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
  if (step >= 86400e3 || (step >= 3600e3 && local % 86400e3 === 0))
    return `${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
  if (step >= 60e3) return hm;
  const s = `${hm}:${two(at.getUTCSeconds())}`;
  return step >= 1000 ? s : `${s}.${String(at.getUTCMilliseconds()).padStart(3, '0')}`;
}
