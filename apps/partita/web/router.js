// The address of a view is the fragment: #/runs/17/partitions?state=FAILED. Everything the view
// shows is in it.

function parse_fragment(fragment) {
  const text = fragment.replace(/^#/, '');
  const cut = text.indexOf('?');
  const path = cut < 0 ? text : text.slice(0, cut);
  const parts = path.split('/').filter(Boolean).map((p) => {
    try {
      return decodeURIComponent(p);
    } catch {
      return p;  // a lone % that somebody typed
    }
  });
  return { path, parts, query: new URLSearchParams(cut < 0 ? '' : text.slice(cut + 1)) };
}

/// `parts` are encoded; fields without a value are left out.
export function fragment(parts, fields = {}) {
  const q = new URLSearchParams();
  const entries = fields instanceof URLSearchParams ? fields : Object.entries(fields);
  for (const [name, value] of entries)
    if (value !== null && value !== undefined && value !== '') q.append(name, value);
  const text = q.toString().replaceAll('%2C', ',').replaceAll('%2F', '/').replaceAll('%3A', ':');
  return `#/${parts.map(encodeURIComponent).join('/')}${text ? `?${text}` : ''}`;
}

let moved = () => {};
let by_link = false;
const places = new Map();

export const here = () => parse_fragment(location.hash);

/// `changed(route, {fresh})`: fresh is false for back and forward.
export function start_router(changed) {
  history.scrollRestoration = 'manual';
  let last = location.hash;
  moved = () => {
    if (location.hash === last) return;
    last = location.hash;
    const fresh = by_link;
    by_link = false;
    changed(here(), { fresh });
    if (!fresh) scrollTo(0, places.get(location.hash) || 0);
  };
  addEventListener('hashchange', moved);
  addEventListener('popstate', moved);
  addEventListener('scroll', () => places.set(location.hash, scrollY), { passive: true });
  addEventListener('click', (e) => {
    if (e.target.closest?.('a[href^="#/"]')) by_link = true;
  }, true);
}

export function go(to) {
  if (to === location.hash) return;
  by_link = true;
  location.hash = to;
}

/// The same place in the history: for what changes while somebody types or drags.
export function replace(to) {
  if (to === location.hash) return;
  history.replaceState(history.state, '', to);
  by_link = true;
  moved();
}
