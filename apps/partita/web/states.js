// The states that the engine knows. Pure.

export const run_states = ['CREATED', 'RUNNING', 'COMPLETED', 'FAILED', 'STOPPED', 'ABANDONED'];
export const live_states = ['CREATED', 'RUNNING'];
export const ended_badly = ['FAILED', 'STOPPED'];

/// The document of the run whose view this is, once it is known.
export function run_in(ctx) {
  const r = ctx.value('run');
  return r?.id === ctx.route.parts[1] ? r : undefined;
}

export const is_live = (run) => live_states.includes(run?.state);
