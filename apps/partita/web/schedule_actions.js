// What may be done to a schedule: pause, resume, start a run now.
import { segment, write } from './api.js';
import { button } from './dialog.js';
import { ask_and_do, note_field } from './actions.js';
import { fragment, go } from './router.js';
import { is_paused } from './sentences.js';
import { session } from './token.js';
import { ago, shown } from './format.js';

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
  return [
    is_paused(s) ? button('Resume…', ask_to_resume, { key: 'resume',
      'data-testid': 'action-resume' })
      : button('Pause…', ask_to_pause, { key: 'pause', 'data-testid': 'action-pause' }),
    button('Run now…', ask_to_run, { key: 'run', 'data-testid': 'action-run' }),
  ];
}
