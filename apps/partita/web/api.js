// The HTTP API. Addresses are relative to the page, so that any path prefix works.

const base = new URL('api/v1/', document.baseURI);
const patience_ms = 20000;

export class api_error extends Error {
  /// `status` 0: no answer at all.
  constructor(status, code, message, hint, details) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint || '';
    this.details = details;
  }
  /// The server or its database is away: what was asked for may be there all the same.
  get away() {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

/// Parses JSON; integers that a number cannot hold become big integers, digit for digit.
export function parse(text) {
  if (!/[0-9]{16}/.test(text)) return JSON.parse(text);
  return JSON.parse(text, (key, value, context) =>
    typeof value === 'number' && /^-?[0-9]+$/.test(context?.source || '') &&
    !Number.isSafeInteger(value)
      ? BigInt(context.source)
      : value);
}

async function failure_of(answer) {
  let error = {};
  try {
    error = JSON.parse(await answer.text()).error || {};
  } catch {
    // A proxy answers with a page of its own.
  }
  const said = error.message || `The server answered ${answer.status} ${answer.statusText}.`;
  return new api_error(answer.status, error.code || 'unknown', said, error.hint, error.details);
}

async function send(path, options, signal) {
  const limit = AbortSignal.timeout(patience_ms);
  let answer, text;
  try {
    answer = await fetch(new URL(path, base), {
      ...options,
      credentials: 'same-origin',
      redirect: 'error',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    if (!answer.ok) throw await failure_of(answer);
    text = await answer.text();
  } catch (e) {
    if (e instanceof api_error || signal?.aborted) throw e;
    const said = limit.aborted ? 'The server did not answer in time.'
      : 'The server does not answer.';
    throw new api_error(0, 'no_answer', said, 'Is the node or `partita serve` still running?');
  }
  return text;
}

/// The text of the answer: the caller may find that it is the one it has.
export const read_text = (path, signal) => send(path, { headers: { accept: 'application/json' } },
  signal);

export const read = async (path, signal, headers = {}) =>
  parse(await send(path, { headers: { accept: 'application/json', ...headers } }, signal));

/// `body`: an object, or JSON text where digits matter.
export async function write(path, body, token, headers = {}) {
  const text = await send(path, {
    method: 'POST',
    headers: {
      accept: 'application/json', 'content-type': 'application/json',
      authorization: `Bearer ${token}`, ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return text ? parse(text) : null;
}

/// `query({state: 'FAILED', before: null})` is "?state=FAILED".
export function query(fields) {
  const q = new URLSearchParams();
  for (const [name, value] of Object.entries(fields))
    if (value !== null && value !== undefined && value !== '') q.set(name, value);
  const text = q.toString();
  return text ? `?${text}` : '';
}

export const segment = encodeURIComponent;
