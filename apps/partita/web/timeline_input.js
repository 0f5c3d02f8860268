// Wheel, drag and keys of a timeline. Returns a function that stops listening.

const axis = 24;
let page_scrolled = 0;  // when the wheel last turned outside of a timeline
addEventListener('wheel', (e) => {
  if (!e.target.closest?.('.tl-frame')) page_scrolled = e.timeStamp;
}, { passive: true });

export function listen(t) {
  const frame = t.frame;
  let drag = null;

  const place = (e) => {
    const box = frame.getBoundingClientRect();
    return { x: e.clientX - box.left - t.gutter, y: e.clientY - box.top };
  };

  const on = {
    wheel(e) {
      if (!t.document || !t.width) return;
      // A wheel that was scrolling the page goes on scrolling it.
      const fresh = e.ctrlKey || e.metaKey || document.activeElement === frame ||
        e.timeStamp - page_scrolled > 400;
      if (!fresh) {
        page_scrolled = e.timeStamp;
        return;
      }
      const unit = e.deltaMode === 1 ? 16 : e.deltaMode === 2 ? 400 : 1;
      if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) {
        t.pan((e.shiftKey && !e.deltaX ? e.deltaY : e.deltaX) * unit);
      } else {
        if (!t.view && e.deltaY > 0 && !e.ctrlKey) return;  // all of it is in view already
        const share = Math.min(Math.max(place(e).x / t.across, 0), 1);
        t.zoom(Math.exp(Math.min(Math.max(e.deltaY * unit, -240), 240) * 0.0022), share);
      }
      e.preventDefault();
    },
    pointerdown(e) {
      if (e.button !== 0) return;
      drag = { x: e.clientX, y: e.clientY, moved: false };
      frame.setPointerCapture(e.pointerId);
    },
    pointermove(e) {
      if (drag) {
        const dx = e.clientX - drag.x;
        const dy = e.clientY - drag.y;
        if (!drag.moved && Math.abs(dx) < 4 && Math.abs(dy) < 4) return;
        drag.moved = true;
        frame.classList.add('dragged');
        drag.x = e.clientX;
        drag.y = e.clientY;
        if (dx) t.pan(-dx);
        if (dy && t.all) t.scroll(-dy);
        t.set_cursor(null);
        return;
      }
      const { x, y } = place(e);
      if (x < 0 || x > t.across || y < axis) t.set_cursor(null);
      else t.set_cursor({ x, row: t.row_below(y) });
    },
    pointerup(e) {
      const clicked = drag && !drag.moved;
      drag = null;
      frame.classList.remove('dragged');
      if (!clicked) return;
      const { x, y } = place(e);
      if (x < 0 || y < axis) return;
      t.set_cursor({ x, row: t.row_below(y) });
      open_at(t);
    },
    pointercancel() {
      drag = null;
      frame.classList.remove('dragged');
    },
    pointerleave() {
      if (!drag && document.activeElement !== frame) t.set_cursor(null);
    },
    dblclick(e) {
      t.zoom(0.25, Math.min(Math.max(place(e).x / t.across, 0), 1));
    },
    blur() {
      t.set_cursor(null);
    },
    keydown(e) {
      if (e.ctrlKey || e.metaKey || e.altKey || !t.layout || !handle_key(t, e)) return;
      e.preventDefault();
    },
  };
  for (const [name, f] of Object.entries(on))
    frame.addEventListener(name, f, { passive: false });
  return () => {
    for (const [name, f] of Object.entries(on)) frame.removeEventListener(name, f);
  };
}

function open_at(t) {
  const found = t.found;
  const p = found?.partition;
  if (p) t.props.open(t.document.steps[p.step]?.name, p.no);
  else if (found?.live?.doing) {
    const { step, no } = found.live.doing;
    t.props.open(t.document.steps[step]?.name, no);
  } else if (found?.live?.straggler) {
    t.props.open(found.live.straggler.step, found.live.straggler.no);
  }
}

/// Whether the key was one of the timeline's.
function handle_key(t, e) {
  const start = t.cursor || { x: t.across / 2, row: 0 };
  switch (e.key) {
    case '+': case '=': t.zoom(0.6); break;
    case '-': case '_': t.zoom(1 / 0.6); break;
    case '0': t.set_view(null); break;
    case 'e': t.show_all(!t.all); break;
    case 'ArrowLeft': case 'ArrowRight': {
      const way = e.key === 'ArrowLeft' ? -1 : 1;
      if (e.shiftKey) t.pan(way * t.across * 0.1);
      else move(t, start.x + way * 5, start.row);
      break;
    }
    case 'ArrowUp': case 'ArrowDown': {
      const row = start.row + (!t.cursor ? 0 : e.key === 'ArrowUp' ? -1 : 1);
      move(t, start.x, Math.min(Math.max(row, 0), t.layout.rows.length - 1));
      break;
    }
    case 'PageUp': case 'PageDown':
      if (!t.all) return false;
      t.scroll((e.key === 'PageUp' ? -1 : 1) * t.plot * 0.9);
      break;
    case '[': case ']': step_to(t, start, e.key === '[' ? -1 : 1); break;
    case 'Enter': open_at(t); break;
    case 'Escape':
      if (!t.cursor) return false;
      t.set_cursor(null);
      break;
    default: return false;
  }
  return true;
}

/// The cursor, and with it the view when it would leave it.
function move(t, x, row) {
  if (x < 0 || x > t.across) {
    t.pan(x < 0 ? -t.across * 0.2 : t.across * 0.2);
    x += (x < 0 ? 1 : -1) * t.across * 0.2;
  }
  t.set_cursor({ x, row }, true);
}

/// To the middle of the partition before or after, in the same row.
function step_to(t, start, way) {
  const row = t.layout.rows[start.row];
  const ms = t.time_at(start.x);
  const middle = (p) => (p.from + p.to) / 2;
  const ahead = t.placed.filter((p) => p.node >= row.first && p.node <= row.last &&
    (row.lane < 0 || p.lane === row.lane) && way * (middle(p) - ms) > 0.5);
  if (!ahead.length) return;
  const next = ahead.reduce((a, b) => (way * (middle(a) - middle(b)) < 0 ? a : b));
  const view = t.shown_view;
  move(t, ((middle(next) - view.from) / (view.to - view.from)) * t.across, start.row);
}
