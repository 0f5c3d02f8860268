// Keys that work everywhere, and the list of them.
import { h } from './dom.js';
import { button, show_dialog } from './dialog.js';
import { toggle_pause } from './frame.js';
import { go } from './router.js';

const list = [
  ['/', 'filter'], ['p', 'freeze, go on'], ['g o', 'overview'], ['g r', 'runs'],
  ['g s', 'schedules'], ['g n', 'nodes'], ['g j', 'jobs'], ['?', 'this list'],
];
const in_timeline = [
  ['← →', 'move the cursor'], ['↑ ↓', 'row above, below'],
  ['[ ]', 'partition before, after'], ['Shift ← →', 'pan'], ['+ −', 'zoom at the cursor'],
  ['0', 'the whole run'], ['Enter', 'open the partition'], ['e', 'all rows, or fit'],
  ['Esc', 'hide the cursor'],
];
const views = { o: '#/', r: '#/runs', s: '#/schedules', n: '#/nodes', j: '#/jobs' };

const keys_of = (rows) => h('dl', { class: 'keys' }, rows.map(([key, about]) => h('div', {},
  h('dt', {}, key.split(' ').map((k) => h('kbd', {}, k))), h('dd', {}, about))));

export function show_keys() {
  show_dialog((redraw, close) => ({
    title: 'Keys',
    body: [keys_of(list), h('h3', {}, 'In a timeline'), keys_of(in_timeline),
           h('p', { class: 'quiet' }, 'The wheel zooms at the pointer; with Shift it pans, and ' +
             'so does dragging.')],
    buttons: [button('Close', close, { class: 'primary' })],
    submit: close,
  }), { testid: 'keys-dialog' });
}

const types = (el) => el?.matches?.('input:not([type=checkbox]), textarea, select, ' +
  '[contenteditable]');

export function start_keys(redraw) {
  let g_until = 0;
  addEventListener('keydown', (e) => {
    if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey) return;
    if (types(e.target) || document.querySelector('dialog[open]')) return;
    if (performance.now() < g_until && views[e.key]) {
      g_until = 0;
      e.preventDefault();
      go(views[e.key]);
      return;
    }
    g_until = 0;
    if (e.key === 'g') g_until = performance.now() + 1500;
    else if (e.key === 'p') toggle_pause(redraw);
    else if (e.key === '?') show_keys();
    else if (e.key === '/') focus_filter();
    else return;
    e.preventDefault();
  });
}

function focus_filter() {
  const field = document.querySelector('[data-filter]');
  if (field) {
    field.focus();
    field.select?.();
    return;
  }
  go('#/runs');
  requestAnimationFrame(() => document.querySelector('[data-filter]')?.focus());
}
