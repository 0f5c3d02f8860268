// The jobs that the cluster knows.
import { h } from '../dom.js';
import { fragment } from '../router.js';
import { empty, failure, mark, name, run_link, table, waiting_for_first, when } from '../parts.js';
import { limits_need, limits_section } from '../limits.js';
import { retention_need, retention_section } from '../retention.js';
import * as f from '../format.js';

export const jobs = {
  title: () => 'Jobs',

  needs: () => [{ name: 'jobs', url: 'jobs', fresh: 'slow' }, limits_need,
                retention_need],

  draw(ctx) {
    const { value, error } = ctx.get('jobs');
    return [
      h('div', { class: 'title-row' }, h('h1', { tabindex: -1 }, 'Jobs'), value &&
        h('span', { class: 'quiet' }, f.count(value.items.length))),
      error && failure(error),
      !value && !error && waiting_for_first(),
      value && !value.items.length && empty('No node has told what jobs it knows. Start one:',
        'partita node --name mine'),
      value?.items.length > 0 && table([
        ['Job', 'name-cell', (j) => [h('a', { href: fragment(['jobs', j.name]) }, name(j.name, 80)),
          h('span', { class: 'quiet' }, ` v${j.version}`),
          j.paused && h('div', { class: 'quiet clip', title: f.shown(j.paused.note, 400) },
            `paused${j.paused.note ? `: ${f.shown(j.paused.note, 80)}` : ''}`),
          h('div', { class: 'quiet clip', title: f.shown(j.about, 400) }, f.shown(j.about, 160))]],
        ['Steps', 'wide-only name-cell', (j) => h('span', { class: 'clip block' },
          (j.steps || []).slice(0, 12).map((s) => f.shown(s, 40)).join(' → '))],
        ['Nodes', 'num', (j) => ((j.nodes || []).length ? h('span', { title:
          j.nodes.slice(0, 30).map((n) => f.shown(n, 40)).join(', ') }, f.count(j.nodes.length))
          : h('b', { class: 'warned-text' }, 'none'))],
        ['Mean', 'num', (j) => f.duration(j.mean_s)],
        ['95 % up to', 'num wide-only', (j) => f.duration(j.p95_s)],
        ['Last success', 'num wide-only', (j) => when(j.last_success_at, 'never')],
        ['Last run', 'num', (j) => (j.last_run ? h('span', { class: 'badge' }, mark(
          j.last_run.state), run_link(j.last_run.id, { title: j.last_run.state.toLowerCase() }))
          : '–')],
      ], value.items, { key: (j) => `${j.name}/${j.version}`, label: 'Jobs',
                        'data-testid': 'jobs-table', row_props: (j) => ({ 'data-job': j.name }) }),
      limits_section(ctx),
      retention_section(ctx),
    ];
  },
};
