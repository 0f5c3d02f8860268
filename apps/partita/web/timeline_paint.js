// Puts a timeline's model on a canvas.
import { x_of } from './timeline_view.js';

const names = ['panel', 'raised', 'line', 'strong-line', 'ink', 'quiet', 'accent', 'running',
               'completed', 'failed', 'warned', 'running-soft', 'completed-soft', 'failed-soft',
               'warned-soft'];

/// The page's colours as a canvas understands them.
export function palette(element) {
  const probe = document.createElement('span');
  element.append(probe);
  const found = {};
  for (const name of names) {
    probe.style.setProperty('color', `var(--${name})`);
    found[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return found;
}

const fill_of = { C: 'completed', F: 'failed', R: 'warned', L: 'running' };

/// Tiles of the rows from `top` on, on a layer of their own: a pixel for each bin, so that panning
/// is one copy. Returns how many rectangles there are.
export function paint_tiles(layer, cells, layout, { bins, top, height, scale, colours }) {
  layer.width = Math.max(1, bins);
  layer.height = Math.max(1, Math.ceil(height * scale));
  const c = layer.getContext('2d');
  const by_colour = new Map();  // changing the colour is what costs
  let n = 0;
  for (const cell of cells) {
    const row = layout.rows[cell.row];
    if (row.y + row.height < top || row.y > top + height) continue;
    const y = Math.round((row.y - top) * scale);
    const bottom = Math.max(y + 1, Math.round((row.y + row.height - top) * scale));
    const gap = row.height >= 4 ? Math.max(1, Math.round(scale)) : 0;
    const full = bottom - y - gap;
    const share = Math.min(1, Math.max(cell.share, 0.02));
    // No room for a height: the share is how strong the colour is, in five levels.
    const low = row.height < 6;
    const level = !low ? 5 : cell.worst === 'C' ? Math.ceil(share * 5) : 6;
    const h = low ? full : Math.max(1, Math.round(full * share));
    const colour = `${fill_of[cell.worst]} ${level}`;
    if (!by_colour.has(colour)) by_colour.set(colour, []);
    by_colour.get(colour).push(cell.bin, y + gap + full - h - (low ? gap : 0), h);
    ++n;
  }
  for (const [colour, list] of by_colour) {
    const [name, level] = colour.split(' ');
    c.fillStyle = colours[name];
    c.globalAlpha = Math.min(1, 0.1 + 0.15 * Number(level));
    for (let i = 0; i < list.length; i += 3) c.fillRect(list[i], list[i + 1], 1, list[i + 2]);
  }
  return n;
}

/// Rectangles of partitions; what is not completed has a shape besides its colour.
export function paint_partitions(c, rectangles, top, colours) {
  for (const r of rectangles) {
    const y = r.y - top;
    const h = Math.max(1, r.height - (r.height > 3 ? 1 : 0));
    const w = r.width > 3 ? r.width - 0.75 : r.width;
    c.fillStyle = colours[fill_of[r.outcome]];
    // Neighbours differ a little, so that one can be told from the next.
    c.globalAlpha = r.outcome !== 'C' ? 1 : r.one.no % 2 ? 0.86 : 0.7;
    c.fillRect(r.x, y, w, h);
    c.globalAlpha = 1;
    if (r.outcome === 'F' && h >= 5) cross(c, r.x, y, w, h, colours);
    if (r.outcome === 'R' && h >= 5) {
      c.fillStyle = colours.panel;
      c.fillRect(r.x + w * 0.2, y + h / 2 - 1, Math.max(1, w * 0.6), 2);
    }
  }
}

function cross(c, x, y, w, h, colours) {
  const size = Math.min(h - 2, 7);
  if (w < size + 1) {
    // Too narrow for a cross: it stands out above and below its row.
    c.fillRect(x - 1, y - 1, Math.max(w, 2) + 1, h + 2);
    return;
  }
  const cx = x + w / 2;
  const cy = y + h / 2;
  c.strokeStyle = colours.panel;
  c.lineWidth = 1.5;
  c.beginPath();
  c.moveTo(cx - size / 2, cy - size / 2);
  c.lineTo(cx + size / 2, cy + size / 2);
  c.moveTo(cx + size / 2, cy - size / 2);
  c.lineTo(cx - size / 2, cy + size / 2);
  c.stroke();
}

/// What runs now: a soft ground, which what has ended covers.
export function paint_live(c, live, top, view, width, colours) {
  for (const p of live) {
    const x = Math.max(0, x_of(p.from, view, width));
    const right = Math.min(width, x_of(p.to, view, width));
    if (right < 0 || x > width) continue;
    c.fillStyle = colours[p.straggler ? 'warned-soft' : 'running-soft'];
    c.fillRect(x, p.y - top, Math.max(1, right - x), inner(p));
    paint_marks(c, p, top, view, width, colours);
  }
}

/// Where each began whose number is known, and, of a single one with room for it, the number.
function paint_marks(c, p, top, view, width, colours) {
  const y = p.y - top;
  for (const m of p.marks) {
    const x = x_of(m.ms, view, width);
    if (x < 0 || x > width) continue;
    c.fillStyle = colours[p.straggler ? 'warned' : 'running'];
    c.fillRect(x, y, 1.5, inner(p));
  }
  const only = p.marks.length === 1 && p.height >= 12 ? p.marks[0] : null;
  if (!only) return;
  const from = Math.max(0, x_of(only.ms, view, width)) + 5;
  const room = Math.min(width, x_of(p.to, view, width)) - from - (p.straggler ? 18 : 6);
  const text = String(only.no);
  if (c.measureText(text).width > room) return;
  c.fillStyle = colours.ink;
  c.fillText(text, from, y + inner(p) / 2 + 4);
}

const inner = (p) => Math.max(1, p.height - (p.height > 3 ? 1 : 0));

/// Its edge at `now`; `pulse`, 0 to 1, is how strong. Stragglers have a triangle.
export function paint_edges(c, live, top, view, width, colours, pulse) {
  for (const p of live) {
    const right = x_of(p.to, view, width);
    if (right < 0 || right > width + 3) continue;
    const h = inner(p);
    const y = p.y - top;
    c.fillStyle = colours[p.straggler ? 'warned' : 'running'];
    c.globalAlpha = 0.3 + 0.7 * pulse;
    c.fillRect(right - 2.5, y, 2.5, h);
    c.globalAlpha = 1;
    if (!p.straggler || h < 5) continue;
    const cx = right - 9;
    c.beginPath();
    c.moveTo(cx, y + 1);
    c.lineTo(cx + 4.5, y + h - 1);
    c.lineTo(cx - 4.5, y + h - 1);
    c.fill();
  }
}

/// Stripes over what was taken from a node, and an arrow to where it ran next.
export function paint_moves(c, moves, layout, top, view, width, colours) {
  const middle = (node) => {
    const first = layout.by_node[node];
    if (first === undefined) return null;
    const next = layout.by_node[node + 1] ?? layout.rows.length;
    const a = layout.rows[first];
    const b = layout.rows[Math.max(first, next - 1)];
    return { y: a.y - top, bottom: b.y + b.height - top, mid: (a.y + b.y + b.height) / 2 - top };
  };
  const said = new Set();
  c.lineWidth = 1.25;
  for (const m of moves) {
    const from = middle(m.from);
    if (!from) continue;
    const x0 = Math.max(0, x_of(m.granted, view, width));
    const x1 = x_of(m.at, view, width);
    if (x1 < -200 || x0 > width + 200) continue;
    stripes(c, x0, from.y, Math.min(x1, width) - x0, from.bottom - from.y, colours.warned);
    c.fillStyle = colours.warned;
    c.fillRect(x1 - 1, from.y, 2, from.bottom - from.y);
    for (const t of m.to) {
      const to = middle(t.node);
      if (to) arrow(c, x1, from.mid, Math.max(x1 + 4, x_of(t.ms, view, width)), to.mid,
        colours.warned);
    }
    const label = `${m.from} ${m.cause}`;
    if (said.has(label)) continue;
    said.add(label);
    const text = m.cause.length > 60 ? `${m.cause.slice(0, 59)}…` : m.cause;
    const wide = c.measureText(text).width;
    const at = x1 + 8 + wide < width ? x1 + 6 : x1 - wide - 8;
    c.fillStyle = colours.panel;
    c.fillRect(at - 3, from.mid - 9, wide + 6, 17);
    c.fillStyle = colours.warned;
    c.fillText(text, at, from.mid + 4);
  }
}

function stripes(c, x, y, w, h, colour) {
  if (w <= 0 || h <= 0) return;
  c.save();
  c.beginPath();
  c.rect(x, y, w, h);
  c.clip();
  c.strokeStyle = colour;
  c.globalAlpha = 0.45;
  c.lineWidth = 1;
  c.beginPath();
  for (let i = -h; i < w; i += 6) {
    c.moveTo(x + i, y + h);
    c.lineTo(x + i + h, y);
  }
  c.stroke();
  c.restore();
}

function arrow(c, x0, y0, x1, y1, colour) {
  c.strokeStyle = colour;
  c.fillStyle = colour;
  c.beginPath();
  c.moveTo(x0, y0);
  const bend = Math.max(10, (x1 - x0) * 0.5);
  c.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1 - 4, y1);
  c.stroke();
  c.beginPath();
  c.moveTo(x1, y1);
  c.lineTo(x1 - 6, y1 - 3.5);
  c.lineTo(x1 - 6, y1 + 3.5);
  c.fill();
}
