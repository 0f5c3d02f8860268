"""The views: addresses, refresh, keys, looks, and what happens when things go wrong."""
import gzip
import os
import re

from checks import check, same, test
from fake_server import WEB
from fake_world import HOSTILE
from webdriver import DOWN, ENTER, ESCAPE, TAB

EVERY = ['#/', '#/runs', '#/runs/117', '#/runs/115', '#/runs/114', '#/runs/117/partitions',
         '#/runs/115/skipped', '#/runs/117/events', '#/runs/113/settings',
         '#/runs/115/partitions/work/17', '#/nodes', '#/nodes/1', '#/jobs', '#/jobs/screening',
         '#/schedules', '#/schedules/nightly', '#/schedules/hourly_etl', '#/schedules/report',
         '#/nothing/here']
ROWS = "return [...document.querySelectorAll('[data-testid=runs-table] tbody tr')]"


@test('it is light, every module is loaded at once, and it is seen soon')
def weight(page):
    page.open('#/runs/117')
    files = [os.path.join(folder, name) for folder, _, names in os.walk(WEB) for name in names]
    packed = sum(len(gzip.compress(open(f, 'rb').read())) for f in files)
    check(packed < 150_000, f'{packed} bytes')
    modules = {os.path.relpath(f, WEB) for f in files if f.endswith('.js')}
    index = open(os.path.join(WEB, 'index.html'), encoding='utf-8').read()
    listed = set(re.findall(r'(?:src|href)="([^"]+\.js)"', index))
    same(sorted(modules ^ listed), [], 'modules that index.html does not list, or the reverse')
    seen = page.b.run("return performance.getEntriesByName('first-contentful-paint')[0].startTime")
    return f'{packed / 1000:.0f} kB gzipped, first paint after {seen:.0f} ms'


@test('a filter is an address, an address is a filter; back and forward work')
def filter_address(page):
    page.open('#/runs?state=FAILED&job=customer_etl')
    same(page.b.run("return document.querySelector('#filter-field').value"),
         'job:customer_etl state:failed', 'the filter')
    rows = page.b.run(ROWS + ".map((r) => r.dataset.state + "
                             "r.children[2].innerText.split('\\n')[0])")
    check(rows and set(rows) == {'FAILEDcustomer_etl'}, f'rows: {rows}')
    page.b.run("document.querySelector('#filter-field').select()")
    page.b.type('#filter-field', 'state:stopped input:/in/4*' + ENTER)
    page.hash_is('#/runs?state=STOPPED&param.input=/in/4*')
    page.until(ROWS + ".every((r) => r.dataset.state === 'STOPPED' && "
               "r.innerText.includes('/in/4'))", 'the rows of the new filter')
    page.b.run('history.back()')
    page.hash_is('#/runs?state=FAILED&job=customer_etl')
    page.until("return document.querySelector('#filter-field').value === "
               "'job:customer_etl state:failed'", 'the filter before')
    page.b.run('history.forward()')
    page.hash_is('#/runs?state=STOPPED&param.input=/in/4*')


@test('a wrong qualifier gives a sentence and changes nothing')
def wrong_filter(page):
    page.open('#/runs?job=screening')
    page.b.type('#filter-field', ' state:broken' + ENTER)
    page.says(page.tid('filter-error'), 'No state is called “broken”')
    same(page.hash, '#/runs?job=screening', 'the address')


@test('suggestions complete the filter by keyboard')
def complete(page):
    page.open('#/runs')
    page.b.type('#filter-field', 'sta' + DOWN + TAB)
    page.until("return document.querySelector('#filter-field').value === 'state:'", 'the qualifier')
    page.b.type('#filter-field', 'fai' + DOWN + ENTER + ENTER)
    page.hash_is('#/runs?state=FAILED')


@test('pages by key: older, newest; counts')
def pages(page):
    page.open('#/runs')
    page.says(page.tid('count'), '117')
    first = page.b.run(ROWS + '.map((r) => r.dataset.run)')
    same([len(first), first[0]], [50, '117'], 'the newest page')
    page.b.click(page.tid('older'))
    page.until(ROWS + "[0]?.dataset.run === '67'", 'the older page')
    page.b.click(page.tid('newest'))
    page.until(ROWS + "[0]?.dataset.run === '117'", 'the newest page again')
    page.world.add('9223372036854775807', 'range_sum', 'COMPLETED', 1, 1, 0, 1, 1)
    page.until(ROWS + "[0]?.dataset.run === '9223372036854775807'", 'a new run comes on top')
    same(page.b.run(ROWS + "[0].querySelector('a').hash"), '#/runs/9223372036854775807',
         'an id of 64 bits')
    check('9007199254740993' in page.b.run(ROWS + '[0].innerText'), 'a parameter of 64 bits')


SKIPPED = "return [...document.querySelectorAll('[data-testid=skipped-table] tbody tr')]"


@test('skipped items come in pages, of all steps or of one')
def skipped(page):
    page.world.add('400', 'screening', 'FAILED', 40, 37, 3, 80, 32, skipped=250)
    page.open('#/runs/400')
    page.says(page.tid('why-skipped'), '250 items were skipped.')
    page.says(page.tid('skipped'), 'the first 50 of 250')
    page.b.click('[data-testid="why-skipped"] a')
    page.hash_is('#/runs/400/skipped')
    page.until(SKIPPED + '.length === 100', 'the first page')
    same(page.b.run(SKIPPED + '.map((r) => r.dataset.no)'), [str(k) for k in range(100)],
         'the first page')
    page.b.click(page.tid('more'))
    page.hash_is('#/runs/400/skipped?after=31.99.7')
    page.until(SKIPPED + "[0]?.dataset.no === '100'", 'the second page')
    page.b.click(page.tid('more'))
    page.until(SKIPPED + "[0]?.dataset.no === '200'", 'the last page')
    same(page.b.run(SKIPPED + '.length'), 50, 'rows of the last page')
    page.gone(page.tid('more'))
    page.b.click('.pages a')
    page.hash_is('#/runs/400/skipped')
    page.until(SKIPPED + "[0]?.dataset.no === '0'", 'the first page again')
    page.b.run('scrollTo(0, 0)')  # the bar at the top would be hit
    page.b.click('.quick a:nth-of-type(3)')
    page.hash_is('#/runs/400/skipped?step=work')
    page.until(SKIPPED + "[0]?.dataset.no === '125'", 'the first page of the last step')
    check(page.b.run(SKIPPED + ".every((r) => r.dataset.step === 'work')"), 'only this step')
    page.b.click(page.tid('more'))
    page.hash_is('#/runs/400/skipped?step=work&after=31.224.7')
    page.until(SKIPPED + '.length === 25', 'its last page')
    page.open('#/runs/113/skipped')
    page.says(page.tid('empty'), 'No item was skipped.')


@test('refreshes keep elements, focus, selection and scroll; pause freezes everything')
def refresh(page):
    page.open('#/runs')
    page.until(ROWS + "[0].dataset.run === '117'", 'the table')
    page.b.run("window.kept = document.querySelector('[data-run=\"117\"]');"
               "document.querySelector('[data-run=\"90\"] a').focus(); scrollTo(0, 300);"
               "getSelection().selectAllChildren(document.querySelector('[data-run=\"91\"]'))")
    text = page.b.run("return window.kept.querySelector('.under-bar').innerText")
    page.until(f"return window.kept.querySelector('.under-bar').innerText !== {text!r}",
               'the count grows')
    same(page.b.run("return [window.kept.isConnected, scrollY, "
                    "getSelection().toString().length > 5,"
                    "document.activeElement.closest('tr')?.dataset.run]"),
         [True, 300, True, '90'], 'what is kept')
    page.b.run('document.activeElement.blur()')
    page.b.keys('p')
    page.there(page.tid('paused-banner'))
    frozen = page.b.run('return document.querySelector("main").innerText')
    page.b.run("dispatchEvent(new Event('focus'));"
               "document.dispatchEvent(new Event('visibilitychange'))")
    page.falls_silent()
    same(page.b.run('return document.querySelector("main").innerText'), frozen, 'while paused')
    page.b.click(page.tid('pause'))
    page.gone(page.tid('paused-banner'))
    page.rounds(1)


@test('a hidden tab asks for nothing')
def hidden(page):
    page.open('#/nodes')
    page.b.run("Object.defineProperty(document, 'hidden', {get: () => true, configurable: true});"
               "document.dispatchEvent(new Event('visibilitychange'))")
    page.falls_silent()
    page.b.run("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    page.rounds(1)


@test('keys: views, filter, help, a way past the header')
def keyboard(page):
    page.open('#/')
    page.b.keys(TAB)
    same(page.b.run('return document.activeElement.id'), 'skip', 'the first stop of Tab')
    page.b.keys(ENTER)
    same(page.b.run('return document.activeElement.id'), 'main', 'after the skip link')
    for key, address in (('n', '#/nodes'), ('j', '#/jobs'), ('s', '#/schedules'), ('o', '#/'),
                         ('r', '#/runs')):
        page.b.keys('g', key)
        page.hash_is(address)
    page.there('#filter-field')
    page.b.keys('/')
    same(page.b.run('return document.activeElement.id'), 'filter-field', 'after /')
    page.b.keys('p')
    same(page.b.run("return document.querySelector('#filter-field').value"), 'p', 'what is typed')
    check(page.b.run("return getComputedStyle(document.activeElement).outlineStyle") != 'none',
          'the focus is visible')
    page.b.keys(ESCAPE)
    page.b.run('document.activeElement.blur()')
    page.b.keys('?')
    page.there(page.tid('keys-dialog'))
    page.b.keys(ESCAPE)
    page.gone(page.tid('keys-dialog'))


CONTRAST = '''
const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
const lum = ([r, g, b]) => [r, g, b].map((v) => { v /= 255;
  return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; })
  .reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
const ground = (el) => { for (; el; el = el.parentElement) { const c = parse(getComputedStyle(el)
  .backgroundColor); if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
const bad = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let n = walk.nextNode(); n; n = walk.nextNode()) {
  const el = n.parentElement;
  if (!n.data.trim() || !el.checkVisibility() || el.closest('.stale, noscript, :disabled'))
    continue;
  const [a, b] = [lum(parse(getComputedStyle(el).color)), lum(ground(el))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) bad.push(n.data.trim().slice(0, 30) + ' ' + ratio.toFixed(2));
}
return bad;'''


@test('light and dark, by the system and by the switch, with contrast in both')
def themes(page):
    ground = "return getComputedStyle(document.body).backgroundColor"
    page.open('#/')
    light = page.b.run(ground)
    for route in EVERY:
        page.open(route)
        for theme in ('light', 'dark'):
            page.b.media(prefers_color_scheme=theme)
            same(page.b.run(CONTRAST), [], f'contrast of {route} in {theme}')
    dark = page.b.run(ground)
    check(light != dark, 'dark is another colour')
    page.b.click(page.tid('theme'))
    same(page.b.run(ground), light, 'after the switch')
    page.open('#/runs')
    same(page.b.run(ground), light, 'the choice is kept')


def fits(page, width, route):
    got, wide = page.b.run('''return [document.documentElement.scrollWidth,
        [...document.querySelectorAll('body *')].filter((e) => e.getBoundingClientRect().right >
          innerWidth + 1).map((e) => `${e.tagName}.${e.className}`).slice(0, 9)]''')
    check(got <= width, f'{route} is {got} pixels wide, not {width}; beyond it: {wide}')


CUT = """return [...document.querySelectorAll('.table-frame')]
  .filter((f) => f.scrollWidth > f.clientWidth)
  .map((f) => `${f.getAttribute('aria-label')}: ${f.scrollWidth}, not ${f.clientWidth}`)"""


@test('360 pixels: nothing scrolls sideways', width=360)
def narrow(page):
    page.world.lose_node(1)
    page.world.give_up_node(1)
    for route in EVERY:
        page.open(route)
        fits(page, 360, route)
    for route in ('#/', '#/nodes', '#/runs/117/partitions'):
        page.open(route)
        same(page.b.run(CUT), [], f'tables of {route} that are cut')
    page.open('#/runs/117')
    check(page.b.run("return [...document.querySelectorAll('.bin span')].length > 3 &&"
                     "[...document.querySelectorAll('.bin span')].every((s) => s.innerText &&"
                     "s.checkVisibility({visibilityProperty: true}) &&"
                     "s.scrollWidth <= s.clientWidth && s.scrollHeight <= s.clientHeight)"),
          'every bin of the histogram has its whole label')


@test('hostile names are text, and break nothing')
def hostile(page):
    w = page.world
    for i, text in enumerate(HOSTILE):
        w.nodes.append(w.make_node(3 + i, text))
        w.add(str(300 + i), text, 'FAILED', 40, 37, 3, 30, 4, error=text, message=text, key=text,
              parameters={text[:200]: text, '__proto__': text}, step=text[:300])
        w.add(str(310 + i), text, 'RUNNING', 40, 7, 3, 30, None, step=text[:300])
    w.more_jobs = {t: {'about': t, 'steps': [t], 'parameters': [
        {'name': t, 'type': 'string', 'required': True, 'default': None, 'about': t, 'one_of': []}]}
        for t in HOSTILE}
    for route in ('#/', '#/runs', '#/nodes', '#/jobs', '#/runs/300', '#/runs/301', '#/runs/302',
                  '#/runs/303', '#/runs/310', '#/runs/312', '#/nodes/4', '#/nodes/6',
                  '#/runs/302/partitions', '#/runs/300/skipped', '#/runs/300/partitions/x/5',
                  '#/jobs/%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E'):
        page.open(route)
        same(page.b.run("return document.querySelectorAll('main img, main script, main b > b')"
                        ".length"), 0, f'elements made of names in {route}')
        for width in (1440, 360):
            page.b.size(width, 900)
            fits(page, width, route)
            check(page.b.run("return document.querySelector('h1').offsetHeight") < 400,
                  f'the title of {route} fills the page')
    page.open('#/runs')
    page.says(page.tid('runs-table'), '<img src=x onerror=alert(1)>')
    page.says(page.tid('runs-table'), '\\u202egnp.exe')


@test('a node dies while somebody watches')
def node_dies(page):
    page.open('#/')
    page.there('[data-node="2"][data-state="ACTIVE"]')
    page.world.lose_node(1)
    page.there('[data-node="2"][data-state="UNREACHABLE"]')
    page.says(page.tid('warnings'), 'node-b is unreachable')
    page.open('#/nodes/2')
    page.says(page.tid('headline'), 'has not been heard of')
    page.world.give_up_node(1)
    page.says(page.tid('headline'), 'what it held has gone to other nodes')
    page.says(page.tid('announcer'), 'deregistered')
    page.open('#/runs/117')
    page.says(page.tid('why-moves'), 'node-b was lost')
    for move in page.world.moves:
        move.update(why='LEFT', cause='node-b left', to=[])
    page.says(page.tid('why-moves'), 'node-b left at')
    page.says(page.tid('why-moves'), 'wait for another node')


@test('after more changes than are told at once everything is read again')
def many_changes(page):
    page.open('#/runs/113')
    page.says(page.tid('headline'), 'Completed')
    page.rounds(1)
    page.world.most_changes = 3
    page.world.runs['113']['state'] = 'ABANDONED'
    for _ in range(5):
        page.world.event('LEASE_GRANTED')
    page.says(page.tid('headline'), 'Abandoned')


@test('after the database was restored from a copy everything is read again')
def restored(page):
    page.open('#/')
    page.there('[data-testid="overview-jobs"] [data-job="screening"]')
    page.rounds(2)
    del page.world.events[-2:]
    page.world.more_jobs = {'restored': {'about': '', 'steps': [], 'parameters': []}}
    page.there('[data-testid="overview-jobs"] [data-job="restored"]', within_s=8)


@test('what waits in a queue is told, and is no warning')
def queue(page):
    page.world.runs['114']['state'] = 'STOPPED'
    page.world.runs['114']['took_s'] = 1
    page.world.add('400', 'screening', 'RUNNING', 40, 0, 0, 5, None,
                   waits_for='a free executor: all 12 are busy')
    page.open('#/')
    page.says('[data-testid="live-runs"] [data-run="400"]', 'Waits: a free executor')
    page.gone('[data-testid="live-runs"] .warned-text')
    page.gone(page.tid('warnings'))
    page.there('[data-testid="health"][data-state="OK"]')
    page.open('#/runs/400')
    page.there('[data-testid="why-waits"].waiting')


@test('nothing is said of the slowest on one node where only one was at work', nodes=1)
def one_node(page):
    page.open('#/runs/117')
    page.there(page.tid('why-stragglers'))
    page.gone(page.tid('why-one_node'))


@test('the chart of the overview tells the most of a minute')
def chart(page):
    page.open('#/')
    page.says('[data-testid="throughput"] figcaption', ' a minute')


@test('durations are labelled with their range')
def ranges(page):
    page.open('#/runs/117')
    page.says(page.tid('histogram'), '1\u00a0s to 2\u00a0s')


@test('ways to other partitions lead to such that are there')
def neighbours(page):
    page.open('#/runs/115/partitions/work/39')
    page.there(page.tid('before'))
    page.gone(page.tid('after'))
    page.open('#/runs/115/partitions/work/0')
    page.there(page.tid('after'))
    page.gone(page.tid('before'))


@test('the slowest partitions are those of all states')
def slowest(page):
    page.open('#/runs/115/partitions?state=FAILED')
    page.there('[data-no="17"][data-state="FAILED"]')
    page.b.click('.quick a:last-child')
    page.hash_is('#/runs/115/partitions?step=work&sort=took')
    page.there('[data-state="COMPLETED"]')
    page.b.click('.quick a:nth-of-type(5)')
    page.hash_is('#/runs/115/partitions?step=work&state=FAILED')


@test('the overview tells what runs of each job take')
def jobs_of_overview(page):
    page.open('#/')
    page.there('[data-testid="overview-jobs"] [data-job="screening"]')
    page.says(page.tid('overview-jobs'), '14 s')
    page.says(page.tid('overview-jobs'), '31 s')


@test('the database goes away and comes back; old values stay')
def away(page):
    page.open('#/runs')
    page.until(ROWS + '.length === 50', 'the table')
    page.world.away = True
    page.says(page.tid('away-banner'), 'The database does not answer')
    page.says(page.tid('away-banner'), 'The last answer came at ')
    page.says(page.tid('away-banner'), 'what you see is not newer')
    page.there('[data-testid="health"][data-state="UNKNOWN"]')
    same(page.b.run(ROWS + '.length'), 50, 'rows while it is away')
    page.b.click(page.tid('nav-nodes'))  # never read
    page.until(f"return !document.querySelector('{page.tid('away-banner')}').innerText"
               ".includes('what you see')", 'that nothing is seen')
    page.b.click(page.tid('nav-overview'))
    page.says(page.tid('health-sentence'), 'Not known. It was: 3 nodes')
    page.world.away = False
    page.gone(page.tid('away-banner'))
    page.there('[data-testid="live-runs"] [data-run="117"]')


@test('slow answers: the frame is there, and what was read before is shown at once')
def slow(page):
    page.open('#/nodes')
    page.there('[data-node="1"]')
    page.world.delay_s = 15
    page.b.click(page.tid('nav-jobs'))
    page.until("return document.querySelector('h1').innerText === 'Jobs'", 'the frame', 10)
    page.b.click(page.tid('nav-nodes'))
    page.there('[data-node="1"]', 'the old values', 10)
    page.b.click(page.tid('nav-jobs'))
    page.server.quiet.set()
    page.there('[data-job="screening"]')


@test('empty states say what to type next')
def empty(page):
    page.world.runs.clear()
    page.world.nodes.clear()
    page.open('#/')
    page.says('main', 'partita submit range_sum')
    page.says('main', 'partita node --name mine')
    page.open('#/runs')
    page.says(page.tid('empty'), 'partita submit range_sum')
    page.open('#/runs?state=FAILED&since=-24h')
    page.says(page.tid('empty'), 'partita jobs --state FAILED --since 24h')
    page.open('#/nodes')
    page.says(page.tid('empty'), 'partita node')
    page.open('#/runs/17')
    page.says(page.tid('error'), 'There is no run 17.')


@test('the five questions: slow, failed, moved, waiting, what a node does')
def questions(page):
    page.open('#/runs/117')
    page.says(page.tid('headline'),
              'of 1,000 partitions completed, 2 failed, 12 a second, done in about')
    page.says(page.tid('why-stragglers'), '2 partitions take more than twice the median (2.0 s)')
    page.says(page.tid('why-one_node'), '7 of the 10 slowest partitions of step work ran on node-c')
    same(page.b.run("return document.querySelector('[data-testid=why-stragglers] a').hash"),
         '#/runs/117/partitions/work/405', 'where the straggler leads')
    page.open('#/runs/115')
    page.says(page.tid('headline'), 'Failed after 32 s: 3 partitions of step work failed: '
              '“partition 5: line 17 of customers.csv: e-mail without @”')
    page.says(page.tid('why-failures'), 'e-mail without @')
    page.b.click('[data-testid="why-failures"] a')
    page.says(page.tid('tries'), 'will be tried again')
    page.open('#/runs/114')
    page.says(page.tid('why-waits'), 'Waits: no node knows job nightly_report, version 2.')
    page.world.lose_node(1)
    page.world.give_up_node(1)
    page.open('#/runs/117')
    page.says(page.tid('why-moves'), '12 partitions of work moved to node-c and node-a')
    page.open('#/nodes/1')
    page.says(page.tid('headline'), '4 of 4 executors busy with screening; the longest for 5.1 s')
    page.says(page.tid('doing'), 'work 420')
