// What may be done to a run, a job or a node: the words for it, and the dialog that asks and tells.
import { h } from './dom.js';
import { write, segment } from './api.js';
import { button, show_dialog } from './dialog.js';
import { ended_badly, live_states } from './states.js';
import { ask_token } from './token_dialog.js';
import { may_write, session } from './token.js';
import { announce } from './frame.js';
import { refresh } from './live.js';
import { fragment, go } from './router.js';
import { is_paused, priority_of } from './sentences.js';
import { of, shown } from './format.js';

/// By name: the states it is for (and of these the runs that `fits` accepts, in words: `which`),
/// what the button says, what will happen. `field`: what else the dialog asks for. `path`: of the
/// API, where it is not the name. `asks`: the words for one run, where they are not the title.
export const run_actions = {
  pause: {
    title: 'Pause', states: live_states, body: {}, field: 'note',
    fits: (r) => !is_paused(r), which: 'not paused',
    will: 'Nothing more of it begins; partitions that are under way end. It can be resumed.',
  },
  resume: {
    title: 'Resume', states: live_states, body: {},
    fits: is_paused, which: 'paused',
    will: 'It goes on: nodes claim its partitions again.',
  },
  priority: {
    title: 'Priority', states: live_states, body: {}, field: 'priority', single: true,
    will: 'Nodes claim partitions of the run with the highest priority first. What is under way ' +
      'is not interrupted.',
  },
  cancel: {
    title: 'Cancel', states: live_states, body: { now: false },
    will: 'Partitions stop at their next checkpoint, and the run is STOPPED. It can be restarted ' +
      'later: completed partitions keep their results.',
  },
  restart: {
    title: 'Restart', states: ended_badly, body: {},
    will: 'A new run continues it: completed partitions keep their results, the others go on ' +
      'from their checkpoints.',
  },
  skipped: {
    title: 'Retry skipped', asks: 'Retry the skipped items of', path: 'restart', single: true,
    states: [...ended_badly, 'COMPLETED'], body: { skipped: true },
    fits: (r) => Number(r.items?.skipped) > 0,
    will: 'A new run continues it and tries the skipped items again. Other items of completed ' +
      'partitions stay as they are, unless a partition writes files: it makes them anew.',
  },
  abandon: {
    title: 'Abandon', states: ended_badly, body: {}, destructive: true,
    will: 'Nobody shall continue it: it cannot be restarted any more. Its results stay.',
  },
};

export const post_run = (id, action, body) =>
  write(`runs/${segment(id)}/${action}`, body, session.token);

/// Asks for a token first when there is none.
export function with_token(ctx, then) {
  if (may_write()) then();
  else ask_token(ctx, then);
}

/// What the dialog of an action asks for, as text in `chosen[name]`; `note`: what it may be.
export const text_field = (chosen, name, label, note, props = {}) => h('div', { class: 'field' },
  h('label', { for: `${name}-field` }, label, h('span', { class: 'quiet' }, `, ${note}`)),
  h('input', { id: `${name}-field`, type: 'text', autocomplete: 'off', autofocus: true,
    value: chosen[name], 'data-testid': `${name}-field`, ...props,
    oninput: (e) => { chosen[name] = e.target.value; } }));

/// For others to read why.
export const note_field = (chosen) => text_field(chosen, 'note', 'Why',
  'for others to read; may be left out', { maxlength: 1000 });

export const number_field = (chosen, label, note, props = {}) =>
  text_field(chosen, 'number', label, note, { inputmode: 'numeric', ...props });

/// Throws a sentence for what is no whole number from `least` to `most`.
export function whole_number(text, least, most) {
  const typed = String(text).trim().replace(/^[−+]/, (c) => (c === '+' ? '' : '-'));
  const n = Number(typed);
  if (!/^-?\d+$/.test(typed) || n < least || n > most)
    throw new Error(`“${shown(text, 40)}” is no whole number from ${least} to ${most}.`);
  return n;
}

/// One thing: asks, does it, and says in the same dialog when it did not work.
/// {title, what, will, confirm, destructive, options(redraw), run() → promise, done(answer)}
export function ask_and_do(ctx, action) {
  with_token(ctx, () => {
    const state = { busy: false, error: null };
    show_dialog((redraw, close) => {
      const submit = async () => {
        if (state.busy) return;
        state.busy = true;
        state.error = null;
        redraw();
        try {
          const answer = await action.run();
          close();
          announce(action.said || 'Done.');
          refresh();
          action.done?.(answer);
        } catch (e) {
          state.busy = false;
          state.error = e;
          redraw();
        }
      };
      return {
        title: action.title,
        body: [h('p', { 'data-testid': 'what' }, action.what),
               h('p', { class: 'quiet' }, action.will), action.options?.(redraw),
               h('p', { class: 'error-text', 'aria-live': 'assertive', 'data-testid':
                 'action-error' }, state.error ? [shown(state.error.message, 400), ' ',
               shown(state.error.hint, 300)] : '')],
        buttons: [button('Leave it', close), h('button', { type: 'submit', autofocus: true,
          class: action.destructive ? 'primary destructive' : 'primary', disabled: state.busy,
          'data-testid': 'confirm' }, state.busy ? 'Asking the server' : action.confirm)],
        submit,
      };
    }, { testid: 'confirm-dialog' });
  });
}

/// The buttons of one run: those that its state allows.
export function run_buttons(ctx, run) {
  if (run.purged_at) return [];
  return Object.entries(run_actions).filter(([, a]) => a.states.includes(run.state))
    .filter(([name]) => !(name === 'cancel' && run.stop === 'NOW'))
    .filter(([, a]) => !run.continued_by && (a.fits?.(run) ?? true))
    .map(([name, a]) => button(`${a.title}…`, () => ask_about_run(ctx, run, name, a), {
      key: name, 'data-testid': `action-${name}`,
      class: a.destructive ? 'destructive' : null }));
}

function ask_about_run(ctx, run, name, a) {
  const chosen = { now: run.stop === 'STOP', note: '', number: String(priority_of(run)) };
  const p = run.partitions || {};
  const left = p.total - p.completed - p.failed;
  ask_and_do(ctx, {
    title: `${a.asks || a.title} run #${shown(run.id, 24)}?`,
    what: `${shown(run.job, 80)}: ${of(p.completed, 'partition')} completed, ${
      of(p.failed, 'partition')} failed, ${of(left, 'partition')} left.`,
    will: [a.will, name === 'resume' && run.job_paused === true &&
      ' Its job is paused, too: until that is resumed, nothing begins.'],
    destructive: a.destructive, confirm: `${a.title} run #${shown(run.id, 24)}`,
    said: `${a.title}: run ${run.id}, done.`,
    options: (redraw) => options_of(name, a, chosen, redraw),
    run: () => post_run(run.id, a.path || name, body_of(name, a, chosen)),
    done: (answer) => (a.path || name) === 'restart' && answer?.id &&
      go(fragment(['runs', answer.id])),
  });
}

function options_of(name, a, chosen, redraw) {
  if (a.field === 'note') return note_field(chosen);
  if (a.field === 'priority')
    return number_field(chosen, 'Priority', 'from −1000 to 1000; 0 is the usual one');
  return name === 'cancel' && h('label', { class: 'check' },
    h('input', { type: 'checkbox', checked: chosen.now, 'data-testid': 'cancel-now',
      onchange: (e) => {
        chosen.now = e.target.checked;
        redraw();
      } }),
    'Without waiting: what executors still hold is given back, later results are dropped');
}

/// Throws a sentence for what cannot be sent.
function body_of(name, a, chosen) {
  if (a.field === 'note') return { note: chosen.note.trim() };
  if (a.field === 'priority') return { priority: whole_number(chosen.number, -1000, 1000) };
  return name === 'cancel' ? { now: chosen.now } : a.body;
}

/// Pause or resume of a job, whichever it is not.
export function job_button(ctx, job, held) {
  const shown_job = shown(job.name, 80);
  const post = (action, body) =>
    write(`jobs/${segment(job.name)}/${action}`, body, session.token);
  const ask_to_pause = () => {
    const chosen = { note: '' };
    ask_and_do(ctx, {
      title: `Pause the job ${shown_job}?`,
      what: 'It holds for all of its runs, also for those that are submitted later.',
      will: 'Nothing more of them begins; partitions that are under way end.',
      confirm: 'Pause the job', said: `${shown_job} is paused.`,
      options: () => note_field(chosen),
      run: () => post('pause', { note: chosen.note.trim() }),
    });
  };
  const ask_to_resume = () => ask_and_do(ctx, {
    title: `Resume the job ${shown_job}?`,
    what: 'Its runs go on, but for those that are paused themselves.',
    confirm: 'Resume the job', said: `${shown_job} goes on.`,
    run: () => post('resume', {}),
  });
  return held
    ? button('Resume…', ask_to_resume, { key: 'resume', 'data-testid': 'action-resume-job' })
    : button('Pause…', ask_to_pause, { key: 'pause', 'data-testid': 'action-pause-job' });
}

export function drain_button(ctx, node) {
  if (node.state !== 'ACTIVE' && node.state !== 'UNREACHABLE') return null;
  return button('Drain…', () => ask_and_do(ctx, {
    title: `Drain ${shown(node.name, 80)}?`,
    what: `${of(node.running, 'partition')} under way on ${of(node.slots, 'executor')}, ${
      of((node.leases || []).length, 'lease')} held, ${
      of((node.masters || []).length, 'run')} driven.`,
    will: 'It claims nothing more, gives back at once what has not begun, hands over the runs it ' +
      'drives, and its process ends when what is under way has ended. Nothing starts it again ' +
      'from here.',
    confirm: `Drain ${shown(node.name, 40)}`, destructive: true, said: `${node.name} drains.`,
    run: () => write(`nodes/${segment(node.id)}/drain`, {}, session.token),
  }), { 'data-testid': 'action-drain', class: 'destructive' });
}
