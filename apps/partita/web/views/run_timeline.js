// The timeline within the view of a run.
export const timeline_need = (ctx, base, fresh) => ({ name: 'timeline', keep: `timeline ${base}`,
  url: `${base}/timeline?pixels=1200`, fresh });

export const timeline_section = () => null;
