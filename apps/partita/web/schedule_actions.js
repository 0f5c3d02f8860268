// What may be done to a schedule: pause, resume, start a run now, or those of ticks in the past.
import { h } from './dom.js';
import { segment, write } from './api.js';
import { now } from './clock.js';
import { button, show_dialog } from './dialog.js';
import { ask_and_do, note_field, text_field } from './actions.js';
import { announce } from './frame.js';
import { run_link } from './parts.js';
import { fragment, go } from './router.js';
import { is_paused } from './sentences.js';
import { session } from './token.js';
import { moment_of } from './spans.js';
import { ago, count, of, shown } from './format.js';

export function schedule_buttons(ctx, s) {
  const name = shown(s.name, 80);
  const post = (action, body) =>
    write(`schedules/${segment(s.name)}/${action}`, body, session.token);
  const what = `It starts runs of ${shown(s.job, 80)}: ${shown(s.trigger, 200)}, ${
    shown(s.zone, 60)}.`;
  const ask_to_pause = () => {
    const chosen = { note: '' };
    ask_and_do(ctx, {
      title: `Pause ${name}?`, what,
      will: 'It starts no runs until it is resumed. Runs that it has started go on.',
      confirm: 'Pause', said: `${name} is paused.`, options: () => note_field(chosen),
      run: () => post('pause', { note: chosen.note.trim() }),
    });
  };
  const ask_to_resume = () => ask_and_do(ctx, {
    title: `Resume ${name}?`, what,
    will: 'It goes on with the first tick after now. Ticks that passed while it was paused ' +
      'start no runs.',
    confirm: 'Resume', said: `${name} goes on.`, run: () => post('resume', {}),
  });
  const ask_to_run = () => ask_and_do(ctx, {
    title: `Start a run of ${name} now?`,
    what: `A run of ${shown(s.job, 80)} with the parameters of the schedule${
      s.next_tick ? `; the next tick is ${ago(s.next_tick, ctx.now)}` : ''}.`,
    will: 'It is submitted at once, also while another run of the schedule is live. The next ' +
      'tick stays where it is.',
    confirm: 'Start a run', said: `A run of ${name} was submitted.`,
    run: () => post('run', {}),
    done: (answer) => answer?.id && go(fragment(['runs', answer.id])),
  });
  const ask_to_backfill = () => {
    const chosen = { from: '', to: '' };
    ask_and_do(ctx, {
      title: `Backfill ${name}?`, what,
      will: 'Each tick from the first to the last that has no run yet gets one, at once and with ' +
        'the parameters of the schedule. How many these are, its trigger tells: ask for a short ' +
        'time first.',
      confirm: 'Start the runs',
      options: () => [
        text_field(chosen, 'from', 'From',
          '2026-03-01 or 2026-03-01T10:20 (UTC), or 3d: three days ago'),
        text_field(chosen, 'to', 'To', 'the same; left empty: now'),
      ],
      run: () => post('backfill', span_of(chosen)),
      done: (answer) => tell_runs(name, answer?.runs || []),
    });
  };
  return [
    is_paused(s) ? button('Resume…', ask_to_resume, { key: 'resume',
      'data-testid': 'action-resume' })
      : button('Pause…', ask_to_pause, { key: 'pause', 'data-testid': 'action-pause' }),
    button('Run now…', ask_to_run, { key: 'run', 'data-testid': 'action-run' }),
    button('Backfill…', ask_to_backfill, { key: 'backfill', 'data-testid': 'action-backfill' }),
  ];
}

/// Throws a sentence for what cannot be sent.
function span_of({ from, to }) {
  const at = now();
  return { from: moment_of(from, at), ...(to.trim() && { to: moment_of(to, at) }) };
}

const few = 10;

/// What a backfill has come to: the ticks of that time have these runs now.
function tell_runs(name, runs) {
  const said = `${of(runs.length, 'run')} of ${name}`;
  announce(`${said}.`);
  show_dialog((redraw, close) => ({
    title: said,
    body: [h('p', { 'data-testid': 'backfilled' }, runs.length
      ? 'Every tick of that time has a run now.' : 'There is no tick in that time.'),
    h('ul', { class: 'rows few' }, runs.slice(0, few).map((id) => h('li', { key: id },
      run_link(id, { onclick: close }))), runs.length > few &&
      h('li', { class: 'quiet' }, `and ${count(runs.length - few)} more`))],
    buttons: button('Close', close, { class: 'primary', autofocus: true }), submit: close,
  }), { testid: 'backfill-dialog' });
}
