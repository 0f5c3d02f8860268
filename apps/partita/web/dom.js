// Trees of plain objects, and how a part of the document is made to look like one: in place, so
// that focus, selection and scroll positions survive. Text only ever becomes text nodes and
// attributes, never markup.

const shape = Symbol('shape');
const part = Symbol('part');
const svg_space = 'http://www.w3.org/2000/svg';

function flat(children, into = []) {
  for (const child of children) {
    if (child === null || child === undefined || child === false || child === '') continue;
    if (Array.isArray(child)) flat(child, into);
    else into.push(typeof child === 'object' ? child : { tag: '#text', text: String(child) });
  }
  return into;
}

/// An element; `props`: attributes, `on…` handlers, `style` {property: value}, `key` among
/// siblings.
export function h(tag, props, ...children) {
  return { tag, props: props || {}, key: props?.key, children: flat(children) };
}

/// An element of SVG.
export function s(tag, props, ...children) {
  return { ...h(tag, props, ...children), svg: true };
}

/// A class with `constructor(props)`, `element`, `update(props)` and `destroy()`; what is within
/// its element is its own business.
export function component(type, props) {
  return { tag: type, props, key: props.key, children: [] };
}

function set_prop(el, name, value, before) {
  if (value === before && name !== 'value' && name !== 'checked') return;
  if (name === 'key') return;
  if (name.startsWith('on')) {
    el[name] = value || null;
  } else if (name === 'style') {
    for (const key of Object.keys(before || {}))
      if (!(value && key in value)) el.style.removeProperty(key);
    for (const [key, v] of Object.entries(value || {}))
      if (before?.[key] !== v) el.style.setProperty(key, v);
  } else if (name === 'value' || name === 'checked') {
    // What the user has typed stays, until the page itself wants another value.
    if (value !== before) el[name] = value ?? '';
  } else if (value === null || value === undefined || value === false) {
    el.removeAttribute(name);
  } else {
    el.setAttribute(name, value === true ? '' : String(value));
  }
}

function create(v) {
  let el;
  if (v.tag === '#text') {
    el = document.createTextNode(v.text);
  } else if (typeof v.tag === 'function') {
    const made = new v.tag(v.props);
    el = made.element;
    el[part] = made;
    el.setAttribute('data-part', '');
  } else {
    el = v.svg ? document.createElementNS(svg_space, v.tag) : document.createElement(v.tag);
    patch(el, v.children);
    for (const name of Object.keys(v.props)) set_prop(el, name, v.props[name], undefined);
  }
  el[shape] = v;
  return el;
}

function update(el, v) {
  const before = el[shape];
  el[shape] = v;
  if (v.tag === '#text') {
    if (before.text !== v.text) el.data = v.text;
  } else if (typeof v.tag === 'function') {
    el[part].update(v.props);
  } else {
    patch(el, v.children);
    for (const name of Object.keys(before.props))
      if (!(name in v.props)) set_prop(el, name, undefined, before.props[name]);
    for (const name of Object.keys(v.props)) set_prop(el, name, v.props[name], before.props[name]);
  }
}

function remove(el) {
  if (el[part]) el[part].destroy();
  else if (el.querySelectorAll)
    for (const inner of el.querySelectorAll('[data-part]')) inner[part]?.destroy();
  el.remove();
}

/// Makes the children of `parent` look like `children`.
export function patch(parent, children) {
  const keyed = new Map();
  const others = [];
  for (const el of [...parent.childNodes]) {
    const v = el[shape];
    if (v?.key !== undefined && v.key !== null) keyed.set(v.key, el);
    else others.push(el);
  }
  let next = 0;
  const chosen = flat(children).map((v) => {
    let found = null;
    if (v.key !== undefined && v.key !== null) {
      found = keyed.get(v.key);
      if (found?.[shape].tag === v.tag) keyed.delete(v.key);
      else found = null;
    } else {
      const at = others.findIndex((el, i) => i >= next && el[shape]?.tag === v.tag);
      if (at >= 0) {
        found = others[at];
        others[at] = others[next];
        others[next++] = found;
      }
    }
    return { v, found };
  });
  // First what goes: what stays is then in order, as a rule, and is not moved.
  for (const el of keyed.values()) remove(el);
  for (const el of others.slice(next)) remove(el);
  let at = parent.firstChild;
  for (const { v, found } of chosen) {
    const el = found || create(v);
    if (found) update(el, v);
    if (el === at) at = at.nextSibling;
    else parent.insertBefore(el, at);
  }
}
