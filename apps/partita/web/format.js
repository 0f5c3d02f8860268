// Numbers, times and names as people read them. Pure: no document, no clock of its own.

/// 1234567 as "1,234,567"; takes numbers, big integers and strings of digits.
export function count(n) {
  if (n === null || n === undefined) return '–';
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

const plural_of = { try: 'tries', body: 'bodies', retry: 'retries' };

/// "1 run", "2 runs".
export function of(n, noun) {
  const many = plural_of[noun] || `${noun}s`;
  return `${count(n)} ${String(n) === '1' ? noun : many}`;
}

const two = (n) => String(n).padStart(2, '0');

/// Seconds as "850 ms", "2.1 s", "45 s", "2 min 05 s", "3 h 12 min", "2 d 4 h".
export function duration(s) {
  if (s === null || s === undefined || Number.isNaN(s)) return '–';
  if (s < 0) s = 0;
  if (s === 0) return '0 s';
  if (s < 0.001) return '< 1 ms';
  if (s < 0.9995) return `${Math.round(s * 1000)} ms`;
  if (s < 9.95) return `${(Math.round(s * 10) / 10).toFixed(1)} s`;
  const whole = Math.round(s);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(s / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  const hours = Math.round(s / 3600);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/// "12 a second", "5 a minute": what a person can picture.
export function rate(per_s) {
  if (per_s === null || per_s === undefined) return '–';
  if (per_s === 0) return 'none lately';
  if (per_s >= 9.95) return `${count(Math.round(per_s))} a second`;
  if (per_s >= 0.95) return `${(Math.round(per_s * 10) / 10).toFixed(1)} a second`;
  if (per_s * 60 >= 0.95) return `${Math.round(per_s * 60)} a minute`;
  return `${(per_s * 3600).toFixed(per_s * 3600 < 9.95 ? 1 : 0)} an hour`;
}

export function percent(share) {
  if (share === null || share === undefined) return '–';
  const p = share * 100;
  // 100 % only when all of it is done.
  if (p >= 99.5 && p < 100) return '99 %';
  return `${p > 0 && p < 1 ? p.toFixed(1) : Math.floor(p)} %`;
}

/// "12 s ago", "in 3 min 00 s".
export function ago(iso, now) {
  if (!iso) return '–';
  const s = (now - Date.parse(iso)) / 1000;
  if (s < -1) return `in ${rough(-s)}`;
  if (s < 1) return 'just now';
  return `${rough(s)} ago`;
}

/// One unit only: for ages.
export function rough(s) {
  if (s < 60) return `${Math.floor(s)} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} d`;
}

/// "14:02:07", with the day when it is not today's.
export function clock(iso, now) {
  if (!iso) return '–';
  const at = new Date(iso);
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const today = now === undefined || at.toDateString() === new Date(now).toDateString();
  return today ? time : `${day(at)} ${time}`;
}

const day = (at) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;

/// The exact time: here, and in UTC.
export function exact(iso) {
  if (!iso) return '';
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return String(iso);
  const ms = String(at.getMilliseconds()).padStart(3, '0');
  const off = -at.getTimezoneOffset();
  const here = `${day(at)} ${clock(iso)}.${ms}`;
  if (off === 0) return `${here} UTC`;
  const zone = `${off < 0 ? '-' : '+'}${two(Math.floor(Math.abs(off) / 60))}:${two(
    Math.abs(off) % 60)}`;
  return `${here} ${zone} (${at.toISOString()})`;
}

// Characters that are not seen, or that change the direction of what follows.
const unseen =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
const escape = (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;

/// A name or message from the data: cut to `most` characters, with nothing unseen in it.
export function shown(text, most = 160) {
  let t = String(text ?? '');
  if (t.length > most) t = `${t.slice(0, most - 1)}…`;
  return t.replace(unseen, escape);
}

/// Text of several lines: new lines and tabs stay.
export function shown_lines(text, most = 20000) {
  let t = String(text ?? '');
  if (t.length > most) t = `${t.slice(0, most)}\n… (${count(t.length - most)} more characters)`;
  return t.replace(unseen, (c) => (c === '\n' || c === '\t' ? c : escape(c)));
}

/// A value of JSON on one line, strings without quotes.
export function value_text(v) {
  if (typeof v === 'string') return v;
  return json_text(v);
}

/// JSON with the digits of big integers as they were sent.
export function json_text(v, indent = 0) {
  const pad = indent ? `\n${' '.repeat(indent)}` : '';
  const put = (x, depth) => {
    if (typeof x === 'bigint') return String(x);
    if (x === null || typeof x !== 'object') return JSON.stringify(x) ?? 'null';
    const inner = indent ? `\n${' '.repeat(indent * (depth + 1))}` : '';
    const outer = pad ? `\n${' '.repeat(indent * depth)}` : '';
    const gap = indent ? ' ' : '';
    if (Array.isArray(x)) {
      if (!x.length) return '[]';
      const simple = x.every((e) => e === null || typeof e !== 'object');
      const text = x.map((e) => put(e, depth + 1));
      if (simple && text.join(', ').length < 80) return `[${text.join(`,${gap}`)}]`;
      return `[${inner}${text.join(`,${inner}`)}${outer}]`;
    }
    const names = Object.keys(x);
    if (!names.length) return '{}';
    return `{${inner}${names
      .map((k) => `${JSON.stringify(k)}:${gap}${put(x[k], depth + 1)}`)
      .join(`,${inner}`)}${outer}}`;
  };
  return put(v, 0);
}
