// Puts the views together: address, data, keys, and what stands around them.
import { h, patch } from './dom.js';
import { here, start_router } from './router.js';
import { known, live, start_live, want } from './live.js';
import { start_session } from './token.js';
import { start_keys } from './keys.js';
import { draw_banner, draw_tools, health_need } from './frame.js';
import { now } from './clock.js';
import { overview } from './views/overview.js';
import { runs } from './views/runs.js';
import { run } from './views/run.js';
import { partition } from './views/partition.js';
import { nodes } from './views/nodes.js';
import { node } from './views/node.js';
import { schedules } from './views/schedules.js';
import { schedule } from './views/schedule.js';
import { jobs } from './views/jobs.js';
import { job } from './views/job.js';

const nowhere = {
  title: () => 'Not found',
  needs: () => [],
  draw: () => h('div', { class: 'empty' }, h('h1', { tabindex: -1 }, 'There is no such view'),
    h('p', {}, h('a', { href: '#/' }, 'Overview'))),
};

/// The view of an address, and its identity: another one begins with a local state of its own.
function view_of({ parts }) {
  const [first, second, third] = parts;
  if (!parts.length) return { view: overview, top: 'overview', id: 'overview' };
  if (first === 'runs' && parts.length === 1) return { view: runs, top: 'runs', id: 'runs' };
  if (first === 'runs' && third === 'partitions' && parts.length === 5)
    return { view: partition, top: 'runs', id: parts.join('/') };
  if (first === 'runs' && parts.length <= 3 && run.tabs.includes(third || ''))
    return { view: run, top: 'runs', id: `run ${second}` };
  if (first === 'nodes' && parts.length === 1) return { view: nodes, top: 'nodes', id: 'nodes' };
  if (first === 'nodes' && parts.length === 2)
    return { view: node, top: 'nodes', id: `node ${second}` };
  if (first === 'schedules' && parts.length === 1)
    return { view: schedules, top: 'schedules', id: 'schedules' };
  if (first === 'schedules' && parts.length === 2)
    return { view: schedule, top: 'schedules', id: `schedule ${second}` };
  if (first === 'jobs' && parts.length === 1) return { view: jobs, top: 'jobs', id: 'jobs' };
  if (first === 'jobs' && parts.length === 2)
    return { view: job, top: 'jobs', id: `job ${second}` };
  return { view: nowhere, top: '', id: 'nowhere' };
}

const main = document.getElementById('main');
const nav = document.getElementById('nav');
let current = { id: null, local: {} };
let asked = false;

function context() {
  return {
    route: here(), local: current.local, now: now(), redraw,
    get: known, value: (name) => known(name).value, health: known('health').value,
  };
}

function draw() {
  asked = false;
  const route = here();
  const found = view_of(route);
  if (found.id !== current.id) current = { ...found, local: {} };
  const ctx = context();
  want([health_need, ...found.view.needs(ctx)]);
  const focus = document.activeElement;
  patch(main, [h('div', { key: found.id, class: `view ${found.top}` }, found.view.draw(ctx))]);
  // A row that has moved takes its focus along.
  if (focus !== document.activeElement && focus?.isConnected && main.contains(focus)) focus.focus();
  document.title = `${found.view.title(ctx)} · Partita`;
  for (const a of nav.children) {
    if (a.dataset.view === found.top) a.setAttribute('aria-current', 'page');
    else a.removeAttribute('aria-current');
  }
  draw_tools(ctx);
  draw_banner(ctx);
}

/// Draws at the next frame; in a hidden tab at once, since there are no frames.
function redraw() {
  if (asked) return;
  asked = true;
  if (document.hidden) setTimeout(draw);
  else requestAnimationFrame(draw);
}

start_router((route, { fresh }) => {
  const before = current.id;
  draw();
  if (current.id !== before && fresh) {
    scrollTo(0, 0);
    (main.querySelector('h1') || main).focus({ preventScroll: true });
  }
});
start_live(redraw);
start_session(redraw);
start_keys(redraw);
document.getElementById('skip').onclick = (e) => {
  e.preventDefault();
  main.focus();
};
// Ages go on between two answers.
setInterval(() => !live.paused && !document.hidden && redraw(), 1000);
draw();
