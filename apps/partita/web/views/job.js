// One job: what it takes, what it did, and a form that launches it.
import { h } from '../dom.js';
import { query, write } from '../api.js';
import { fragment, go, here, replace } from '../router.js';
import { bar, empty, facts, failure, fraction, mark, name, run_link, section, waiting_for_first,
         when } from '../parts.js';
import { check_form, command_of } from '../launch_form.js';
import { job_button, with_token } from '../actions.js';
import { kept_line, retention_need } from '../retention.js';
import { is_paused } from '../sentences.js';
import { session } from '../token.js';
import { announce } from '../frame.js';
import * as f from '../format.js';

export const job = {
  title: (ctx) => `Job ${f.shown(ctx.route.parts[1], 60)}`,

  needs: (ctx) => [
    { name: 'jobs', url: 'jobs', fresh: 'slow' },
    { name: 'runs', url: `runs${query({ job: ctx.route.parts[1], limit: 12 })}`, fresh: 'always' },
    retention_need,
  ],

  draw(ctx) {
    const { value, error } = ctx.get('jobs');
    const [, wanted] = ctx.route.parts;
    const j = value?.items.find((one) => one.name === wanted);
    const held = j && is_held(ctx, j);
    return [
      h('div', { class: 'title-row' }, h('h1', { tabindex: -1, 'data-testid': 'job-title' },
        name(wanted, 160), j && h('span', { class: 'quiet' }, ` v${j.version}`)),
      h('span', { class: 'grow' }), j && job_button(ctx, j, held)),
      held && h('p', { class: 'sentence', 'data-testid': 'job-paused' }, mark('PAUSED'),
        h('span', {}, 'It is paused: nothing more of its runs begins.')),
      error && failure(error),
      !value && !error && waiting_for_first(),
      value && !j && empty('No node at work knows this job.', 'partita node --name mine'),
      j && [
        h('p', { class: 'about' }, f.shown(j.about, 600)),
        facts([
          ['Steps', (j.steps || []).map((s) => f.shown(s, 60)).join(' → ')],
          ['Known by', (j.nodes || []).length ? f.of(j.nodes.length, 'node')
            : h('b', { class: 'warned-text' }, 'no node at work: runs would wait')],
          ['Mean', f.duration(j.mean_s)],
          ['95 % up to', f.duration(j.p95_s)],
          ['Looked at', f.of(j.runs_seen, 'newest run')],
          ['Last success', when(j.last_success_at, 'never')],
          ['Its runs are kept', kept_line(ctx, j.name)],
        ]),
        h('div', { class: 'columns' }, launch(ctx, j), runs_of(ctx, j)),
      ],
    ];
  },
};

/// Whether the job is paused: its newest run tells it first.
function is_held(ctx, j) {
  const newest = ctx.value('runs')?.items?.[0];
  return newest ? newest.job_paused === true : is_paused(j);
}

function runs_of(ctx, j) {
  const { value } = ctx.get('runs');
  return section('Its newest runs', { aside: h('a', { href: fragment(['runs'], { job: j.name }) },
    'All of them') },
  !value && waiting_for_first(),
  value && !value.items.length && h('p', { class: 'quiet' }, 'None yet.'),
  h('ul', { class: 'rows' }, (value?.items || []).map((r) => h('li', { key: r.id,
    'data-run': r.id }, mark(r.state), run_link(r.id), h('span', { class: 'grow' },
    bar(r.partitions, r.progress, r.state)), h('span', { class: 'num quiet wide-only' },
    fraction(r.partitions)), h('span', { class: 'num' }, f.duration(r.duration_s)),
  h('span', { class: 'quiet age' }, when(r.created_at))))));
}

/// What is typed: in the address, so that a filled form can be sent to somebody.
function typed_in(ctx, j) {
  return Object.fromEntries((j.parameters || []).map((p) => [p.name,
    ctx.route.query.get(`p.${p.name}`) ?? '']));
}

function launch(ctx, j) {
  const typed = typed_in(ctx, j);
  const { errors } = check_form(j, typed);
  const local = ctx.local;
  local.touched ??= new Set();
  const wrong = (p) => ((local.tried || local.touched.has(p.name)) ? errors[p.name] : '') || '';
  const change = (p, text) => {
    local.said = null;
    const fields = { ...typed, [p.name]: text };
    replace(fragment(['jobs', j.name], Object.fromEntries(Object.entries(fields)
      .map(([k, v]) => [`p.${k}`, v]))));
  };
  return section('Launch', { 'data-testid': 'launch' }, h('form', { class: 'launch',
    novalidate: true, onsubmit: (e) => {
      e.preventDefault();
      submit(ctx, j, typed_in({ route: here() }, j));
    } },
  !(j.parameters || []).length && h('p', { class: 'quiet' }, 'It takes no parameters.'),
  (j.parameters || []).map((p, i) => field(p, i, typed[p.name], wrong(p), change, () => {
    local.touched.add(p.name);
    ctx.redraw();
  })),
  h('div', {}, h('div', { class: 'quiet small' }, 'The same on the command line'),
    h('pre', { class: 'command', 'data-testid': 'command' }, f.shown_lines(command_of(j, typed),
      2000))),
  h('p', { class: 'error-text', 'aria-live': 'assertive', 'data-testid': 'launch-error' },
    local.said ? [f.shown(local.said.message, 400), ' ', f.shown(local.said.hint, 300)] : ''),
  h('div', {}, h('button', { type: 'submit', class: 'primary', disabled: local.busy,
    'data-testid': 'launch-submit' }, local.busy ? 'Submitting' : 'Launch'))));
}

function field(p, i, value, error, change, left) {
  const id = `parameter-${i}`;
  const common = { id, name: p.name, 'data-parameter': p.name, 'aria-describedby': `${id}-about`,
                   'aria-invalid': error ? 'true' : null, 'aria-required': String(p.required),
                   onblur: left };
  const given = p.default !== null && p.default !== undefined;
  const choices = p.one_of?.length ? p.one_of.map(String)
    : p.type === 'boolean' ? ['true', 'false'] : null;
  return h('div', { key: p.name, class: 'field' },
    h('label', { for: id }, h('bdi', {}, f.shown(p.name, 60)), h('span', { class: 'quiet' }, ` ${
      p.type}${p.required && !given ? ', required' : given ? '' : ', may be left out'}`)),
    choices
      ? h('select', { ...common, value, onchange: (e) => change(p, e.target.value) },
        h('option', { value: '' }, given ? `${f.shown(p.default, 60)} (default)` : '–'),
        choices.map((c) => h('option', { key: c, value: c }, f.shown(c, 80))))
      : h('input', { ...common, type: 'text', value, autocomplete: 'off', spellcheck: 'false',
        inputmode: p.type === 'integer' || p.type === 'number' ? 'decimal' : null,
        placeholder: given ? `${f.shown(f.value_text(p.default), 60)} (default)` : null,
        oninput: (e) => change(p, e.target.value) }),
    h('div', { id: `${id}-about`, class: 'small' }, p.about && h('span', { class: 'quiet' },
      f.shown(p.about, 300), ' '), h('span', { class: 'error-text', 'data-error-of': p.name },
      error)));
}

/// A number that is this submission's own: sent again, it finds the same run.
function new_key() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `page ${[...bytes].map((b) => b.toString(16).padStart(2, '0')).join('')}`;
}

function submit(ctx, j, typed) {
  const local = ctx.local;
  if (local.busy) return;
  const { body, errors } = check_form(j, typed);
  local.tried = true;
  if (!body) {
    const first = (j.parameters || []).findIndex((p) => errors[p.name]);
    announce(errors[j.parameters[first].name]);
    document.getElementById(`parameter-${first}`)?.focus();
    ctx.redraw();
    return;
  }
  with_token(ctx, async () => {
    if (local.body !== body) Object.assign(local, { body, key: new_key() });
    Object.assign(local, { busy: true, said: null });
    ctx.redraw();
    try {
      const run = await write('runs', body, session.token, { 'idempotency-key': local.key });
      local.body = null;
      announce(`Run ${run.id} was submitted.`);
      go(fragment(['runs', run.id]));
    } catch (e) {
      local.said = e;
    }
    local.busy = false;
    ctx.redraw();
  });
}
