// The timeline within the view of a run: what part of time it shows is in the address.
import { component, h } from '../dom.js';
import { query } from '../api.js';
import { fragment, go, here, replace } from '../router.js';
import { partition_address, section } from '../parts.js';
import { button } from '../dialog.js';
import { timeline } from '../timeline.js';
import { live } from '../live.js';
import { now } from '../clock.js';
import * as f from '../format.js';

const margin = 0.5;  // of the view's width, on either side, so that panning finds something

function view_of(q) {
  const from = Date.parse(q.get('from'));
  const to = Date.parse(q.get('to'));
  return Number.isNaN(from) || Number.isNaN(to) || to <= from ? null : { from, to };
}

const iso = (ms) => new Date(ms).toISOString();

export function timeline_need(ctx, base, fresh) {
  const view = view_of(ctx.route.query);
  const pixels = Math.min(2400, Math.max(300, Math.round((innerWidth - 200) / 100) * 100));
  const span = view && view.to - view.from;
  const range = view ? { from: iso(view.from - span * margin), to: iso(view.to + span * margin) }
    : {};
  return { name: 'timeline', keep: `timeline ${base}`, fresh, url: `${base}/timeline${query({
    ...range, pixels: view ? pixels * (1 + 2 * margin) : pixels })}` };
}

export function timeline_section(ctx, r) {
  const { value: d, stale, error } = ctx.get('timeline');
  if (r.state === 'CREATED' || error) return null;
  const local = ctx.local;
  const view = view_of(ctx.route.query);
  const part = () => local.part;
  const many = (d?.nodes || []).reduce((n, one) => n + one.slots, 0) > 60;
  return section('Timeline', { 'data-testid': 'timeline-section', 'data-stale':
    String(Boolean(stale)), aside: [legend(), h('span', { class: 'button-group' },
    button('+', () => part()?.zoom(0.5), { 'aria-label': 'Closer', title: 'Closer (+)' }),
    button('−', () => part()?.zoom(2), { 'aria-label': 'Farther', title: 'Farther (−)' }),
    button('Whole run', () => part()?.set_view(null), { title: 'Whole run (0)',
      disabled: !view, 'data-testid': 'timeline-whole' }),
    (many || part()?.all) && button(part()?.all ? 'Fit rows' : 'All rows', () =>
      part()?.show_all(!part().all), { title: 'All rows, or fit (e)' }))] },
  d ? component(local_timeline(local), {
    key: 'timeline', document: d, view, now, paused: () => live.paused, changed: ctx.redraw,
    moved(to) {
      const q = Object.fromEntries(here().query);
      delete q.from;
      delete q.to;
      replace(fragment(here().parts, { ...q, ...(to ? { from: iso(to.from), to: iso(to.to) }
        : {}) }));
    },
    open: (step, no) => step && go(partition_address(r.id, step, no)),
  }) : h('div', { class: 'timeline-room' }),
  d && h('p', { class: 'quiet small' }, note(d)));
}

/// The class, which also tells the view which part it has made.
function local_timeline(local) {
  local.type ??= class extends timeline {
    constructor(props) {
      super(props);
      local.part = this;
    }
  };
  return local.type;
}

function note(d) {
  const nodes = f.of(d.nodes.length, 'node');
  if (d.detail === 'TILES')
    return `${nodes}, ${f.duration(d.bin_s)} a tile: its height or strength is how busy the node ` +
      'was. Zoom in for single partitions.';
  if (!d.partitions.length) return 'No partition has ended here.';
  return `${nodes}, ${f.of(d.partitions.length, 'partition')} here. Click one to open it.`;
}

const legend = () => h('span', { class: 'legend', 'aria-hidden': 'true' },
  [['completed', 'completed'], ['running', 'running'], ['failed', 'failed'],
   ['warned', 'returned, moved']].map(([kind, text]) => h('span', { key: kind },
    h('i', { class: kind }), text)));
