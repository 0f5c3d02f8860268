// The states that the engine knows. Pure.

export const run_states = ['CREATED', 'RUNNING', 'COMPLETED', 'FAILED', 'STOPPED', 'ABANDONED'];
export const live_states = ['CREATED', 'RUNNING'];
export const ended_badly = ['FAILED', 'STOPPED'];

export const is_live = (run) => live_states.includes(run?.state);
