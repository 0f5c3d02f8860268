"""What changes something: tokens, confirmations, many runs at once, the form that launches."""
import json

from checks import check, same, test
from webdriver import ENTER


def sign_in(page, token='sesame'):
    page.there(page.tid('token-dialog'))
    page.b.type(page.tid('token-field'), token + ENTER)


@test('without a token it is read-only and says how to get further')
def token(page):
    page.open('#/runs/117')
    page.says(page.tid('token'), 'Read only')
    page.b.click(page.tid('action-cancel'))
    page.says(page.tid('token-dialog'), 'whoever runs this server gives you one')
    sign_in(page, 'wrong')
    page.says(page.tid('token-error'), 'does not know this token')
    page.b.run(f"document.querySelector('{page.tid('token-field')}').value = ''")
    sign_in(page, 'look')
    page.says(page.tid('token-error'), 'may read, not change anything')
    page.b.run(f"document.querySelector('{page.tid('token-field')}').value = ''")
    sign_in(page)
    page.there(page.tid('confirm-dialog'))
    page.says(page.tid('what'), 'left')
    same(page.world.written, [], 'nothing is sent before it is confirmed')
    page.b.click(page.tid('cancel-now'))
    page.b.click(page.tid('confirm'))
    page.gone('dialog')
    page.says('.badge[data-state]', 'stopped')
    path, body, headers = page.world.written[0]
    same([path, json.loads(body), headers['authorization']],
         ['runs/117/cancel', {'now': True}, 'Bearer sesame'], 'what was sent')
    page.says(page.tid('token'), 'anna')
    page.b.run('location.reload()')
    page.says(page.tid('token'), 'anna')


@test('skipped items are tried again by a new run')
def retry_skipped(page):
    page.world.add('400', 'screening', 'COMPLETED', 40, 40, 0, 80, 32, skipped=250)
    page.open('#/runs/116')
    page.there(page.tid('action-abandon'), 'a run that let no item go')
    page.gone(page.tid('action-skipped'))
    page.open('#/runs/400')
    page.b.click(page.tid('action-skipped'))
    sign_in(page)
    page.says(page.tid('confirm-dialog'), 'Retry the skipped items of run #400?')
    page.says(page.tid('confirm-dialog'), 'tries the skipped items again')
    page.b.click(page.tid('confirm'))
    page.hash_is('#/runs/401')
    path, body, _ = page.world.written[0]
    same([path, json.loads(body)], ['runs/400/restart', {'skipped': True}], 'what was sent')


@test('a server without tokens says so')
def no_tokens(page):
    page.world.may_operate = False
    page.open('#/nodes/1')
    page.b.click(page.tid('action-drain'))
    page.says(page.tid('token-dialog'), 'started without tokens')


@test('an action on all runs of a filter: a count, a question, each result')
def bulk(page):
    page.world.refused = {'115', '107'}
    page.open('#/runs?job=customer_etl')
    page.b.click(page.tid('bulk-restart'))
    sign_in(page)
    wanted = [r for r in page.world.runs.values()
              if r['job'] == 'customer_etl' and r['state'] in ('FAILED', 'STOPPED')]
    page.says(page.tid('bulk-count'), f'{len(wanted)} runs')
    page.says(page.tid('bulk-count'), 'job:customer_etl state:failed,stopped')
    page.says(page.tid('bulk-dialog'), 'A new run continues it')
    same(page.world.written, [], 'nothing is sent before it is confirmed')
    page.b.click(page.tid('confirm'))
    page.says(page.tid('bulk-summary'), f'{len(wanted) - 2} done, 2 not.')
    page.says('[data-ok="false"]', 'has been continued by another run')
    same(page.b.run("return [...document.querySelectorAll('[data-ok]')].map((e) => e.dataset.ok)"
                    ".join().match(/^false,false(,true)+$/) !== null"), True, 'failures come first')
    same(sorted(p for p, _, _ in page.world.written),
         sorted(f"runs/{r['id']}/restart" for r in wanted), 'what was sent')


@test('a drain asks, says what will happen, and the node drains')
def drain(page):
    page.open('#/nodes/1')
    page.b.click(page.tid('action-drain'))
    sign_in(page)
    page.says(page.tid('what'), '4 partitions under way')
    page.says(page.tid('confirm-dialog'), 'its process ends')
    page.b.click(page.tid('confirm'))
    page.says('.badge[data-state]', 'draining')
    page.says(page.tid('announcer'), 'drain')
    same(page.world.written[0][0], 'nodes/1/drain', 'what was sent')


@test('the form of a job: wrong values are told before anything is sent')
def launch(page):
    page.open('#/jobs/range_sum')
    page.b.click(page.tid('launch-submit'))
    page.says('[data-error-of="from"]', 'required')
    same(page.b.run('return document.activeElement.dataset.parameter'), 'from', 'the focus')
    page.b.type('[data-parameter="from"]', '1.5')
    page.says('[data-error-of="from"]', 'no whole number')
    same(page.world.written, [], 'nothing is sent')
    page.b.run("document.querySelector('[data-parameter=from]').select()")
    page.b.type('[data-parameter="from"]', '13')
    page.b.type('[data-parameter="to"]', '9223372036854775807')
    page.says(page.tid('command'), 'partita submit range_sum from=13 to=9223372036854775807')
    page.hash_is('#/jobs/range_sum?p.from=13&p.to=9223372036854775807')
    page.b.click(page.tid('launch-submit'))
    sign_in(page)
    page.says(page.tid('launch-error'), 'from: 13 is not accepted here.')
    page.b.click(page.tid('launch-submit'))
    page.until(lambda: len(page.world.written) == 2, 'the second try')
    keys = [headers['idempotency-key'] for _, _, headers in page.world.written]
    check(keys[0] and keys[0] == keys[1], 'the same submission has the same key')
    check('"to":9223372036854775807' in page.world.written[0][1], 'digits are kept')
    page.there('[data-testid="launch-submit"]:enabled', 'the answer')
    page.b.run("document.querySelector('[data-parameter=from]').select()")
    page.b.type('[data-parameter="from"]', '14' + ENTER)
    page.hash_is('#/runs/118')
    check(page.world.written[2][2]['idempotency-key'] != keys[0], 'another one, another key')
    page.says(page.tid('run-title'), 'range_sum')
