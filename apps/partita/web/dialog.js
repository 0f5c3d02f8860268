// One dialog at a time; its content is a function of its own state, drawn in place.
import { h, patch } from './dom.js';

let open = null;

/// `content(redraw, close)` gives {title, body, buttons}. Closing gives the focus back.
export function show_dialog(content, { testid, closed } = {}) {
  open?.close();
  const before = document.activeElement;
  const el = document.createElement('dialog');
  el.setAttribute('aria-labelledby', 'dialog-title');
  if (testid) el.setAttribute('data-testid', testid);
  document.body.append(el);
  const close = () => el.close();
  const redraw = () => {
    if (!el.isConnected) return;
    const { title, body, buttons, submit } = content(redraw, close);
    patch(el, [h('form', { method: 'dialog', novalidate: true, onsubmit: (e) => {
      e.preventDefault();
      submit?.();
    } },
    h('h2', { id: 'dialog-title' }, title), h('div', { class: 'dialog-body' }, body),
    h('div', { class: 'buttons' }, buttons))]);
  };
  el.addEventListener('close', () => {
    el.remove();
    open = null;
    closed?.();
    if (before?.isConnected) before.focus();
  });
  redraw();
  el.showModal();
  open = { close };
  return { redraw, close };
}

export const button = (text, onclick, props = {}) =>
  h('button', { type: 'button', onclick, ...props }, text);
