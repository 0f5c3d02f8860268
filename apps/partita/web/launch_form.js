// What is typed into the form of a job: whether it is right, and as JSON. Pure.
import { shown } from './format.js';

const least = -(2n ** 63n);
const most = 2n ** 63n - 1n;

/// {json: text of a value, or null when it is left out} or {error: sentence}.
function check_value(parameter, typed) {
  const text = parameter.type === 'string' ? typed : typed.trim();
  if (text === '') {
    const needed = parameter.required && (parameter.default === null ||
      parameter.default === undefined);
    return needed ? { error: `${shown(parameter.name, 60)} is required.` } : { json: null };
  }
  const allowed = parameter.one_of || [];
  if (allowed.length && !allowed.some((v) => String(v) === text))
    return { error: `It is one of ${allowed.map((v) => shown(v, 40)).join(', ')}.` };
  switch (parameter.type) {
    case 'integer': {
      if (!/^[+-]?\d+$/.test(text)) return { error: `“${shown(text, 40)}” is no whole number.` };
      const n = BigInt(text.replace(/^\+/, ''));
      if (n < least || n > most) return { error: 'It does not fit into 64 bits.' };
      return { json: String(n) };
    }
    case 'number': {
      const n = Number(text);
      if (!Number.isFinite(n)) return { error: `“${shown(text, 40)}” is no number.` };
      return { json: JSON.stringify(n) };
    }
    case 'boolean':
      if (text !== 'true' && text !== 'false') return { error: 'It is true or false.' };
      return { json: text };
    default:
      return { json: JSON.stringify(text) };
  }
}

/// {body: JSON text} or {errors: {name: sentence}}; `typed`: text by parameter.
export function check_form(job, typed) {
  const errors = {};
  const fields = [];
  for (const p of job.parameters || []) {
    const { json, error } = check_value(p, typed[p.name] ?? '');
    if (error) errors[p.name] = error;
    else if (json !== null) fields.push(`${JSON.stringify(p.name)}:${json}`);
  }
  const body = `{"job":${JSON.stringify(job.name)},"version":${Number(job.version)},` +
    `"parameters":{${fields.join(',')}}}`;
  return Object.keys(errors).length ? { errors } : { body, errors };
}

const quoted = (v) => (/^[\w@%+=:,./-]*$/.test(v) ? v : `'${v.replaceAll("'", "'\\''")}'`);

/// The same on the command line.
export function command_of(job, typed) {
  const given = (job.parameters || []).filter((p) => (typed[p.name] ?? '') !== '')
    .map((p) => ` ${quoted(`${p.name}=${typed[p.name]}`)}`);
  return `partita submit ${quoted(job.name)}${given.join('')}`;
}
