// Where the token for changes is entered, checked and forgotten.
import { h } from './dom.js';
import { button, show_dialog } from './dialog.js';
import { sign_in, sign_out, session } from './token.js';

/// `ctx.health.may_operate`: whether the server was given tokens at all. `then` follows success.
export function ask_token(ctx, then) {
  const state = { value: '', error: null, busy: false };
  const has_tokens = ctx.health?.may_operate !== false;
  show_dialog((redraw, close) => {
    const submit = async () => {
      if (state.busy || !has_tokens) return;
      if (!state.value.trim()) state.error = 'Enter the token you were given.';
      else {
        state.busy = true;
        state.error = null;
        redraw();
        try {
          await sign_in(state.value.trim());
          if (session.role === 'operate') {
            close();
            then?.();
            return;
          }
          state.error = `The token of ${session.name} may read, not change anything.`;
        } catch (e) {
          state.error = e.status === 401 ? 'The server does not know this token.' : e.message;
        }
        state.busy = false;
      }
      redraw();
    };
    return {
      title: session.token ? `Signed in as ${session.name}` : 'Token for changes',
      body: body(state, has_tokens, submit),
      buttons: [
        session.token && button('Forget the token', () => {
          sign_out();
          close();
        }, { 'data-testid': 'sign-out' }),
        button('Close', close),
        session.role !== 'operate' && has_tokens && h('button', { type: 'submit', class: 'primary',
          disabled: state.busy, 'data-testid': 'token-submit' }, 'Use it'),
      ],
      submit,
    };
  }, { testid: 'token-dialog' });
}

function body(state, has_tokens, submit) {
  if (session.token && session.role === 'operate')
    return h('p', {}, 'This tab may change things, under this name in the event log. The token ' +
      'is forgotten when the tab is closed.');
  if (!has_tokens)
    return [h('p', {}, 'This server was started without tokens, so nothing can be changed here.'),
            h('p', { class: 'quiet' }, 'Start it with a file of tokens, or use the command line: ' +
              'partita submit, cancel, restart, pause, drain.')];
  return [
    h('p', {}, 'To look needs no token. To change anything, such as to launch or to cancel, ' +
      'does: whoever runs this server gives you one with the role operate.'),
    h('label', { for: 'token-field' }, 'Token'),
    h('input', { id: 'token-field', type: 'password', autocomplete: 'off', autofocus: true,
      spellcheck: 'false', 'data-testid': 'token-field', 'aria-describedby': 'token-error',
      oninput: (e) => { state.value = e.target.value; },
      onkeydown: (e) => {
        if (e.key !== 'Enter') return;
        e.preventDefault();
        submit();
      } }),
    h('p', { id: 'token-error', class: 'error-text', 'aria-live': 'polite',
      'data-testid': 'token-error' }, state.error || ''),
  ];
}
