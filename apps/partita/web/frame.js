// What stands around every view: the tools at the top right, and the banner when something is away.
import { h, patch } from './dom.js';
import { mark } from './parts.js';
import { live, set_paused, shows_anything } from './live.js';
import { may_write, session } from './token.js';
import { ask_token } from './token_dialog.js';
import { show_keys } from './keys.js';
import { ago, clock, shown } from './format.js';

export const health_need = { name: 'health', url: 'health', fresh: 'always' };

const tools = document.getElementById('tools');
const banner = document.getElementById('banner');
const announcer = document.getElementById('announcer');

/// Said by screen readers; the same words twice are said once.
export function announce(text) {
  if (announcer.textContent !== text) announcer.textContent = text;
}

const chosen_theme = () => document.documentElement.dataset.theme;
const is_dark = () => (chosen_theme() ||
  (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';

function switch_theme() {
  const to = is_dark() ? 'light' : 'dark';
  document.documentElement.dataset.theme = to;
  try {
    localStorage.setItem('partita-theme', to);
  } catch {
    // Then it lasts as long as the page.
  }
  dispatchEvent(new Event('themechange'));
}

export function toggle_pause(redraw) {
  set_paused(!live.paused);
  announce(live.paused ? 'Paused: nothing changes until you go on.' : 'Live again.');
  redraw();
}

export function draw_tools(ctx) {
  const health = ctx.health;
  const dark = is_dark();
  const state = live.away ? 'UNKNOWN' : health?.status;
  patch(tools, [
    health && h('a', { key: 'health', href: '#/', class: 'health',
      title: live.away ? `Not known. It was: ${health.sentence}` : health.sentence,
      'data-testid': 'health', 'data-state': state, 'aria-label': `Health: ${
        live.away ? 'not known' : health.status.toLowerCase()}` }, mark(state)),
    h('button', { key: 'pause', type: 'button', class: `tool${live.paused ? ' on' : ''}`,
      'data-testid': 'pause', 'aria-pressed': String(live.paused),
      title: 'Freeze or go on (p)', onclick: () => toggle_pause(ctx.redraw) },
    live.paused ? 'Paused' : 'Live'),
    h('button', { key: 'token', type: 'button', class: 'tool', 'data-testid': 'token',
      title: session.token ? `Signed in as ${session.name} (${session.role})`
        : 'Nothing can be changed without a token', onclick: () => ask_token(ctx) },
    may_write() ? shown(session.name, 24) : 'Read only'),
    h('button', { key: 'theme', type: 'button', class: 'tool square', onclick: () => {
      switch_theme();
      ctx.redraw();
    }, 'data-testid': 'theme', 'aria-label': dark ? 'Light theme' : 'Dark theme',
    title: dark ? 'Light theme' : 'Dark theme' }, dark ? '☀' : '☾'),
    h('button', { key: 'keys', type: 'button', class: 'tool square', onclick: show_keys,
      'data-testid': 'keys', 'aria-label': 'Keys', title: 'Keys (?)' }, '?'),
  ]);
}

/// " The last answer came at 14:02:07 (3 min ago); what you see is not newer."
function last_heard() {
  if (live.heard === null) return null;
  const at = new Date(live.heard).toISOString();
  return [` The last answer came at ${clock(at)} (`, h('span', { 'aria-hidden': true },
    ago(at, Date.now())), shows_anything() ? '); what you see is not newer.' : ').'];
}

export function draw_banner(ctx) {
  const away = live.away;
  patch(banner, [
    away && h('div', { key: 'away', class: 'banner warned', 'data-testid': 'away-banner' },
      mark('WARNING'),
      h('span', {}, h('b', {}, shown(away.message, 300)), last_heard(),
        ' The page tries again every 2 s. ', away.hint && shown(away.hint, 300))),
    live.paused && h('div', { key: 'paused', class: 'banner', 'data-testid': 'paused-banner' },
      h('span', {}, `Paused at ${clock(new Date(ctx.now).toISOString())}. `),
      h('button', { type: 'button', class: 'link', onclick: () => toggle_pause(ctx.redraw) },
        'Go on'), h('kbd', {}, 'p')),
  ]);
}
