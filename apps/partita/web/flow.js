// Steps as the flow they form: one after the other, flows of a group side by side.
import { h } from './dom.js';
import { fragment } from './router.js';
import { bar, fraction, mark } from './parts.js';
import { duration, shown } from './format.js';

/// The plan as stages: a step of the job's own sequence, or flows side by side. `group` is
/// "GROUP.FLOW"; a text without a dot is a flow of the group that its neighbours form.
export function stages(plan) {
  const list = [];
  for (const step of plan) {
    if (!step.group) {
      list.push([[step]]);
      continue;
    }
    const [group, flow] = String(step.group).includes('.') ? String(step.group).split('.')
      : ['', String(step.group)];
    const last = list[list.length - 1];
    if (last?.group !== group || last?.group === undefined) {
      const stage = [[step]];
      stage.group = group;
      stage.flows = [flow];
      list.push(stage);
    } else if (last.flows.includes(flow)) {
      last[last.flows.indexOf(flow)].push(step);
    } else {
      last.flows.push(flow);
      last.push([step]);
    }
  }
  return list;
}

export function flow(run) {
  const begun = new Map((run.steps || []).map((s) => [s.name, s]));
  const plan = run.plan?.length ? run.plan : run.steps || [];
  if (!plan.length) return h('p', { class: 'quiet' },
    'The steps are known when a node drives the run.');
  return h('ol', { class: 'flow', 'data-testid': 'flow' }, stages(plan).map((stage, i) =>
    h('li', { key: i, class: stage.length > 1 ? 'stage parallel' : 'stage' },
      stage.map((steps, k) => h('ol', { key: k, class: 'lane' }, steps.map((step) =>
        card(run, step, begun.get(step.name))))))));
}

function card(run, step, known) {
  const state = known?.state || 'CREATED';
  const p = known?.partitions;
  const about = known ? [
    known.kind !== 'TASKLET' && fraction(p),
    known.state === 'JUMPED_OVER' ? 'jumped over' : duration(known.duration_s),
  ].filter((t) => t && t !== '–').join(' · ')
    : step.on_failure ? 'only after a failure' : 'not yet';
  return h('li', { key: step.name, class: `step ${state.toLowerCase()}`, 'data-step': step.name,
    'data-state': known?.state || 'NOT_BEGUN' },
  h('div', { class: 'step-head' }, mark(state),
    known && known.kind !== 'TASKLET' ? h('a', { class: 'plain clip',
      href: fragment(['runs', run.id, 'partitions'], { step: step.name }) }, shown(step.name, 60))
      : h('span', { class: 'clip' }, shown(step.name, 60)),
    (known?.kind || step.kind) === 'TASKLET' && h('span', { class: 'quiet small' }, 'tasklet')),
  bar(known?.kind === 'TASKLET' ? null : p, known ? (known.state === 'COMPLETED' ? 1
    : known.progress ?? 0) : 0, state),
  h('div', { class: 'quiet small clip' }, about),
  known?.decision && h('div', { class: 'small clip' }, `next: ${
    shown(known.decision.text || known.decision.kind, 60)}`),
  known?.error && h('div', { class: 'error-text small clip', title: shown(known.error, 600) },
    shown(known.error, 120)));
}
