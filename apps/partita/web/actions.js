// What may be done to a run or a node: the words for it, and the dialog that asks and tells.
import { h } from './dom.js';
import { write, segment } from './api.js';
import { button, show_dialog } from './dialog.js';
import { ended_badly, live_states } from './states.js';
import { ask_token } from './token_dialog.js';
import { may_write, session } from './token.js';
import { announce } from './frame.js';
import { refresh } from './live.js';
import { fragment, go } from './router.js';
import { of, shown } from './format.js';

/// By name: the states it is for, what the button says, what will happen.
export const run_actions = {
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

/// One thing: asks, does it, and says in the same dialog when it did not work.
/// {title, what, will, confirm, destructive, options(redraw), run() → promise, done(answer)}
function ask_and_do(ctx, action) {
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
  return Object.entries(run_actions).filter(([, a]) => a.states.includes(run.state))
    .filter(([name]) => !(name === 'cancel' && run.stop === 'NOW'))
    .filter(() => !run.continued_by)
    .map(([name, a]) => button(`${a.title}…`, () => ask_about_run(ctx, run, name, a), {
      key: name, 'data-testid': `action-${name}`,
      class: a.destructive ? 'destructive' : null }));
}

function ask_about_run(ctx, run, name, a) {
  const chosen = { now: run.stop === 'STOP' };
  const p = run.partitions || {};
  const left = p.total - p.completed - p.failed;
  ask_and_do(ctx, {
    title: `${a.title} run #${shown(run.id, 24)}?`,
    what: `${shown(run.job, 80)}: ${of(p.completed, 'partition')} completed, ${
      of(p.failed, 'partition')} failed, ${of(left, 'partition')} left.`,
    will: a.will, destructive: a.destructive, confirm: `${a.title} run #${shown(run.id, 24)}`,
    said: `${a.title}: run ${run.id}, done.`,
    options: name === 'cancel' && ((redraw) => h('label', { class: 'check' },
      h('input', { type: 'checkbox', checked: chosen.now, 'data-testid': 'cancel-now',
        onchange: (e) => {
          chosen.now = e.target.checked;
          redraw();
        } }),
      'Without waiting: what executors still hold is given back, later results are dropped')),
    run: () => post_run(run.id, name, name === 'cancel' ? { now: chosen.now } : a.body),
    done: (answer) => name === 'restart' && answer?.id && go(fragment(['runs', answer.id])),
  });
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
