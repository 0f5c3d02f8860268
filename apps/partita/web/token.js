// The token of whoever uses this page: for this tab only, and never in an address.
import { read } from './api.js';

const place = 'partita-token';
let notify = () => {};

export const session = { token: null, name: null, role: null };

export const may_write = () => session.role === 'operate';

async function ask(token) {
  return read('whoami', undefined, { authorization: `Bearer ${token}` });
}

/// Throws api_error when the server does not know the token.
export async function sign_in(token) {
  const who = await ask(token);
  Object.assign(session, { token, name: who.name, role: who.role });
  sessionStorage.setItem(place, token);
  notify();
}

export function sign_out() {
  Object.assign(session, { token: null, name: null, role: null });
  sessionStorage.removeItem(place);
  notify();
}

export async function start_session(changed) {
  notify = changed;
  const token = sessionStorage.getItem(place);
  if (!token) return;
  try {
    await sign_in(token);
  } catch (e) {
    if (e.status === 401) sign_out();
    else Object.assign(session, { token, name: 'not checked yet', role: 'operate' });
    notify();
  }
}
