"""The parts of the page without a document: filters, forms, formats, the timeline's arithmetic."""
from checks import check, same, test


@test('a filter as text, as fields and back')
def filters(page):
    page.open('#/jobs')
    got = page.module('filter.js', '''
      const text = 'job:screening state:failed,running since:-24h input:/in/* note:"a b"';
      const { fields, errors } = m.parse_filter(text);
      return { fields, errors, back: m.filter_text(fields),
        wrong: ['foo', 'state:odd', 'since:soon', 'job:'].map((t) => m.parse_filter(t).errors[0]),
        offers: m.suggestions('state:failed,r', 14, {}).list.map((s) => s.text),
        jobs: m.suggestions('job:s', 5, { jobs: ['screening', 'other'] }).list[0].text };''')
    same(got['fields'], {'job': 'screening', 'state': 'FAILED,RUNNING', 'since': '-24h',
                         'param.input': '/in/*', 'param.note': 'a b'}, 'fields')
    same(got['errors'], [], 'errors')
    same(got['back'], 'job:screening state:failed,running since:-24h input:/in/* note:"a b"',
         'as text again')
    check(all(got['wrong']), f"each mistake has a sentence: {got['wrong']}")
    same(got['offers'], ['state:failed,running'], 'suggestions of states')
    same(got['jobs'], 'job:screening', 'suggestions of jobs')


@test('numbers and times as people read them; big integers digit for digit')
def formats(page):
    page.open('#/jobs')
    same(page.module('format.js', '''return [0, 0.0004, 0.85, 2.13, 9.96, 59.6, 125, 11520, 187200]
      .map(m.duration)'''), ['0 s', '< 1 ms', '850 ms', '2.1 s', '10 s', '1 min 00 s',
                             '2 min 05 s', '3 h 12 min', '2 d 4 h'], 'durations')
    same(page.module('format.js', '''return [m.count('9223372036854775807'), m.count(1000),
      m.rate(0.05), m.percent(0.9999), m.shown('a\\u202eb\\u0000'), m.of(2, 'try')]'''),
         ['9,223,372,036,854,775,807', '1,000', '3 a minute', '99 %', 'a\\u202eb\\u0000',
          '2 tries'], 'other formats')
    same(page.module('api.js', '''
      const v = m.parse('{"a":9007199254740993,"b":[1,"12345678901234567890"]}');
      return [String(v.a), v.b[0], v.b[1]]'''),
         ['9007199254740993', 1, '12345678901234567890'], 'integers of 64 bits')
    same(page.module('format.js', "return m.json_text({a: 2n ** 60n, b: [1, 'x'], c: {}})"),
         '{"a":1152921504606846976,"b":[1,"x"],"c":{}}', 'as JSON again')


@test('how far a run is: completed partitions of all, and those that failed')
def fractions(page):
    page.open('#/jobs')
    same(page.module('parts.js', '''return [
      { completed: 37, failed: 3, total: 40, sealed: true }, { completed: 0, failed: 1, total: 1 },
      { completed: 420, failed: 0, total: 1000, sealed: false },
      { completed: 0, failed: 0, total: 0, sealed: false }].map(m.fraction)'''),
         ['37 of 40, 3 failed', '0 of 1, 1 failed', '420 of 1,000+', '–'], 'fractions')


@test('a form tells what is wrong, and keeps digits')
def forms(page):
    page.open('#/jobs')
    got = page.module('launch_form.js', '''
      const job = { name: 'x', version: 1, parameters: [
        { name: 'n', type: 'integer', required: true }, { name: 'f', type: 'number' },
        { name: 'b', type: 'boolean' }, { name: 's', type: 'string', one_of: ['a', 'b'] }] };
      const bad = m.check_form(job, { n: '1.5', f: 'x', b: 'yes', s: 'c' }).errors;
      return { bad: Object.keys(bad), none: m.check_form(job, {}).errors,
        big: m.check_form(job, { n: '9223372036854775808' }).errors,
        body: m.check_form(job, { n: '9223372036854775807', f: '1e3', b: 'true', s: 'a' }).body,
        line: m.command_of(job, { n: '1', s: "it's" }) };''')
    same(got['bad'], ['n', 'f', 'b', 's'], 'wrong fields')
    check('required' in got['none']['n'], 'what is missing is named')
    check('64 bits' in got['big']['n'], 'too big an integer is named')
    same(got['body'], '{"job":"x","version":1,"parameters":{"n":9223372036854775807,"f":1000,'
                      '"b":true,"s":"a"}}', 'the body')
    same(got['line'], "partita submit x n=1 's=it'\\''s'", 'the command')


@test('zoom keeps the time under the cursor, panning stays near the run, ticks are apart')
def views(page):
    page.open('#/jobs')
    got = page.module('timeline_view.js', '''
      const whole = m.whole_view(0, 3600e3);
      let v = { from: 100e3, to: 200e3 };
      const before = m.time_of(250, v, 1000);
      v = m.zoomed(v, 0.5, 0.25, whole);
      const after = m.time_of(250, v, 1000);
      const far = m.panned(v, 1e12, whole);
      const closest = m.zoomed(v, 1e-9, 0.5, whole);
      const widest = m.zoomed(v, 1e9, 0.5, whole);
      const marks = [5, 1e3, 60e3, 3600e3, 86400e3, 30 * 86400e3].map((span) => {
        const list = m.ticks({ from: 1e12, to: 1e12 + span }, 1200, 88);
        const xs = list.map((t) => m.x_of(t.ms, { from: 1e12, to: 1e12 + span }, 1200));
        return [list.length, Math.min(...xs.slice(1).map((x, i) => x - xs[i]))];
      });
      return { apart: Math.abs(after - before), visible: far.from < whole.to,
        closest: closest.to - closest.from, widest: widest.to - widest.from, marks };''')
    check(got['apart'] < 0.001, 'the time under the cursor moved')
    check(got['visible'], 'the run was lost from view')
    check(got['closest'] >= 5 and got['widest'] <= 3600e3 * 1.3, 'limits of zooming')
    for n, gap in got['marks']:
        check(2 <= n <= 14 and gap >= 87, f'{n} ticks, {gap} pixels apart')


@test('executors are laid out without overlap, and rectangles are at most one a pixel')
def layout(page):
    page.open('#/jobs')
    got = page.module('timeline_model.js', '''
      const nodes = Array.from({ length: 512 }, (_, i) => ({ id: String(i), name: 'n', slots: 4 }));
      const partitions = [];
      let seed = 1;
      const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
      for (let i = 0; i < 2000; ++i)
        partitions.push([i % 8, 0, i, Math.floor(i / 32) * 300 + random() * 50, 50 + random() * 150,
          i % 50 ? 'C' : 'F', 1]);
      const placed = m.place_partitions({ from: '2026-01-01T00:00:00Z', nodes, partitions });
      let overlaps = 0;
      const end = new Map();
      for (const p of placed) {
        const key = p.node + ' ' + p.lane;
        if ((end.get(key) ?? 0) > p.from + 1) ++overlaps;
        end.set(key, p.to);
      }
      const few = nodes.slice(0, 8);
      const rows = m.rows_of(few, 400, false, true);
      const from = Date.parse('2026-01-01T00:00:00Z');
      const rectangles = (width) => m.band_partitions(placed, few, rows,
        { from, to: from + 20000 }, width);
      const tight = rectangles(50);
      const starts = new Set(tight.map((r) => r.y + ' ' + Math.floor(r.x)));
      const tiles = [];
      for (let n = 0; n < 512; ++n) for (let b = 0; b < 1200; ++b)
        tiles.push([n, b, 0.5, 1, n === 7 && b === 3 ? 1 : 0, 0, 1]);
      const banded = m.rows_of(nodes, 300, false, false);
      const cells = m.band_tiles({ tiles }, banded);
      const bad = cells.filter((c) => c.worst === 'F');
      return { overlaps, lanes: rows.kind, wide: rectangles(1200).length, tight: tight.length,
        starts: starts.size, counted: tight.reduce((n, r) => n + r.count, 0), kind: banded.kind,
        failed_seen: tight.some((r) => r.outcome === 'F'), cells: cells.length, rows:
        banded.rows.length, bad: bad.length, busy: cells[0].share, every: new Set(banded.by_node)
        .size };''')
    same(got['overlaps'], 0, 'overlaps')
    same(got['lanes'], 'lanes', 'rows of 8 nodes')
    same(got['tight'], got['starts'], 'rectangles that begin on the same pixel')
    same(got['counted'], 2000, 'partitions in the rectangles')
    check(got['failed_seen'], 'a failed partition does not vanish')
    same(got['kind'], 'bands', 'rows of 512 nodes in 300 pixels')
    same([got['rows'], got['every'], got['cells']], [300, 300, 300 * 1200], 'cells')
    same(got['bad'], 1, 'the cell with a failure')
    check(abs(got['busy'] - 0.5) < 1e-6, 'the busy share of a band')


@test('what runs now is placed by name, once, and by lease where no name is known')
def live_attempts(page):
    page.open('#/jobs')
    got = page.module('timeline_model.js', '''
      const now = Date.parse('2026-01-01T00:10:00Z');
      const ago = (s) => new Date(now - s * 1000).toISOString();
      const document = { live: true, nodes: [{ id: '7', name: 'a', slots: 4 }, { id: '8', name: 'b',
        slots: 2 }], steps: [{ id: '1', name: 'work' }],
        doing: [{ node: 0, step: 0, no: 5, lease: '90', since: ago(100) },
                { node: 0, step: 0, no: 6, lease: '90', since: ago(3) },
                { node: 9, step: 0, no: 7, lease: '99', since: ago(3) }],
        stragglers: [{ step: 'work', no: 5, node: { id: '7' }, running_s: 100, median_s: 1 }],
        leases: [{ id: '90', node: 0, step: 0, lo: 0, hi: 9, ended: 7, granted_at: ago(200) },
                 { id: '91', node: 1, step: 0, lo: 10, hi: 19, ended: 0, granted_at: ago(9) }] };
      const live = m.place_live(document, [], now);
      const rows = m.rows_of(document.nodes, 400, false, true);
      const bands = m.band_live(live, document.nodes, rows);
      return { names: live.filter((p) => p.doing).map((p) => [p.doing.no, (now - p.from) / 1000,
        Boolean(p.straggler)]), others: live.filter((p) => !p.doing).map((p) => p.lease.id),
        lanes: new Set(live.map((p) => p.node + ' ' + p.lane)).size,
        marks: bands.flatMap((b) => b.marks.map((k) => k.no)) };''')
    same(got['names'], [[5, 100, True], [6, 3, False]], 'what is known by name')
    same(got['others'], ['90', '91', '91'], 'leases of the others')
    same(got['lanes'], 5, 'executors')
    same(got['marks'], [5, 6], 'marks')


def contrast(one, other):
    """Of two colours "rgb(…)", as WCAG 2 defines it."""
    def luminance(text):
        parts = [int(p) / 255 for p in text[text.index('(') + 1:-1].split(',')[:3]]
        r, g, b = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def readable(page):
    page.open('#/jobs')
    colours = page.module('timeline_paint.js', 'return m.palette(document.body)')
    for ink, ground in [('ink', 'panel'), ('quiet', 'panel'), ('warned', 'panel'),
                        ('ink', 'running-soft'), ('ink', 'warned-soft')]:
        got = contrast(colours[ink], colours[ground])
        check(got >= 4.5, f'text in {ink} on {ground} has a contrast of {got:.2f}')
    for mark in ('running', 'completed', 'failed', 'warned'):
        got = contrast(colours[mark], colours['panel'])
        check(got >= 3, f'bars in {mark} have a contrast of {got:.2f}')


@test('text and bars of the timeline can be read in the light theme')
def readable_light(page):
    readable(page)


@test('text and bars of the timeline can be read in the dark theme', theme='dark')
def readable_dark(page):
    readable(page)


@test('flows side by side, one after the other')
def flows(page):
    page.open('#/jobs')
    got = page.module('flow.js', '''const step = (name, group = null) => ({ name, group });
      return m.stages([step('a'), step('b', '1.1'), step('c', '1.2'), step('d', '1.2'),
        step('e', '2.1'), step('f', '2.2'), step('g')])
        .map((stage) => stage.map((lane) => lane.map((s) => s.name).join('')));''')
    same(got, [['a'], ['b', 'cd'], ['e', 'f'], ['g']], 'stages')
