// The timeline as a part of a view: a canvas, its cursor and its keys. What it shows of time is a
// view {from, to}, or null for the whole run, which then grows with it.
import { h, patch } from './dom.js';
import { band_live, band_partitions, band_tiles, place_live, place_partitions, row_at, rows_of,
         wanted_height } from './timeline_model.js';
import { is_whole, panned, ticks, time_of, whole_view, x_of, zoomed } from './timeline_view.js';
import { paint_edges, paint_live, paint_moves, paint_partitions, paint_tiles,
         palette } from './timeline_paint.js';
import { what_is_at, tip_of } from './timeline_tip.js';
import { listen } from './timeline_input.js';
import { shown } from './format.js';

const axis = 24;
const rest_ms = 180;
const most_moves = 300;  // drawn: more arrows than that say nothing
const font = '11px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const quiet_motion = matchMedia('(prefers-reduced-motion: reduce)');

export class timeline {
  constructor(props) {
    this.element = document.createElement('div');
    this.element.className = 'timeline';
    this.layer = document.createElement('canvas');
    this.top = 0;          // of the plot, in pixels, when all rows are shown
    this.all = false;
    this.cursor = null;    // {x, row}: pixels of the plot, and a row
    this.view = props.view;
    this.sent = props.view;
    this.build();
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.frame);
    this.recolour = () => { this.colours = null; this.layer_of = null; this.request(); };
    this.dark = matchMedia('(prefers-color-scheme: dark)');
    this.dark.addEventListener('change', this.recolour);
    addEventListener('themechange', this.recolour);
    this.update(props);
  }

  build() {
    patch(this.element, [
      h('div', { class: 'tl-frame', tabindex: 0, role: 'application', 'data-testid': 'timeline',
        'aria-roledescription': 'timeline', 'aria-label': 'Timeline. Arrow keys move the cursor, ' +
          'plus and minus zoom, zero shows the whole run, Enter opens a partition.' },
      h('canvas', { 'aria-hidden': 'true' })),
      h('div', { class: 'tl-tip', 'data-testid': 'timeline-tip' }),
      h('div', { class: 'unseen', 'aria-live': 'polite', 'data-testid': 'timeline-said' }),
    ]);
    [this.frame, this.tip, this.said] = this.element.children;
    this.canvas = this.frame.firstChild;
    this.stop_listening = listen(this);
  }

  update(props) {
    const before = this.props;
    this.props = props;
    const same = (a, b) => a === b || (a && b && a.from === b.from && a.to === b.to);
    if (!same(props.view, this.sent)) {  // another address: not the one that was dragged to
      this.view = props.view;
      this.sent = props.view;
    }
    if (props.document && props.document !== before?.document) this.take(props.document);
    this.request();
  }

  /// What does not change with the view is made once for each document.
  take(document) {
    this.document = document;
    this.from = Date.parse(document.from);
    this.placed = place_partitions(document);
    this.moves = (document.moves || []).slice(-most_moves).map((m) => ({ ...m,
      granted: Date.parse(m.granted_at), at: Date.parse(m.at),
      to: (m.to || []).map((one) => ({ ...one, ms: Date.parse(one.at) })) }));
    this.layout = null;
    this.resize();
  }

  destroy() {
    this.gone = true;
    this.observer.disconnect();
    this.dark.removeEventListener('change', this.recolour);
    removeEventListener('themechange', this.recolour);
    this.stop_listening();
    clearTimeout(this.timer);
    clearTimeout(this.rest);
  }

  // --- sizes
  resize() {
    if (!this.document) return;
    const width = Math.floor(this.frame.clientWidth);
    if (!width) return;
    const most = Math.max(240, Math.min(560, Math.round(innerHeight * 0.55)));
    const plot = this.all ? most : wanted_height(this.document.nodes, most);
    const scale = devicePixelRatio || 1;
    const gutter = width < 600 ? 64 : 132;
    if (width !== this.width || plot !== this.plot || scale !== this.scale) {
      Object.assign(this, { width, plot, scale, gutter });
      this.canvas.width = Math.round(width * scale);
      this.canvas.height = Math.round((plot + axis) * scale);
      this.canvas.style.setProperty('width', `${width}px`);
      this.canvas.style.setProperty('height', `${plot + axis}px`);
      this.layout = null;
    }
    this.across = width - gutter;
    this.request();
  }

  prepare() {
    this.layout = rows_of(this.document.nodes, this.plot, this.all,
      this.document.detail === 'PARTITIONS');
    this.cells = this.document.detail === 'TILES' ? band_tiles(this.document, this.layout) : [];
    this.cell_at = new Map(this.cells.map((c) => [`${c.row} ${c.bin}`, c]));
    this.bins = 1 + this.cells.reduce((n, c) => Math.max(n, c.bin), 0);
    this.layer_of = null;
  }

  get whole() {
    const d = this.document;
    return whole_view(Date.parse(d.run_from), d.live ? Math.max(this.props.now(),
      Date.parse(d.run_to)) : Date.parse(d.run_to));
  }

  get shown_view() {
    return this.view || this.whole;
  }

  // --- moving
  set_view(view) {
    this.view = view && !is_whole(view, this.whole) ? view : null;
    clearTimeout(this.rest);
    this.rest = setTimeout(() => {
      const rounded = this.view && { from: Math.round(this.view.from),
                                     to: Math.max(Math.round(this.view.to),
                                       Math.round(this.view.from) + 1) };
      this.sent = rounded;
      this.props.moved(rounded);
    }, rest_ms);
    this.request();
  }

  zoom(factor, share = this.cursor ? this.cursor.x / this.across : 0.5) {
    this.set_view(zoomed(this.shown_view, factor, share, this.whole));
  }

  pan(pixels) {
    const v = this.shown_view;
    this.set_view(panned(v, ((v.to - v.from) * pixels) / this.across, this.whole));
  }

  scroll(pixels) {
    const most = Math.max(0, this.layout.total - this.plot);
    this.top = Math.min(Math.max(0, this.top + pixels), most);
    this.layer_of = null;
    this.request();
  }

  show_all(on) {
    this.all = on;
    this.top = 0;
    this.cursor = null;
    this.layout = null;
    this.resize();
    this.props.changed?.();
  }

  set_cursor(cursor, say = false) {
    this.cursor = cursor;
    if (cursor && this.all && this.layout) {
      const row = this.layout.rows[cursor.row];
      if (say && row.y < this.top) this.scroll(row.y - this.top);
      if (say && row.y + row.height > this.top + this.plot)
        this.scroll(row.y + row.height - this.top - this.plot);
    }
    this.say = say;
    this.request();
  }

  /// What the cursor is at: {partition, live, cell, move, row, ms}, or null.
  get found() {
    return this.cursor && this.layout ? what_is_at(this, this.cursor) : null;
  }

  row_below(y) {
    return this.layout ? row_at(this.layout, y - axis + this.top) : -1;
  }

  // --- drawing
  request() {
    if (this.asked || this.gone) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      if (!this.gone && this.document && this.width) this.draw();
    });
  }

  draw() {
    this.colours ??= palette(this.element);
    if (!this.layout) this.prepare();
    const c = this.canvas.getContext('2d');
    const { across, gutter, plot, colours, layout, document: d } = this;
    const view = this.shown_view;
    const now = this.props.now();
    c.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    c.clearRect(0, 0, this.width, plot + axis);
    c.font = font;
    this.draw_axis(c, view);
    this.draw_names(c);
    c.save();
    c.translate(gutter, axis);
    c.beginPath();
    c.rect(0, 0, across, plot);
    c.clip();
    this.live = place_live(d, this.placed, Math.min(now, Date.parse(d.run_to) + 10000));
    const live = band_live(this.live, d.nodes, layout);
    paint_live(c, live, this.top, view, across, colours);
    let drawn = live.length;
    if (d.detail === 'TILES') drawn += this.draw_tiles(c, view);
    else {
      const list = band_partitions(this.placed, d.nodes, layout, view, across);
      paint_partitions(c, list, this.top, colours);
      drawn += list.length;
    }
    const pulse = quiet_motion.matches || !d.live ? 1 : 0.5 + 0.5 * Math.cos(now / 320);
    paint_edges(c, live, this.top, view, across, colours, pulse);
    paint_moves(c, this.moves, layout, this.top, view, across, colours);
    this.draw_cursor(c);
    c.restore();
    if (this.all && layout.total > plot) this.draw_bar(c);
    this.show_tip();
    Object.assign(this.frame.dataset, { drawn, detail: d.detail, kind: layout.kind,
      named: this.live.filter((p) => p.doing).length, from: Math.round(view.from),
      to: Math.round(view.to), frames: (this.frames = (this.frames || 0) + 1) });
    this.next_frame(d);
  }

  /// Live bars grow: ten frames a second, one where motion is unwanted.
  next_frame(d) {
    clearTimeout(this.timer);
    if (d.live && !this.props.paused())
      this.timer = setTimeout(() => this.request(), quiet_motion.matches ? 1000 : 100);
  }

  draw_tiles(c, view) {
    const { document: d, layer, layout, across, plot, top, scale, colours } = this;
    const key = `${top} ${plot} ${scale}`;
    if (this.layer_of !== key) {
      this.layer_count = paint_tiles(layer, this.cells, layout, { bins: this.bins, top,
        height: plot, scale, colours });
      this.layer_of = key;
    }
    const bin_ms = d.bin_s * 1000;
    const first = Math.max(0, Math.floor((view.from - this.from) / bin_ms));
    const last = Math.min(this.bins, Math.ceil((view.to - this.from) / bin_ms));
    if (last <= first) return 0;
    const x0 = x_of(this.from + first * bin_ms, view, across);
    const x1 = x_of(this.from + last * bin_ms, view, across);
    c.imageSmoothingEnabled = x1 - x0 < last - first;
    c.drawImage(layer, first, 0, last - first, layer.height, x0, 0, x1 - x0,
      layer.height / scale);
    return this.layer_count;
  }

  draw_axis(c, view) {
    const { colours, gutter, across, plot } = this;
    const zone = -new Date(view.from).getTimezoneOffset() * 60000;
    c.strokeStyle = colours.line;
    c.lineWidth = 1;
    c.beginPath();
    for (const t of ticks(view, across, 88, zone)) {
      const x = Math.round(gutter + x_of(t.ms, view, across)) + 0.5;
      if (x < gutter || x > this.width) continue;
      c.moveTo(x, 16);
      c.lineTo(x, plot + axis);
      c.fillStyle = t.strong ? colours.ink : colours.quiet;
      const wide = c.measureText(t.text).width;
      if (x + wide / 2 < this.width && x - wide / 2 > gutter - 20)
        c.fillText(t.text, x - wide / 2, 12);
    }
    c.stroke();
  }

  draw_names(c) {
    const { colours, layout, gutter, document: d } = this;
    let free = -100;
    c.save();
    c.beginPath();
    c.rect(0, axis, this.width, this.plot);
    c.clip();
    d.nodes.forEach((node, i) => {
      const first = layout.rows[layout.by_node[i]];
      if (!first) return;
      const high = layout.kind === 'lanes' ? first.height * Math.max(1, node.slots) : first.height;
      const y = axis + first.y - this.top;
      const middle = y + high / 2;
      if (middle - free < 13 || middle < axis + 5 || middle > axis + this.plot - 4) return;
      free = middle;
      const away = node.state !== 'ACTIVE' && node.state !== 'DRAINING';
      c.fillStyle = away ? colours.warned : colours.quiet;
      c.fillText(fitting(c, `${away ? '▲ ' : ''}${shown(node.name, 60)}`, gutter - 12), 0,
        middle + 4);
      if (layout.kind === 'lanes' && i) {
        c.fillStyle = colours.line;
        c.fillRect(0, Math.round(y - 2.5), this.width, 1);
      }
    });
    c.restore();
  }

  draw_cursor(c) {
    if (!this.cursor) return;
    const { colours, layout, plot } = this;
    c.fillStyle = colours.ink;
    c.globalAlpha = 0.55;
    c.fillRect(Math.round(this.cursor.x), 0, 1, plot);
    c.globalAlpha = 1;
    const p = this.found?.partition;
    const row = layout.rows[this.cursor.row];
    if (!p || layout.kind !== 'lanes' || !row) return;
    const x = x_of(p.from, this.shown_view, this.across);
    c.strokeStyle = colours.ink;
    c.lineWidth = 1.5;
    c.strokeRect(x, row.y - this.top, Math.max(2, x_of(p.to, this.shown_view, this.across) - x),
      row.height - 1);
  }

  draw_bar(c) {
    const { plot, layout, colours } = this;
    c.fillStyle = colours['strong-line'];
    c.fillRect(this.width - 4, axis + (this.top / layout.total) * plot, 4,
      Math.max(16, (plot / layout.total) * plot));
  }

  show_tip() {
    const lines = this.cursor ? tip_of(this) : null;
    this.tip.hidden = !lines;
    if (!lines) return;
    patch(this.tip, lines.map((line, i) => h('div', { class: i ? 'quiet' : '' }, line)));
    const x = this.gutter + this.cursor.x;
    const wide = this.tip.offsetWidth;
    const row = this.layout.rows[this.cursor.row];
    const y = Math.min(axis + (row ? row.y + row.height - this.top : 0) + 10, this.plot + axis);
    const left = x + 14 + wide > this.width ? Math.max(0, x - wide - 14) : x + 14;
    this.tip.style.setProperty('transform', `translate(${Math.round(left)}px, ${Math.round(y)}px)`);
    const text = lines.join('. ');
    if (this.say && this.said.textContent !== text) this.said.textContent = text;
  }

  time_at(x) {
    return time_of(x, this.shown_view, this.across);
  }
}

function fitting(c, text, width) {
  if (c.measureText(text).width <= width) return text;
  let n = text.length;
  while (n > 1 && c.measureText(`${text.slice(0, n)}…`).width > width) --n;
  return `${text.slice(0, n)}…`;
}
