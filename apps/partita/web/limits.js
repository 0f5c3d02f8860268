// Limits: how many partitions may be under way at once, over all runs and nodes.
import { h } from './dom.js';
import { segment, write } from './api.js';
import { button } from './dialog.js';
import { ask_and_do, number_field, whole_number } from './actions.js';
import { name, section, table } from './parts.js';
import { session } from './token.js';
import { count, of, shown } from './format.js';

const most = 2 ** 31 - 1;

export const limits_need = { name: 'limits', url: 'limits', fresh: 'always' };

const is_open = (l) => l.slots === null || l.slots === undefined;

export function limits_section(ctx) {
  const list = ctx.value('limits')?.items || [];
  return list.length > 0 && section('Limits', { 'data-testid': 'limits', aside: h('span', {
    class: 'quiet' }, 'partitions under way at once in the cluster') }, table([
    ['Limit', 'name-cell', (l) => name(l.name, 80)],
    ['At once', 'num fit', (l) => (is_open(l) ? 'any' : count(l.slots))],
    ['In use', 'bar-cell', in_use],
    [h('span', { class: 'unseen' }, 'Set'), 'num fit', (l) => button('Set…', () =>
      ask(ctx, l), { class: 'link', 'data-testid': 'action-limit',
      'aria-label': `Set the limit ${shown(l.name, 80)}` })],
  ], list, { key: (l) => l.name, label: 'Limits', 'data-testid': 'limits-table',
             row_props: (l) => ({ 'data-limit': l.name }) }));
}

/// More may be in use than the limit allows: what is under way when it is lowered goes on.
function in_use(l) {
  const used = Number(l.in_use) || 0;
  const slots = Number(l.slots);
  const share = is_open(l) || !used ? 0 : Math.min(1, used / slots);
  const full = !is_open(l) && used >= slots;
  return [!is_open(l) && h('span', { class: 'bar running', style: {
    '--claimed': `${100 * share}%` } }),
          h('span', { class: 'under-bar' }, count(l.in_use), full && h('b', {
            class: 'warned-text' }, slots === 0 ? ', closed' : ', full'))];
}

function ask(ctx, l) {
  const limit = shown(l.name, 80);
  const chosen = { number: is_open(l) ? '' : String(l.slots) };
  ask_and_do(ctx, {
    title: `Set the limit ${limit}?`,
    what: `${is_open(l) ? 'It allows any number' : `It allows ${of(l.slots, 'partition')}`} at ` +
      `once; ${count(l.in_use)} under way.`,
    will: 'It holds for every step that names it. What is under way goes on; 0 lets nothing more ' +
      'begin.',
    confirm: 'Set it', said: `The limit ${limit} is set.`,
    options: () => number_field(chosen, 'At once', 'left empty: any number'),
    run: () => write(`limits/${segment(l.name)}`, {
      slots: String(chosen.number).trim() === '' ? null : whole_number(chosen.number, 0, most),
    }, session.token),
  });
}
