// An action on every run that the filter finds: counts, asks, does it one by one, tells of each.
import { h } from './dom.js';
import { query, read } from './api.js';
import { note_field, post_run, run_actions, with_token } from './actions.js';
import { button, show_dialog } from './dialog.js';
import { filter_text } from './filter.js';
import { mark, run_link } from './parts.js';
import { announce } from './frame.js';
import { refresh } from './live.js';
import { count, of, shown } from './format.js';

const most = 1000;  // runs that one action touches
const at_once = 4;

/// The states that both the filter and the action are about.
function states_for(action, fields) {
  const wanted = fields.state ? fields.state.split(',') : action.states;
  return action.states.filter((s) => wanted.includes(s));
}

export function bulk_buttons(ctx, fields) {
  if (!Object.keys(fields).length) return null;
  return Object.entries(run_actions)
    .filter(([, a]) => !a.single && states_for(a, fields).length)
    .map(([name, a]) => button(`${a.title} all…`, () =>
      with_token(ctx, () => ask(name, a, fields)), { key: name, 'data-testid': `bulk-${name}`,
      class: a.destructive ? 'destructive' : null }));
}

/// `fits`: which of the runs of the filter are meant; without it, all.
async function find(fields, fits) {
  const found = [];
  let before = null;
  do {
    const page = await read(`runs${query({ ...fields, before, limit: 200 })}`);
    found.push(...(fits ? page.items.filter(fits) : page.items));
    before = page.next;
  } while (before && found.length < most);
  return { runs: found.slice(0, most), more: Boolean(before) || found.length > most };
}

function ask(name, action, fields) {
  const narrowed = { ...fields, state: states_for(action, fields).join(',') };
  const state = { phase: 'counting', results: [], error: null, note: '' };
  const dialog = show_dialog((redraw, close) => ({
    title: `${action.title} all runs of this filter?`,
    body: body(state, action, narrowed),
    buttons: buttons(state, action, close, () => act(name, action, state, redraw)),
    submit: () => state.phase === 'asking' && state.runs.length &&
      act(name, action, state, redraw),
  }), { testid: 'bulk-dialog', closed: () => { state.stop = true; refresh(); } });
  find(narrowed, action.fits).then(({ runs, more }) => {
    Object.assign(state, { phase: 'asking', runs, more });
    dialog.redraw();
  }, (e) => {
    state.error = e;
    dialog.redraw();
  });
}

async function act(name, action, state, redraw) {
  state.phase = 'acting';
  redraw();
  const queue = [...state.runs];
  const worker = async () => {
    for (let run = queue.shift(); run && !state.stop; run = queue.shift()) {
      try {
        const answer = await post_run(run.id, name,
          action.field === 'note' ? { note: state.note.trim() } : action.body);
        state.results.push({ run, ok: true, answer });
      } catch (e) {
        state.results.push({ run, ok: false, error: e });
      }
      redraw();
    }
  };
  await Promise.all(Array.from({ length: at_once }, worker));
  state.phase = 'done';
  announce(`${summary(state)}.`);
  redraw();
}

function summary(state) {
  const bad = state.results.filter((r) => !r.ok).length;
  const good = state.results.length - bad;
  const left = state.runs.length - state.results.length;
  return [`${count(good)} done`, bad && `${count(bad)} not`, left && `${count(left)} not tried`]
    .filter(Boolean).join(', ');
}

function body(state, action, fields) {
  const filter = h('code', { class: 'filter-text' }, shown(filter_text(fields), 200));
  if (state.error) return h('p', { class: 'error-text' }, shown(state.error.message, 300));
  if (state.phase === 'counting') return [h('p', {}, 'Counting the runs of ', filter, '.')];
  const n = state.runs.length;
  if (state.phase === 'asking') return [
    h('p', { 'data-testid': 'bulk-count' }, h('b', {}, of(n, 'run')), ' of ', filter,
      action.which && `, ${action.which}`, state.more ? `. There are more: at most ${
        count(most)} are taken at a time, the newest first.` : '.'),
    h('p', { class: 'quiet' }, n ? `Each: ${action.will}` : 'There is nothing to do.'),
    n > 0 && action.field === 'note' && note_field(state),
    n > 0 && h('ul', { class: 'rows few' }, state.runs.slice(0, 5).map((r) => h('li', { key: r.id },
      mark(r.state), run_link(r.id), h('bdi', { class: 'clip' }, shown(r.job, 60)))),
    n > 5 && h('li', { class: 'quiet' }, `and ${count(n - 5)} more`)),
  ];
  return [
    h('p', { 'data-testid': 'bulk-summary', 'aria-live': 'polite' }, state.phase === 'done'
      ? `${summary(state)}.` : `${summary(state)} of ${count(n)}.`),
    h('ul', { class: 'rows results', tabindex: 0 }, [...state.results]
      .sort((a, b) => a.ok - b.ok).map((r) => h('li', { key: r.run.id, 'data-run': r.run.id,
        'data-ok': String(r.ok) }, mark(r.ok ? 'COMPLETED' : 'FAILED'), run_link(r.run.id),
      h('span', { class: r.ok ? 'quiet' : 'error-text' }, r.ok ? outcome(r) :
        shown(r.error.message, 300))))),
  ];
}

const outcome = ({ run, answer }) => (answer?.id && answer.id !== run.id
  ? ['continued by ', run_link(answer.id)]
  : `is ${answer?.paused ? 'paused' : String(answer?.state || 'asked').toLowerCase()}${
    answer?.stop && answer.stop !== 'NONE' && answer.state === 'RUNNING' ? ', stopping' : ''}`);

function buttons(state, action, close, go_on) {
  if (state.phase === 'done') return button('Close', close, { class: 'primary' });
  if (state.phase === 'acting') return button('Stop here', () => { state.stop = true; });
  return [button('Leave them', close), state.phase === 'asking' && state.runs.length > 0 &&
    button(`${action.title} ${of(state.runs.length, 'run')}`, go_on, { 'data-testid': 'confirm',
      class: action.destructive ? 'primary destructive' : 'primary' })];
}
