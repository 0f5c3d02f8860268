// The filter of runs as text, `job:screening state:failed since:-24h input:/in/*`, as fields of an
// address, and as a question to the API. Pure.
import { run_states } from './states.js';

const qualifiers = ['job', 'state', 'since', 'until'];

/// "a b:\"c d\"" as words: [{text, from, to}]; quotes keep blanks together.
export function words(text) {
  const found = [];
  const pattern = /(?:[^\s"]|"(?:[^"\\]|\\.)*"?)+/g;
  for (let m = pattern.exec(text); m; m = pattern.exec(text))
    found.push({ text: m[0], from: m.index, to: m.index + m[0].length });
  return found;
}

function unquoted(value) {
  if (!value.startsWith('"')) return value;
  return value.replace(/^"|"$/g, '').replace(/\\(.)/g, '$1');
}

const quoted = (value) => (/[\s"]/.test(value) || value === ''
  ? `"${value.replace(/["\\]/g, '\\$&')}"` : value);

/// Whether the API takes it: an exact time, a day, or -24h, -7d, -30m.
const is_time = (v) => /^-\d+(s|m|h|d|w)$/.test(v) ||
  (/^\d{4}-\d\d-\d\d/.test(v) && !Number.isNaN(Date.parse(v)));

/// {fields: {job, state, since, until, "param.NAME"}, errors: [sentence]}
export function parse_filter(text) {
  const fields = {};
  const errors = [];
  for (const { text: word } of words(text)) {
    const cut = word.indexOf(':');
    if (cut <= 0) {
      errors.push(`“${word}” has no qualifier. Write job:${word} to find runs of that job.`);
      continue;
    }
    const name = word.slice(0, cut);
    const value = unquoted(word.slice(cut + 1));
    if (value === '') {
      errors.push(`“${name}:” has no value.`);
    } else if (name === 'state') {
      const states = value.toUpperCase().split(',').filter(Boolean);
      const unknown = states.filter((s) => !run_states.includes(s));
      if (unknown.length)
        errors.push(`No state is called “${unknown[0].toLowerCase()}”. States are ${
          run_states.map((s) => s.toLowerCase()).join(', ')}.`);
      else fields.state = states.join(',');
    } else if (name === 'since' || name === 'until') {
      if (is_time(value)) fields[name] = value;
      else
        errors.push(`“${value}” is no time. Write ${name}:-24h, ${name}:-7d or ` +
          `${name}:2026-11-27T14:00Z.`);
    } else {
      const field = name === 'job' ? 'job' : `param.${name}`;
      if (field in fields) errors.push(`“${name}:” is there twice.`);
      fields[field] = value;
    }
  }
  return { fields, errors };
}

const order = (a, b) => {
  const at = (n) => (qualifiers.includes(n) ? qualifiers.indexOf(n) : qualifiers.length);
  return at(a) - at(b) || (a < b ? -1 : 1);
};

/// The text that gives these fields.
export function filter_text(fields) {
  return Object.keys(fields).sort(order).map((name) => {
    const value = name === 'state' ? fields[name].toLowerCase() : fields[name];
    return `${name.replace(/^param\./, '')}:${quoted(value)}`;
  }).join(' ');
}

/// The fields in the query of an address; others in it are left alone.
export function fields_of(search) {
  const fields = {};
  for (const [name, value] of search)
    if (value && (qualifiers.includes(name) || name.startsWith('param.'))) fields[name] = value;
  return fields;
}

/// What may come at `at` in `text`: [{text, about}], and which part it takes the place of.
export function suggestions(text, at, { jobs = [], parameters = [] }) {
  const word = words(text).find((w) => w.from <= at && at <= w.to) ||
    { text: '', from: at, to: at };
  const typed = word.text.slice(0, at - word.from);
  const cut = typed.indexOf(':');
  const all = cut < 0
    ? [...qualifiers.map((q) => [`${q}:`, about_qualifier[q]]),
       ...parameters.map((p) => [`${p}:`, 'a parameter'])]
    : values_of(typed.slice(0, cut), typed.slice(cut + 1), jobs);
  const start = typed.toLowerCase();
  return {
    from: word.from, to: word.to,
    list: all.filter(([t]) => t.toLowerCase().startsWith(start) && t.toLowerCase() !== start)
      .slice(0, 8).map(([t, about]) => ({ text: t, about })),
  };
}

const about_qualifier = {
  job: 'name of a job', state: 'one or more states', since: 'submitted then or later',
  until: 'submitted before then',
};

function values_of(name, typed, jobs) {
  if (name === 'job') return jobs.map((j) => [`job:${quoted(j)}`, '']);
  if (name === 'since' || name === 'until')
    return [['-1h', 'an hour ago'], ['-24h', 'a day ago'], ['-7d', 'a week ago']]
      .map(([v, about]) => [`${name}:${v}`, about]);
  if (name !== 'state') return [];
  const head = typed.slice(0, typed.lastIndexOf(',') + 1);
  return run_states.map((s) => [`state:${head}${s.toLowerCase()}`, '']);
}
