// Small charts as SVG.
import { h, s } from './dom.js';
import { clock, count, duration } from './format.js';

const wide = 600;
const high = 120;

/// Partitions ended in each bin as an area; those that failed below, in their own colour.
export function throughput_chart({ from, bin_s, ended, failed }) {
  const n = ended.length;
  const peak = Math.max(0, ...ended);
  const most = Math.max(1, peak);
  const x = (i) => ((i + 0.5) * wide) / n;
  const y = (v) => high - 4 - (v * (high - 20)) / most;
  const line = ended.map((v, i) => `${i ? 'L' : 'M'}${x(i).toFixed(1)} ${y(v).toFixed(1)}`)
    .join('');
  const time = (i) => clock(new Date(Date.parse(from) + i * bin_s * 1000).toISOString())
    .slice(0, 5);
  const total = ended.reduce((a, b) => a + b, 0);
  const bad = (failed || []).reduce((a, b) => a + b, 0);
  return h('figure', { class: 'chart' },
    h('figcaption', { class: 'quiet' }, `${count(total)} ended, ${count(bad)} failed${
      peak ? `; at most ${count(peak)} ${bin_s === 60 ? 'a minute' : `in ${duration(bin_s)}`}`
        : ''}`),
    s('svg', { viewBox: `0 0 ${wide} ${high}`, preserveAspectRatio: 'none', role: 'img',
               'aria-label': `${total} partitions ended, ${bad} failed` },
    s('path', { class: 'area', d: n ? `${line}V${high - 4}H${x(0)}Z` : '' }),
    s('path', { class: 'line', d: line }),
    (failed || []).map((v, i) => v > 0 && s('rect', { key: `f${i}`, class: 'bad', x: x(i) - 2,
      width: 4, y: Math.min(y(v), high - 8), height: high - 4 - Math.min(y(v), high - 8) })),
    ended.map((v, i) => s('rect', { key: `h${i}`, class: 'hit', x: (i * wide) / n, y: 0,
      width: wide / n, height: high }, s('title', {}, `${time(i)}: ${count(v)} ended${
      failed?.[i] ? `, ${count(failed[i])} failed` : ''}`)))),
    h('div', { class: 'axis quiet' }, h('span', {}, time(0)), h('span', {}, time(n / 2)),
      h('span', {}, 'now')));
}

/// "1 s", "5 min": a bound of buckets, without what is zero in it; a number stays with its unit.
const bound = (s) => duration(s).replace(/\.0 s$/, ' s').replace(/ 00 (s|min)$/, '')
  .replace(/(\d) /g, '$1\u00a0');

/// Ended partitions by duration; only the buckets between the first and the last that has any.
export function histogram(step) {
  const all = step.durations || [];
  const used = all.map((b, i) => (b.count > 0 ? i : -1)).filter((i) => i >= 0);
  if (!used.length) return h('p', { class: 'quiet' }, 'No partition has ended yet.');
  const first = Math.max(0, used[0] - 1);
  const last = Math.min(all.length - 1, used[used.length - 1] + 1);
  const list = all.slice(first, last + 1);
  const most = Math.max(...list.map((b) => Number(b.count)));
  const median_at = list.findIndex((b) => b.up_to_s !== null && step.median_s !== null &&
    b.up_to_s >= step.median_s);
  const range = (b, i) => (b.up_to_s === null ? `over ${bound(all[all.length - 2]?.up_to_s)}`
    : i === 0 && first === 0 ? `up to ${bound(b.up_to_s)}`
      : `${bound(all[first + i - 1].up_to_s)} to ${bound(b.up_to_s)}`);
  return h('div', { class: 'histogram', role: 'img', 'data-testid': 'histogram',
    'aria-label': `Durations: half of the partitions take up to ${duration(step.median_s)}, ` +
      `95 % up to ${duration(step.p95_s)}` },
  list.map((b, i) => h('div', { key: first + i, class: `bin${i === median_at ? ' median' : ''}`,
    title: `${range(b, i)}: ${count(b.count)}` },
  h('i', { style: { '--share': String(Number(b.count) / most) } }),
  h('span', {}, range(b, i)))));
}
