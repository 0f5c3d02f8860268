"""How runs share the cluster: schedules, pauses, priorities, limits, tags of nodes."""
import json

from action_tests import sign_in
from checks import check, same, test
from fake_sharing import pause_mark, schedule
from fake_world import HOSTILE
from view_tests import CONTRAST, fits
from webdriver import ENTER, ESCAPE, TAB

SCHEDULES = ("return [...document.querySelectorAll('[data-testid=schedules-table] tbody tr')]"
             ".map((r) => r.dataset.schedule)")


def sent(page, n=0):
    """Path and body of what was written."""
    page.until(lambda: len(page.world.written) > n, f'write {n}')
    path, body, headers = page.world.written[n]
    same(headers['authorization'], 'Bearer sesame', 'the token')
    return [path, json.loads(body)]


@test('schedules: what comes next, what was, who fires it; what nobody fires stands out')
def schedules(page):
    page.open('#/')
    page.b.click(page.tid('nav-schedules'))
    page.hash_is('#/schedules')
    page.there(page.tid('schedules-table'))
    same(page.b.run(SCHEDULES), ['report', 'hourly_etl', 'nightly', 'once'], 'the order')
    page.says('[data-schedule="report"]', 'Nobody fires it: no node with a free token knows its')
    page.says(page.tid('unowned'), '1 fired by nobody')
    page.says('[data-schedule="hourly_etl"]', 'Paused by anna: the list server is down')
    row = page.b.text('[data-schedule="nightly"]')
    for part in ('owned', 'screening', '30 2 * * MON-FRI', 'Europe/Berlin', 'in 3 min', '1 min ago',
                 '#117', 'node-b', '2'):
        check(part in row, f'{part!r} is not in {row!r}')
    same(page.b.run("return [...document.querySelectorAll('[data-schedule=nightly] a')]"
                    ".map((a) => a.hash)"),
         ['#/schedules/nightly', '#/jobs/screening', '#/runs/117', '#/nodes/2'], 'links')
    exact = page.b.run("return document.querySelector('[data-schedule=nightly] time').title")
    check('UTC' in exact or 'Z' in exact, f'the exact time: {exact}')
    marks = page.b.run("return new Set([...document.querySelectorAll('[data-testid=schedules-table]"
                       " .badge svg')].map((m) => m.innerHTML)).size")
    same(marks, 4, 'each state has a shape of its own')
    page.world.sharing.named('report')['state'] = 'OWNED'
    page.gone(page.tid('unowned'))
    page.until(SCHEDULES + ".join() === 'hourly_etl,nightly,once,report'", 'the order by name')


@test('without schedules the page says what to type, and without limits there are none')
def no_schedules(page):
    page.world.sharing.schedules.clear()
    page.world.sharing.limits.clear()
    page.open('#/schedules')
    page.says(page.tid('empty'), 'partita schedule add NAME TRIGGER JOB')
    page.open('#/schedules/gone')
    page.says(page.tid('error'), 'there is no schedule gone')
    page.open('#/jobs')
    page.rounds(2)
    page.gone(page.tid('limits'))


@test('one schedule: its facts, its next ticks, its runs as a strip by keyboard')
def one_schedule(page):
    page.open('#/schedules/nightly')
    page.says(page.tid('headline'), 'The next tick is in 3 min; node-b fires it.')
    for part in ('screening', '30 2 * * MON-FRI', 'Europe/Berlin', '2 ticks', 'node-b',
                 'a tick during a run is skipped', 'up to 1 min late', 'to=9007199254740993'):
        page.says(page.tid('schedule-facts'), part)
    same(page.b.run("return document.querySelectorAll('[data-testid=next-ticks] li').length"), 10,
         'next ticks')
    strip = page.b.run("return [...document.querySelectorAll('[data-testid=strip] a')]"
                       ".map((a) => [a.hash, a.dataset.state, a.title, a.className,"
                       " a.querySelector('svg').innerHTML])")
    same(len(strip), 50, 'at most so many runs')
    same([strip[0][0], strip[-1][0]], ['#/runs/63', '#/runs/117'], 'the oldest is left')
    check('#117 running, tick of' in strip[-1][2], strip[-1][2])
    same(len({look for *_, look in strip}), len({state for _, state, *_ in strip}),
         'each state has a shape of its own')
    page.b.run("document.querySelector('[data-testid=strip] a').focus()")
    page.b.keys(TAB)
    same(page.b.run("const e = document.activeElement; return [e.dataset.run,"
                    " getComputedStyle(e).outlineStyle !== 'none']"), ['64', True], 'the focus')
    page.b.keys(ENTER)
    page.hash_is('#/runs/64')
    page.open('#/schedules/report')
    page.says(page.tid('headline'), 'Nobody fires it')
    page.says(page.tid('history'), 'It has started no run yet.')
    page.open('#/schedules/once')
    page.says(page.tid('headline'), 'It is over')
    page.open('#/schedules/hourly_etl')
    page.says(page.tid('headline'), 'Paused by anna: the list server is down.')
    page.says(page.tid('next-ticks'), 'None while it is paused.')


@test('a schedule that is late says whether it waits for a run')
def late(page):
    nightly = page.world.sharing.named('nightly')
    nightly['due_s'] = -600
    page.open('#/schedules/nightly')
    page.says(page.tid('headline'), 'A tick was due 10 min ago: it waits for the end of run #117.')
    nightly['history'].pop()
    page.says(page.tid('headline'), 'A tick was due 10 min ago, and node-b has not fired it yet.')
    page.open('#/schedules')
    page.says('[data-schedule="nightly"]', 'It is overdue.')


@test('a schedule is paused with a note, resumed, and started now')
def change_schedule(page):
    page.open('#/schedules/nightly')
    page.b.click(page.tid('action-pause'))
    sign_in(page)
    page.says(page.tid('confirm-dialog'), 'It starts no runs until it is resumed.')
    page.until("return document.activeElement.id === 'note-field'", 'the focus is in the note')
    page.b.type(page.tid('note-field'), 'new lists come')
    same(page.world.written, [], 'nothing is sent before it is confirmed')
    page.b.click(page.tid('confirm'))
    page.says(page.tid('headline'), 'Paused by anna: new lists come.')
    same(sent(page), ['schedules/nightly/pause', {'note': 'new lists come'}], 'what was sent')
    page.says(page.tid('announcer'), 'paused')
    page.gone(page.tid('action-pause'))
    page.b.click(page.tid('action-resume'))
    page.b.click(page.tid('confirm'))
    page.says(page.tid('headline'), 'The next tick is in')
    same(sent(page, 1), ['schedules/nightly/resume', {}], 'what was sent')
    page.b.click(page.tid('action-run'))
    page.says(page.tid('confirm-dialog'), 'also while another run of the schedule is live')
    page.world.refused = {'nightly'}
    page.b.click(page.tid('confirm'))
    page.says(page.tid('action-error'), 'nightly has just been changed. Ask again.')
    page.world.refused = set()
    page.b.click(page.tid('confirm'))
    page.hash_is('#/runs/118')
    same(sent(page, 3), ['schedules/nightly/run', {}], 'what was sent')
    page.says(page.tid('run-facts'), 'nightly, tick of')
    same(page.b.run("return document.querySelector('[data-testid=run-facts] a[href*=schedules]')"
                    ".hash"), '#/schedules/nightly', 'where it leads')


@test('a note that was typed into a dialog and left is not sent with the next one')
def old_note(page):
    page.open('#/')
    page.b.click(page.tid('token'))
    sign_in(page)
    page.gone('dialog')
    for route, button in (('#/schedules/nightly', 'action-pause'), ('#/jobs/screening',
                                                                    'action-pause-job')):
        page.open(route)
        page.there(page.tid(button))
        page.b.run('document.activeElement.blur()')
        page.b.keys('p')  # nothing is drawn anew
        page.there(page.tid('paused-banner'))
        page.b.click(page.tid(button))
        page.b.type(page.tid('note-field'), 'wrong' + ESCAPE)
        page.gone('dialog')
        page.b.click(page.tid(button))
        same(page.b.run("return document.querySelector('#note-field').value"), '', 'the field')
        page.b.click(page.tid('confirm'))
        page.gone('dialog')
    same([sent(page)[1], sent(page, 1)[1]], [{'note': ''}, {'note': ''}], 'what was sent')


@test('a run is paused with a note and resumed; who paused it is seen everywhere')
def pause_run(page):
    page.open('#/runs/117')
    page.gone(page.tid('action-resume'))
    page.b.click(page.tid('action-pause'))
    sign_in(page)
    page.world.refused = {'117'}
    page.there(page.tid('note-field'))
    page.b.type(page.tid('note-field'), 'the list server is down' + ENTER)
    page.says(page.tid('action-error'), 'has been continued by another run')
    page.world.refused = set()
    page.b.click(page.tid('confirm'))
    page.gone('dialog')
    same(sent(page, 1), ['runs/117/pause', {'note': 'the list server is down'}], 'what was sent')
    page.says(page.tid('headline'), 'Paused by anna: the list server is down.')
    page.there('.title-row .badge[data-state="PAUSED"]')
    page.gone(page.tid('why-waits'))
    page.gone(page.tid('action-pause'))
    page.open('#/runs')
    page.says('[data-run="117"]', 'Paused by anna: the list server is down')
    same(page.b.run("return [...document.querySelectorAll('[data-paused]')].map((m) =>"
                    "[m.closest('tr').dataset.run, m.title])"),
         [['117', 'Paused by anna: the list server is down']], 'the mark of a paused run')
    page.open('#/')
    page.says(page.tid('live-runs'), 'Paused by anna')
    check('a second' not in page.b.text('[data-testid="live-runs"] [data-run="117"]'),
          'a paused run has no pace')
    page.open('#/runs/117')
    page.b.click(page.tid('action-resume'))
    page.b.click(page.tid('confirm'))
    page.says(page.tid('headline'), 'Running:')
    same(sent(page, 2), ['runs/117/resume', {}], 'what was sent')
    page.open('#/runs/113')
    for action in ('pause', 'resume', 'priority'):
        page.gone(page.tid(f'action-{action}'), f'{action} of a run that has ended')


@test('a priority: wrong ones are told before anything is sent')
def priority(page):
    page.open('#/runs/117')
    page.there(page.tid('run-title'))
    page.gone(page.tid('priority'))
    page.b.click(page.tid('action-priority'))
    sign_in(page)
    page.there('#number-field')
    same(page.b.run("return document.querySelector('#number-field').value"), '0', 'what it is now')
    for wrong in ('1001', '-1001', '1.5', 'high', '', '1e2'):
        page.b.run("const f = document.querySelector('#number-field'); f.value = '';"
                   "f.dispatchEvent(new Event('input'))")
        page.b.type(page.tid('number-field'), wrong + ENTER)
        page.says(page.tid('action-error'), f'“{wrong}” is no whole number from -1000 to 1000.')
    same(page.world.written, [], 'nothing is sent')
    page.b.run("document.querySelector('#number-field').select()")
    page.b.type(page.tid('number-field'), '-7' + ENTER)
    page.says(page.tid('priority'), 'priority -7')
    same(sent(page), ['runs/117/priority', {'priority': -7}], 'what was sent')


@test('pause and resume of all runs of a filter take those that are not, or are')
def bulk_pause(page):
    w = page.world
    for number in ('200', '201', '202'):
        w.add(number, 'screening', 'RUNNING', 10, 2, 0, 10, None)
    w.runs['201']['paused'] = pause_mark(w, 'ben', '')
    page.open('#/runs?job=screening')
    page.gone(page.tid('bulk-priority'))
    page.b.click(page.tid('bulk-pause'))
    sign_in(page)
    page.says(page.tid('bulk-count'), '3 runs of job:screening state:created,running, not paused')
    page.b.type(page.tid('note-field'), 'lists')
    page.b.click(page.tid('confirm'))
    page.says(page.tid('bulk-summary'), '3 done.')
    page.says('[data-ok="true"]', 'is paused')
    same(sorted(p for p, _, _ in w.written), ['runs/117/pause', 'runs/200/pause', 'runs/202/pause'],
         'what was sent')
    same(sent(page)[1], {'note': 'lists'}, 'the note')
    page.b.click('dialog .primary')
    page.b.click(page.tid('bulk-resume'))
    page.says(page.tid('bulk-count'), '4 runs of')
    page.b.click(page.tid('confirm'))
    page.says(page.tid('bulk-summary'), '4 done.')
    same([r['paused'] for r in w.runs.values() if r['paused']], [], 'paused runs')


@test('a job is paused and resumed')
def pause_job(page):
    page.open('#/jobs/screening')
    page.gone(page.tid('job-paused'))
    page.gone(page.tid('action-resume-job'))
    page.b.click(page.tid('action-pause-job'))
    sign_in(page)
    page.says(page.tid('what'), 'all of its runs')
    page.b.type(page.tid('note-field'), 'lists')
    page.world.refused = {'screening'}
    page.b.click(page.tid('confirm'))
    page.says(page.tid('action-error'), 'screening has just been changed. Ask again.')
    page.world.refused = set()
    page.b.click(page.tid('confirm'))
    page.says(page.tid('job-paused'), 'nothing more of its runs begins')
    page.gone(page.tid('action-pause-job'))
    same(sent(page, 1), ['jobs/screening/pause', {'note': 'lists'}], 'what was sent')
    page.open('#/runs/117')
    page.says(page.tid('headline'), 'Its job is paused.')
    page.open('#/jobs/screening')
    page.b.click(page.tid('action-resume-job'))
    page.b.click(page.tid('confirm'))
    page.gone(page.tid('job-paused'))
    same(sent(page, 2), ['jobs/screening/resume', {}], 'what was sent')
    page.open('#/jobs/nope')
    page.says(page.tid('empty'), 'No node at work knows this job.')
    page.gone(page.tid('action-pause-job'))
    page.gone(page.tid('action-resume-job'))


@test('limits: how much is in use, and how they are set')
def limits(page):
    page.open('#/jobs')
    page.says('[data-limit="list_server"]', '4')
    page.says('[data-limit="mail"]', 'any')
    width = "return document.querySelector('[data-limit=list_server] .bar').style" \
            ".getPropertyValue('--claimed')"
    same(page.b.run(width), '75%', 'the bar')
    page.b.click('[data-limit="list_server"] button')
    sign_in(page)
    page.says(page.tid('what'), 'It allows 4 partitions at once; 3 under way.')
    page.b.run("document.querySelector('#number-field').select()")
    page.b.type(page.tid('number-field'), '-1' + ENTER)
    page.says(page.tid('action-error'), '“-1” is no whole number from 0')
    same(page.world.written, [], 'nothing is sent')
    page.b.run("document.querySelector('#number-field').select()")
    page.b.type(page.tid('number-field'), '2' + ENTER)
    page.says('[data-limit="list_server"]', 'full')
    same(page.b.run(width), '100%', 'the bar of a limit that was lowered')
    same(sent(page), ['limits/list_server', {'slots': 2}], 'what was sent')
    page.b.click('[data-limit="list_server"] button')
    page.b.run("const f = document.querySelector('#number-field'); f.value = '';"
               "f.dispatchEvent(new Event('input'))")
    page.b.click(page.tid('confirm'))
    page.says('[data-limit="list_server"]', 'any')
    same(sent(page, 1), ['limits/list_server', {'slots': None}], 'what was sent')
    page.world.sharing.limits[0].update(slots=0, in_use=0)
    page.says('[data-limit="list_server"]', '0, closed')
    same(page.b.run(width), '0%', 'the bar of a closed limit that nothing uses')


@test('tags of nodes: in the table where there is room, and on the page of a node')
def tags(page):
    page.open('#/nodes')
    page.says('[data-node="2"]', 'gpu')
    page.b.size(360, 900)
    page.until("return !document.querySelector('[data-node=\"2\"]').innerText.includes('gpu')",
               'no tags in the narrow table')
    page.open('#/nodes/2')
    page.says('.facts', 'gpu\nberlin')
    page.says('.facts', 'at most 100')
    page.open('#/nodes/1')
    check('Tags' not in page.b.text('.facts'), 'a node without tags')


@test('what operators change is told in the events')
def events(page):
    w = page.world
    w.event('RUN_PAUSED', run='117', detail={'note': 'lists', 'by': 'anna'})
    w.event('RUN_PRIORITIZED', run='117', detail={'priority': 7, 'by': 'anna'})
    w.event('LIMIT_SET', detail={'limit': 'mail', 'by': 'ben'})
    w.event('SCHEDULE_PAUSED', detail={'schedule': 1, 'name': 'nightly', 'by': 'ben', 'note': 'x'})
    w.event('TICKS_MISSED', node='2', detail={'schedule': 1, 'name': 'nightly', 'count': 3,
                                              'why': 'overlap'})
    page.open('#/')
    for text in ('#117 is paused by anna: lists', '#117 gets the priority 7 by anna',
                 'limit mail is set to any number by ben', 'schedule nightly is paused by ben: x',
                 'schedule nightly missed 3 ticks: a run was under way'):
        page.says(page.tid('lately'), text)


@test('hostile schedules, limits, notes and tags are text, and break nothing')
def hostile(page):
    w = page.world
    share = w.sharing
    for i, text in enumerate(HOSTILE):
        share.schedules.append(schedule(
            w, 10 + i, text, text, ('OWNED', 'PAUSED', 'UNOWNED', 'PAUSED')[i], trigger=text,
            zone=text, overlap=text, parameters={text[:200]: text, '__proto__': text},
            paused=pause_mark(w, text, text) if i % 2 else None, history=['115', '117']))
        share.limits.append({'name': text, 'slots': [0, 2 ** 63, None, 1][i], 'in_use': 2 ** 62})
        w.nodes.append(w.make_node(3 + i, text))
        w.nodes[-1]['tags'] = [text] * 9
        w.add(str(300 + i), text, 'RUNNING', 40, 7, 3, 30, None, paused=pause_mark(w, text, text),
              priority=[2 ** 62, None, 'x', -1][i])
    share.schedules.append({**schedule(w, 20, 'odd', 'screening', 'ODD'), 'missed': None,
                            'catch_up_s': None, 'parameters': None})
    w.runs['116'].update(paused={}, priority=None)
    image = '%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E'
    for route in ('#/schedules', f'#/schedules/{image}', '#/schedules/odd', '#/jobs', '#/nodes',
                  f'#/schedules/{"n" * 10_000}', '#/nodes/4', '#/nodes/6', '#/runs', '#/runs/300',
                  '#/runs/302', '#/runs/303', f'#/jobs/{image}', '#/'):
        page.open(route)
        same(page.b.run("return document.querySelectorAll('main img, main script, main b > b')"
                        ".length"), 0, f'elements made of names in {route[:60]}')
        for width in (1440, 360):
            page.b.size(width, 900)
            fits(page, width, route[:60])
            check(page.b.run("return document.querySelector('h1').offsetHeight") < 400,
                  f'the title of {route[:60]} fills the page')
    page.b.size(1440, 900)
    page.open(f'#/schedules/{image}')
    page.b.click(page.tid('action-pause'))
    sign_in(page)
    page.says('#dialog-title', 'Pause <img src=x onerror=alert(1)>?')
    page.b.click(page.tid('confirm'))
    same(sent(page)[0], f'schedules/{image}/pause', 'what was sent')
    page.open('#/jobs')
    page.b.click('[data-limit^="<img"] button')
    page.b.type(page.tid('number-field'), '0')
    page.b.click(page.tid('confirm'))
    same(sent(page, 1), [f'limits/{image}', {'slots': 0}], 'what was sent')
    page.says('[data-limit^="<img"]', 'closed')


@test('dialogs with fields at 360 pixels, in light and dark', width=360)
def narrow_dialogs(page):
    page.open('#/schedules/nightly')
    page.b.click(page.tid('action-pause'))
    sign_in(page)
    page.there(page.tid('note-field'))
    for theme in ('light', 'dark'):
        page.b.media(prefers_color_scheme=theme)
        same(page.b.run(CONTRAST), [], f'contrast in {theme}')
    fits(page, 360, 'the dialog')
    same(page.b.run("const d = document.querySelector('dialog');"
                    "return d.scrollWidth <= d.clientWidth"), True, 'the dialog fits')
