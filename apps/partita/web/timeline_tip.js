// What the cursor of a timeline is at, and how it is said.
import { partition_at } from './timeline_model.js';
import { x_of } from './timeline_view.js';
import { clock, count, duration, of, percent, shown } from './format.js';

export function what_is_at(t, { x, row }) {
  const { document: d, layout } = t;
  const ms = t.time_at(x);
  const view = t.shown_view;
  const slack = ((view.to - view.from) / t.across) * 2;
  const at = layout.rows[row];
  const partition = d.detail === 'PARTITIONS' ? partition_at(t.placed, layout, row, ms, slack)
    : null;
  const live = (t.live || []).find((p) => at && p.node >= at.first && p.node <= at.last &&
    (at.lane < 0 || p.lane === at.lane) && ms >= p.from - slack && ms <= p.to + slack);
  const bin = Math.floor((ms - t.from) / (d.bin_s * 1000));
  const cell = d.detail === 'TILES' ? t.cell_at.get(`${row} ${bin}`) : null;
  const move = t.moves.find((m) => at && m.from >= at.first && m.from <= at.last &&
    Math.abs(x_of(m.at, view, t.across) - x) < 6);
  return { partition, live, cell, move, row: at, ms, bin };
}

const said = { C: 'completed', F: 'failed', R: 'returned, to be tried again' };

/// Lines of text; null where there is nothing to say.
export function tip_of(t) {
  const found = t.found;
  if (!found?.row) return null;
  const { document: d } = t;
  const { row, ms } = found;
  const names = row.first === row.last ? shown(d.nodes[row.first]?.name, 60)
    : `${shown(d.nodes[row.first]?.name, 30)} to ${shown(d.nodes[row.last]?.name, 30)}`;
  const where = `${names}${row.lane >= 0 ? `, executor ${row.lane + 1}` : ''}, ${
    precise(ms, t.shown_view)}`;
  if (found.move) {
    const m = found.move;
    const to = m.to.map((one) => shown(d.nodes[one.node]?.name, 40));
    return [shown(m.cause, 120), `${of(m.hi - m.lo + 1, 'partition')} of ${
      step(d, m.step)} (${m.lo} to ${m.hi}) moved${to.length ? ` to ${
      to.join(', ')}` : ''}`, where];
  }
  if (found.partition) {
    const p = found.partition;
    return [`${step(d, p.step)} ${p.no}: ${said[p.outcome] || p.outcome}, ${
      duration((p.to - p.from) / 1000)}${p.attempt > 1 ? `, try ${p.attempt}` : ''}`, where];
  }
  if (found.live?.straggler) {
    const s = found.live.straggler;
    return [`${shown(s.step, 40)} ${s.no}: runs for ${duration(s.running_s)}, ${
      (s.running_s / (s.median_s || 1)).toFixed(0)} × the median`, where];
  }
  if (found.live?.doing) {
    const one = found.live.doing;
    return [`${step(d, one.step)} ${one.no}: runs for ${duration((t.props.now() -
      Date.parse(one.since)) / 1000)}, lease ${one.lease}`, where];
  }
  if (found.cell) return [cell_text(found.cell, d), where];
  if (found.live) {
    const l = found.live.lease;
    return [`Runs now: lease ${l.id}, ${step(d, l.step)} ${l.lo} to ${l.hi}, ${
      count(l.ended)} ended`, where];
  }
  return [where];
}

function cell_text(cell, d) {
  return [`${duration(d.bin_s)}: ${percent(cell.share)} busy, ${count(cell.completed)} completed`,
          cell.failed && `${count(cell.failed)} failed`,
          cell.returned && `${count(cell.returned)} returned`,
          cell.slowest_s && `slowest ${duration(cell.slowest_s)}`].filter(Boolean).join(', ');
}

const step = (d, i) => shown(d.steps[i]?.name ?? 'partition', 40);

function precise(ms, view) {
  const text = clock(new Date(ms).toISOString());
  return view.to - view.from < 20000 ? `${text}.${String(Math.floor(ms) % 1000).padStart(3, '0')}`
    : text;
}
