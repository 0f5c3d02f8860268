"""How long runs are kept, what is left of a run that was purged, and runs for ticks in the past."""
from action_tests import sign_in
from checks import check, same, test
from fake_world import HOSTILE
from sharing_tests import sent
from view_tests import CONTRAST, fits
from webdriver import ENTER, ESCAPE, TAB

ROWS = ("return [...document.querySelectorAll('[data-testid=retention-table] tbody tr')]"
        ".map((r) => [...r.cells].map((c) => c.innerText))")
FOCUS = 'return document.activeElement.id'
# Buttons of the rows of the section, and of what it says of all others.
OF_SCREENING, OF_OTHERS = '[data-retention="screening"] button', '[data-retention=""] button'


def retype(page, field, text, *keys):
    page.b.run('const f = document.querySelector(arguments[0]); f.value = "";'
               "f.dispatchEvent(new Event('input'))", page.tid(field))
    page.b.type(page.tid(field), text + ''.join(keys))


@test('spans of time and moments as people write them')
def spans(page):
    page.open('#/jobs')
    got = page.module('spans.js', '''
      const tried = (make) => { try { return make(); } catch (e) { return 'refused'; } };
      const now = Date.parse('2026-11-27T10:00:00.500Z');
      return { s: ['30d', ' 12h ', '90m', '45s', '100000d'].map(m.seconds_of),
        not_s: ['30', '0d', '1.5d', '-3d', '3w', '', '100001d', '1'.repeat(40) + 'd', 'd']
          .map((t) => tried(() => m.seconds_of(t))),
        at: ['2026-03-01', '2026-03-01T10:20', '2026-03-01T10:20:30Z', '2028-02-29', '3d', '90m']
          .map((t) => m.moment_of(t, now)),
        not_at: ['2026-02-29', '2026-13-01', '2026-03-01T24:00', '2026-03-01T10:60', '0d', 'soon',
                 '', '2026-03-01 10:20', '2026-03-01T10:20+01:00']
          .map((t) => tried(() => m.moment_of(t, now))),
        back: [2592000, 43200, 5400, 45, 90061].map((s) => m.seconds_of(m.span_text(s))),
        words: [86400, 2592000, 43200, 5400, 90061].map(m.span_words) };''')
    same(got['s'], [2592000, 43200, 5400, 45, 8640000000], 'spans')
    same(set(got['not_s']), {'refused'}, 'what is no span')
    same(got['at'], ['2026-03-01T00:00:00Z', '2026-03-01T10:20:00Z', '2026-03-01T10:20:30Z',
                     '2028-02-29T00:00:00Z', '2026-11-24T10:00:00Z', '2026-11-27T08:30:00Z'],
         'moments')
    same(set(got['not_at']), {'refused'}, 'what is no moment')
    same(got['back'], [2592000, 43200, 5400, 45, 90061], 'as text and back')
    same(got['words'], ['1 day', '30 days', '12 hours', '90 minutes', '90,061 seconds'], 'as words')


@test('retention: how long runs of each job stay, and what is still being removed')
def kept(page):
    page.open('#/jobs')
    page.there(page.tid('retention-table'))
    same(page.b.run(ROWS), [['screening', '12 hours', 'the last 10', 'Set…'],
                            ['All other jobs', '30 days', '–', 'Set…']], 'the rows')
    page.says(page.tid('purging'), '3 purged runs are still being removed')
    page.open('#/jobs/screening')
    page.says(page.tid('kept'), 'for 12 hours, the last 10 in any case')
    check('as those of' not in page.b.text(page.tid('kept')), 'it has its own')
    page.open('#/jobs/range_sum')
    page.says(page.tid('kept'), 'for 30 days, as those of all other jobs')
    page.world.sharing.retention.clear()
    page.world.sharing.purging = 1
    page.open('#/jobs/range_sum')
    page.says(page.tid('kept'), 'for ever')
    page.open('#/jobs')
    page.says(page.tid('purging'), '1 purged run is still being removed')
    same(page.b.run(ROWS), [['All jobs', 'for ever', '–', 'Set…']], 'the rows')
    page.world.sharing.purging = 0
    page.open('#/jobs')
    page.says(page.tid('purging'), 'how long runs stay when they have ended')


@test('a retention is set and taken back; what is wrong is told before anything is sent')
def set_retention(page):
    page.open('#/jobs')
    page.b.click(OF_SCREENING)
    sign_in(page)
    page.says('#dialog-title', 'Set how long runs of screening are kept?')
    page.says(page.tid('what'), 'They are kept for 12 hours, the last 10 in any case.')
    same(page.b.run(FOCUS), 'keep-field', 'the focus')
    page.there('.destructive[data-testid="confirm"]', 'it is told that something goes for good')
    same(page.b.run("return [...document.querySelectorAll('dialog input[type=text]')]"
                    ".map((f) => f.value)"), ['12h', '10'], 'what it is now')
    for wrong in ('30', '0d', '1.5d', 'soon', '', '100001d'):
        retype(page, 'keep-field', wrong, ENTER)
        page.says(page.tid('action-error'), f'“{wrong}” is no span of time. Write a whole number')
    retype(page, 'keep-field', '45d')
    for wrong in ('-1', '1.5', 'all', '1000001'):
        retype(page, 'number-field', wrong, ENTER)
        page.says(page.tid('action-error'), f'“{wrong}” is no whole number from 0 to 1000000.')
    same(page.world.written, [], 'nothing is sent')
    retype(page, 'number-field', '', ENTER)
    page.gone('dialog')
    same(sent(page), ['retention', {'job': 'screening', 'keep_s': 45 * 86400, 'keep_last': 0}],
         'what was sent')
    page.says('[data-retention="screening"]', '45 days')
    page.says(page.tid('announcer'), 'screening')
    page.b.click(OF_SCREENING)
    page.says('label.check', 'they are kept as those of all other jobs, for 30 days')
    page.b.click(page.tid('take-back'))
    page.until("return [...document.querySelectorAll('dialog input[type=text]')]"
               ".every((f) => f.disabled)", 'nothing else can be said then')
    page.gone('.destructive[data-testid="confirm"]')
    page.b.click(page.tid('confirm'))
    page.gone('[data-retention="screening"]')
    same(sent(page, 1), ['retention', {'job': 'screening', 'keep_s': None}], 'what was sent')
    page.b.click(OF_OTHERS)
    page.says('label.check', 'they are kept for ever')
    page.b.click(page.tid('take-back'))
    page.b.click(page.tid('confirm'))
    page.says('[data-retention=""]', 'for ever')
    same(sent(page, 2), ['retention', {'job': None, 'keep_s': None}], 'what was sent')
    page.b.click(OF_OTHERS)
    page.says(page.tid('what'), 'They are kept for ever.')
    page.gone(page.tid('take-back'))
    page.b.type(page.tid('keep-field'), '90m' + TAB + '3' + ENTER)
    page.says('[data-retention=""]', '90 minutes')
    same(sent(page, 3), ['retention', {'job': None, 'keep_s': 5400, 'keep_last': 3}],
         'what was sent')


@test('a retention for a job that has none: chosen from a list, or on the view of the job')
def retention_of_job(page):
    page.open('#/jobs')
    page.b.click(page.tid('action-retention-of-job'))
    sign_in(page)
    page.says(page.tid('what'), 'have nothing of their own are kept for 30 days.')
    same(page.b.run("return [...document.querySelectorAll('#job-field option')]"
                    ".map((o) => o.value)"), ['', 'customer_etl', 'range_sum'], 'the jobs')
    same(page.b.run(FOCUS), 'job-field', 'the focus')
    page.b.type(page.tid('keep-field'), '7d' + ENTER)
    page.says(page.tid('action-error'), 'Choose a job.')
    same(page.world.written, [], 'nothing is sent')
    page.b.type(page.tid('job-field'), 'range')
    page.world.refused = {'range_sum'}
    page.b.click(page.tid('confirm'))
    page.says(page.tid('action-error'), 'No node has ever told of this job.')
    page.world.refused = set()
    page.b.click(page.tid('confirm'))
    page.says('[data-retention="range_sum"]', '7 days')
    same(sent(page, 1), ['retention', {'job': 'range_sum', 'keep_s': 7 * 86400, 'keep_last': 0}],
         'what was sent')
    page.open('#/jobs/customer_etl')
    page.b.click(page.tid('action-retention'))
    page.gone(page.tid('take-back'))
    page.b.type(page.tid('keep-field'), '2h' + ENTER)
    page.says(page.tid('kept'), 'for 2 hours')
    same(sent(page, 2), ['retention', {'job': 'customer_etl', 'keep_s': 7200, 'keep_last': 0}],
         'what was sent')
    page.b.click(page.tid('action-retention'))
    page.b.click(page.tid('take-back'))
    page.b.click(page.tid('confirm'))
    page.says(page.tid('kept'), 'for 30 days, as those of all other jobs')


@test('a run that was purged says so, and offers nothing that needs what is gone')
def purged(page):
    for number in ('113', '115', '116'):
        page.world.purge(number, ago=3 * 86400)
    for number, said in (('113', 'Completed after'), ('116', 'Stopped after 40 s.'),
                         ('115', 'Failed after')):
        page.open(f'#/runs/{number}')
        page.says(page.tid('headline'), said)
        words = page.b.text(page.tid('headline')).split()
        same([len(words), words[-1]], [4, 's.'], f'{words}: no more than that')
        page.says(page.tid('why-purged'), 'This run was purged at 20')
        page.says(page.tid('why-purged'), 'What it did is gone; only how it ended is kept.')
        page.says(page.tid('run-facts'), '3 d ago')
        page.gone('.title-row button', f'actions on run {number}')
    asked = [one for one in page.server.seen if '/runs/115/' in one]
    page.world.event('RUN_ENDED', run='115', detail={'state': 'FAILED'})
    page.rounds(2)
    same([one for one in page.server.seen if '/runs/115/' in one], asked,
         'what is asked of a run that is known to be purged')
    for tab in ('', '/partitions', '/events', '/settings'):
        page.open(f'#/runs/115{tab}')
        page.there(page.tid('why-purged'))
        for part in ('main section', '.tabs', '.table-frame', page.tid('error'), page.tid('empty')):
            page.gone(part, f'{part} of {tab}')
        for theme in ('light', 'dark'):
            page.b.media(prefers_color_scheme=theme)
            same(page.b.run(CONTRAST), [], f'contrast in {theme}')
    page.b.size(360, 900)
    fits(page, 360, 'a purged run')
    page.open('#/runs/112')
    page.there('main section')
    page.gone(page.tid('why-purged'))


@test('the log tells what was purged, and who has set how long runs are kept')
def events(page):
    w = page.world
    w.event('RUNS_PURGED', detail={'runs': [11, 12, 13, 14, 9223372036854775807],
                                   'by': 'retention'})
    w.event('RUNS_PURGED', detail={'runs': [15], 'by': 'anna'})
    w.event('RETENTION_SET', detail={'job': '', 'keep_ms': 2592000000, 'keep_last': 5,
                                     'by': 'anna'})
    w.event('RETENTION_SET', detail={'job': '', 'by': 'ben'})
    w.event('RETENTION_SET', detail={'job': 'range_sum', 'keep_ms': 86400000, 'keep_last': 0})
    w.event('RETENTION_SET', detail={'job': 'screening', 'by': 'cora'})
    page.open('#/')
    for said in ('#11, #12, #13 and 2 more were purged by retention', '#15 was purged by anna',
                 'runs of all other jobs are kept for 30 days, the last 5 in any case by anna',
                 'runs of all other jobs are kept for ever by ben',
                 'runs of job range_sum are kept for 1 day',
                 'runs of job screening are kept as those of all other jobs by cora'):
        page.says(page.tid('lately'), said)


@test('a backfill: from and to are told, and what came of it')
def backfill(page):
    page.open('#/schedules/nightly')
    page.b.click(page.tid('action-backfill'))
    sign_in(page)
    page.says(page.tid('confirm-dialog'), 'that has no run yet gets one')
    same(page.b.run(FOCUS), 'from-field', 'the focus')
    for wrong in ('', 'monday', '2026-02-30', '2026-03-01 10:20'):
        retype(page, 'from-field', wrong, ENTER)
        page.says(page.tid('action-error'), f'“{wrong}” is no time. Write one like 2026-03-01')
    retype(page, 'from-field', '2026-03-01')
    retype(page, 'to-field', 'later', ENTER)
    page.says(page.tid('action-error'), '“later” is no time.')
    same(page.world.written, [], 'nothing is sent')
    retype(page, 'to-field', '')
    page.world.refused = {'nightly'}
    page.b.click(page.tid('confirm'))
    page.says(page.tid('action-error'), 'nightly has just been changed. Ask again.')
    page.world.refused = set()
    page.b.click(page.tid('confirm'))
    page.says(page.tid('backfill-dialog'), '12 runs of nightly')
    page.says(page.tid('announcer'), '12 runs of nightly')
    page.says(page.tid('backfilled'), 'Every tick of that time has a run now.')
    page.says(page.tid('backfill-dialog'), 'and 2 more')
    same(sent(page, 1), ['schedules/nightly/backfill', {'from': '2026-03-01T00:00:00Z'}],
         'what was sent')
    same(page.b.run("return [...document.querySelectorAll('dialog li a')].map((a) => a.hash)")[:2],
         ['#/runs/118', '#/runs/119'], 'where they lead')
    page.there('[data-testid="strip"] [data-run="129"]', 'the new runs are seen')
    page.b.keys(ESCAPE)
    page.gone('dialog')
    page.world.sharing.backfilled = 0
    page.b.click(page.tid('action-backfill'))
    same(page.b.run("return [...document.querySelectorAll('dialog input')].map((f) => f.value)"),
         ['', ''], 'it begins anew')
    page.b.type(page.tid('from-field'), '2026-03-01T10:20' + TAB + '2026-03-02T00:00:30Z' + ENTER)
    page.says(page.tid('backfilled'), 'There is no tick in that time.')
    same(sent(page, 2)[1], {'from': '2026-03-01T10:20:00Z', 'to': '2026-03-02T00:00:30Z'},
         'what was sent')
    page.b.keys(ENTER)
    page.gone('dialog')
    page.world.sharing.backfilled = 1
    page.b.click(page.tid('action-backfill'))
    page.b.type(page.tid('from-field'), '3d' + ENTER)
    page.says(page.tid('backfill-dialog'), '1 run of nightly')
    page.b.click('dialog li a')
    page.hash_is('#/runs/130')
    page.gone('dialog')


@test('who may only read sets no retention and starts no backfill')
def read_only(page):
    for route, button in (('#/jobs', OF_SCREENING), ('#/jobs', '[data-testid="retention"] .aside '
                                                              'button'),
                          ('#/jobs/screening', page.tid('action-retention')),
                          ('#/schedules/nightly', page.tid('action-backfill'))):
        page.open(route)
        page.there(button)
        page.b.click(button)
        sign_in(page, 'look')
        page.says(page.tid('token-error'), 'may read, not change anything')
        page.gone(page.tid('confirm-dialog'))
    same(page.world.written, [], 'nothing is sent')


@test('a server that cannot tell what is kept says why, and does not say for ever')
def unknown(page):
    page.world.sharing.retention = None
    page.open('#/jobs')
    page.says('[data-testid="retention"] [data-testid="error"]', 'may not be read')
    page.open('#/jobs/screening')
    page.rounds(1)
    page.gone(page.tid('kept'))


@test('hostile jobs and runs in all of it are text, and break nothing')
def hostile(page):
    w = page.world
    w.more_jobs = {text: {'about': text, 'steps': [text], 'parameters': []} for text in HOSTILE}
    for i, text in enumerate(HOSTILE):
        w.add(str(300 + i), text, 'FAILED', 40, 7, 3, 30, 4)
        w.purge(str(300 + i))
        w.sharing.retention.append({'job': text, 'keep_s': [2 ** 62, 0.5, 1, 86400][i],
                                    'keep_last': [2 ** 62, 0, None, 1][i]})
    w.event('RUNS_PURGED', detail={'runs': HOSTILE[0], 'by': HOSTILE[1]})
    w.event('RUNS_PURGED', detail={'runs': [HOSTILE[0], HOSTILE[2]], 'by': HOSTILE[3]})
    w.event('RETENTION_SET', detail={'job': HOSTILE[2], 'keep_ms': HOSTILE[0], 'by': 1})
    image = '%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E'
    for route in ('#/jobs', f'#/jobs/{image}', f'#/jobs/{"n" * 10_000}', '#/runs/300', '#/runs/302',
                  '#/'):
        page.open(route)
        same(page.b.run("return document.querySelectorAll('main img, main script, main b > b')"
                        ".length"), 0, f'elements made of names in {route[:60]}')
        for width in (1440, 360):
            page.b.size(width, 900)
            fits(page, width, route[:60])
    page.open('#/jobs')
    page.b.click('[data-retention^="<img"] button')
    sign_in(page)
    page.says('#dialog-title', 'Set how long runs of <img src=x onerror=alert(1)> are kept?')
    retype(page, 'keep-field', '1d')
    retype(page, 'number-field', '', ENTER)
    page.gone('dialog')
    same(sent(page), ['retention', {'job': HOSTILE[0], 'keep_s': 86400, 'keep_last': 0}],
         'what was sent')


@test('the dialogs of retention and backfill at 360 pixels, in light and dark', width=360)
def narrow_dialogs(page):
    for route, button in (('#/jobs', OF_SCREENING),
                          ('#/jobs', page.tid('action-retention-of-job')),
                          ('#/schedules/nightly', page.tid('action-backfill'))):
        page.open(route)
        page.there(button)
        page.b.click(button)
        if not page.b.run("return Boolean(document.querySelector('[data-testid=confirm-dialog]'))"):
            sign_in(page)
        page.there(page.tid('confirm-dialog'))
        for theme in ('light', 'dark'):
            page.b.media(prefers_color_scheme=theme)
            same(page.b.run(CONTRAST), [], f'contrast of {button} in {theme}')
        fits(page, 360, button)
        same(page.b.run("const d = document.querySelector('dialog');"
                        "return d.scrollWidth <= d.clientWidth"), True, 'the dialog fits')
