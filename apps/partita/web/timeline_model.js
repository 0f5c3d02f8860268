// What a timeline draws, from the API's document: rows, and rectangles in them. Pure.
// Times are milliseconds since 1970; outcomes are C completed, F failed, R returned (to be tried
// again), L live.

const least_lane = 7;    // pixels of an executor's row
const best_lane = 14;

/// Rows of nodes and executors for `height` pixels: {rows: [{first, last, lane, y, height}],
/// by_node, total, kind}; `by_node`: the first row of each node. Kinds: "lanes" (a row for each
/// executor), "nodes", or "bands" of several nodes. `all`: rows of a readable height, however many;
/// the caller scrolls. A node stands at the same place whether its lanes are asked for or not.
export function rows_of(nodes, height, all, with_lanes) {
  const slots = nodes.map((node) => Math.max(1, node.slots));
  const lanes = slots.reduce((n, s) => n + s, 0);
  const gap = nodes.length > 1 ? 4 : 0;
  const gaps = gap * nodes.length;
  const rows = [];
  const by_node = [];
  if (all || lanes * least_lane + gaps <= height) {
    const h = all ? best_lane : Math.min(best_lane, Math.floor((height - gaps) / lanes));
    let y = 0;
    slots.forEach((n, i) => {
      by_node.push(rows.length);
      if (with_lanes)
        for (let lane = 0; lane < n; ++lane)
          rows.push({ first: i, last: i, lane, y: y + lane * h, height: h });
      else rows.push({ first: i, last: i, lane: -1, y, height: n * h });
      y += n * h + gap;
    });
    return { rows, by_node, total: y, kind: with_lanes ? 'lanes' : 'nodes' };
  }
  const room = height / nodes.length;
  if (room >= 1) {
    // Whole pixels when there is room; otherwise rows share them evenly.
    const h = room >= 4 ? Math.floor(room) : room;
    nodes.forEach((node, i) => {
      by_node.push(rows.length);
      rows.push({ first: i, last: i, lane: -1, y: i * h, height: h });
    });
    return { rows, by_node, total: nodes.length * h, kind: 'nodes' };
  }
  const bands = Math.max(1, Math.floor(height));
  for (let b = 0; b < bands; ++b) {
    const first = Math.floor((b * nodes.length) / bands);
    const last = Math.floor(((b + 1) * nodes.length) / bands) - 1;
    for (let i = first; i <= last; ++i) by_node[i] = rows.length;
    rows.push({ first, last, lane: -1, y: b, height: 1 });
  }
  return { rows, by_node, total: bands, kind: 'bands' };
}

/// How high the plot is to be for these nodes, at most `most`: it depends on nothing that changes
/// while somebody looks, so that nothing jumps.
export function wanted_height(nodes, most) {
  const lanes = nodes.reduce((n, node) => n + Math.max(1, node.slots), 0);
  return Math.min(most, Math.max(72, lanes * best_lane + 4 * nodes.length));
}

/// Where an executor of a node is drawn; null: the node has no row.
function box_of(layout, node, lane, slots) {
  const first = layout.by_node[node];
  if (first === undefined) return null;
  if (layout.kind === 'lanes') {
    const next = layout.by_node[node + 1] ?? layout.rows.length;
    return layout.rows[Math.min(first + lane, next - 1)];
  }
  const row = layout.rows[first];
  if (row.height < 2 * slots) return row;
  return { y: row.y + (lane * row.height) / slots, height: row.height / slots };
}

const rank = { C: 0, L: 1, R: 2, F: 3 };
const worse = (a, b) => (rank[a] >= rank[b] ? a : b);

/// Tiles of the same row and bin as one: at most one cell a row and bin.
/// [{row, bin, share, completed, failed, returned, slowest_s, worst}]
export function band_tiles(document, layout) {
  const cells = new Map();
  const nodes_in = layout.rows.map((r) => r.last - r.first + 1);
  const bins = 1 + document.tiles.reduce((most, t) => Math.max(most, t[1]), 0);
  for (const [node, bin, share, completed, failed, returned, slowest] of document.tiles) {
    const row = layout.by_node[node];
    if (row === undefined) continue;
    const key = row * bins + bin;
    let cell = cells.get(key);
    if (!cell) {
      cell = { row, bin, share: 0, completed: 0, failed: 0, returned: 0, slowest_s: 0 };
      cells.set(key, cell);
    }
    cell.share += share / nodes_in[row];
    cell.completed += completed;
    cell.failed += failed;
    cell.returned += returned;
    cell.slowest_s = Math.max(cell.slowest_s, slowest || 0);
  }
  for (const cell of cells.values())
    cell.worst = cell.failed ? 'F' : cell.returned ? 'R' : 'C';
  return [...cells.values()];
}

/// Each partition in the first executor of its node that is free at its start:
/// [{node, lane, step, no, from, to, outcome, attempt}], by node and start.
export function place_partitions(document) {
  const origin = Date.parse(document.from);
  const list = document.partitions.map(([node, step, no, start, took, outcome, attempt]) => ({
    node, step, no, from: origin + start, to: origin + start + took, outcome, attempt, lane: 0 }));
  list.sort((a, b) => a.node - b.node || a.from - b.from || a.no - b.no);
  let node = -1;
  let free = [];
  for (const p of list) {
    if (p.node !== node) {
      node = p.node;
      free = new Array(Math.max(1, document.nodes[node]?.slots || 1)).fill(-Infinity);
    }
    let lane = free.findIndex((t) => t <= p.from + 1);
    if (lane < 0) lane = free.indexOf(Math.min(...free));
    free[lane] = Math.max(free[lane], p.to);
    p.lane = lane;
  }
  return list;
}

/// What runs now: what executors told that they are at, and stragglers, by name; and as many others
/// as live leases leave to the node's executors. A lease says since when it is held, and not which
/// of its partitions run: an executor is busy since its last partition ended.
/// [{node, lane, from, to, lease?, doing?, straggler?, outcome: 'L'}]
export function place_live(document, placed, now) {
  if (!document.live) return [];
  const by_id = new Map(document.nodes.map((n, i) => [n.id, i]));
  const last = new Map();  // by node and lane: when its last partition ended
  for (const p of placed) {
    const key = `${p.node} ${p.lane}`;
    last.set(key, Math.max(last.get(key) ?? -Infinity, p.to));
  }
  const taken = new Set();
  const live = [];
  const put = (node, since, more) => {
    const slots = Math.max(1, document.nodes[node].slots);
    const end_of = (lane) => last.get(`${node} ${lane}`) ?? -Infinity;
    const free_then = (lane) => end_of(lane) <= since + 1;
    // What is known by name: where the last one ended just before. Others: where most room is.
    const better = more.straggler || more.doing
      ? (a, b) => free_then(a) && (!free_then(b) || end_of(a) > end_of(b))
      : (a, b) => end_of(a) < end_of(b);
    let best = -1;
    for (let lane = 0; lane < slots; ++lane)
      if (!taken.has(`${node} ${lane}`) && (best < 0 || better(lane, best))) best = lane;
    if (best < 0) return;
    taken.add(`${node} ${best}`);
    live.push({ node, lane: best, from: Math.max(since, end_of(best)), to: now, outcome: 'L',
                ...more });
  };
  const of_lease = new Map();  // by lease: how many of its partitions are told by name
  const slow = new Map((document.stragglers || []).map((s) => [`${s.node?.id} ${s.step} ${s.no}`,
    s]));
  for (const one of document.doing || []) {
    const node = document.nodes[one.node];
    if (!node) continue;
    const key = `${node.id} ${document.steps[one.step]?.name} ${one.no}`;
    put(one.node, Date.parse(one.since), { doing: one, straggler: slow.get(key) });
    slow.delete(key);
    of_lease.set(one.lease, (of_lease.get(one.lease) || 0) + 1);
  }
  for (const s of slow.values()) {
    const node = by_id.get(s.node?.id);
    if (node !== undefined) put(node, now - s.running_s * 1000, { straggler: s });
  }
  for (const lease of document.leases || []) {
    if (!document.nodes[lease.node]) continue;
    const left = lease.hi - lease.lo + 1 - (lease.ended || 0) - (of_lease.get(lease.id) || 0);
    const slots = Math.max(1, document.nodes[lease.node].slots);
    for (let i = 0; i < Math.min(left, slots); ++i)
      put(lease.node, Date.parse(lease.granted_at), { lease });
  }
  return live;
}

/// Rectangles of partitions for `width` pixels: those of one row that begin on the same pixel are
/// one, with the worst outcome and how many they are. [{y, height, x, width, outcome, count, one}]
export function band_partitions(placed, nodes, layout, view, width) {
  const scale = width / (view.to - view.from);
  const last_of = new Map();  // by where the row is
  const list = [];
  for (const p of placed) {
    if (p.to < view.from || p.from > view.to) continue;
    const box = box_of(layout, p.node, p.lane, Math.max(1, nodes[p.node].slots));
    if (!box) continue;
    const left = Math.max(0, (p.from - view.from) * scale);
    const right = Math.min(width, (p.to - view.from) * scale);
    const before = last_of.get(box.y);
    if (before && Math.floor(left) <= Math.floor(before.x)) {
      before.width = Math.max(before.width, right - before.x);
      before.outcome = worse(before.outcome, p.outcome);
      before.count += 1;
      continue;
    }
    const made = { y: box.y, height: box.height, x: left, width: Math.max(right - left, 1),
                   outcome: p.outcome, count: 1, one: p };
    list.push(made);
    last_of.set(box.y, made);
  }
  return list;
}

/// What runs now, one a row: [{y, height, from, to, straggler, marks}]; `marks`: when what is told
/// by name began, and its number.
export function band_live(live, nodes, layout) {
  const by_row = new Map();
  for (const p of live) {
    const box = box_of(layout, p.node, p.lane, Math.max(1, nodes[p.node].slots));
    if (!box) continue;
    const known = by_row.get(box.y);
    const marks = p.doing ? [{ ms: p.from, no: p.doing.no }] : [];
    if (!known) by_row.set(box.y, { y: box.y, height: box.height, from: p.from, to: p.to,
                                    straggler: Boolean(p.straggler), marks });
    else {
      known.from = Math.min(known.from, p.from);
      known.straggler ||= Boolean(p.straggler);
      known.marks.push(...marks);
    }
  }
  return [...by_row.values()];
}

/// What is at a time and row: the narrowest partition there.
export function partition_at(placed, layout, row_index, ms, slack_ms) {
  const row = layout.rows[row_index];
  if (!row) return null;
  let best = null;
  for (const p of placed) {
    if (p.node < row.first || p.node > row.last) continue;
    if (row.lane >= 0 && p.lane !== row.lane) continue;
    if (ms < p.from - slack_ms || ms > p.to + slack_ms) continue;
    if (!best || p.to - p.from < best.to - best.from) best = p;
  }
  return best;
}

export function row_at(layout, y) {
  const i = layout.rows.findIndex((r) => y >= r.y && y < r.y + r.height);
  return i >= 0 ? i : layout.rows.findLastIndex((r) => y >= r.y);
}
