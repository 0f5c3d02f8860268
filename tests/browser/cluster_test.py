#!/usr/bin/env python3
"""The operators' page in a headless Chromium, on a cluster of two real nodes and SQLite.

  PARTITA=build/dev/partita python3 tests/browser/cluster_test.py

Exit codes: 0 all good, 1 not, 2 no browser.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading

sys.dont_write_bytecode = True

import webdriver

TOKEN = '0123456789abcdef-anna'
STATE = "return document.querySelector('main').innerText"


class Cluster:
    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.folder = tempfile.mkdtemp(prefix='partita-page-')
        self.env = dict(os.environ, PARTITA_DB=f'sqlite:{self.folder}/page.db')
        self.env.pop('PARTITA_HTTP', None)
        self.nodes = []
        self.command('schema', 'migrate')
        tokens = self.folder + '/tokens'
        with open(os.open(tokens, os.O_CREAT | os.O_WRONLY, 0o600), 'w') as file:
            file.write(f'anna operate {TOKEN}\n')
        first = self.node('viewed', '--http', '127.0.0.1:0', '--http-tokens', tokens)
        self.address = next(json.loads(line)['at'] for line in first.stderr
                            if '"http_listens"' in line)
        # What nobody reads would stop the node one day.
        threading.Thread(target=lambda: [None for _ in first.stderr], daemon=True).start()

    def command(self, *words):
        return subprocess.run([self.program, *words], env=self.env, check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.strip()

    def node(self, name, *more):
        logged = open(f'{self.folder}/{name}.log', 'w+')
        node = subprocess.Popen([self.program, 'node', '--fast', '--executors', '2', '--name', name,
                                 '--log-format', 'json', *more],
                                env=self.env, stderr=subprocess.PIPE if more else logged, text=True)
        self.nodes.append(node)
        return node

    def submit(self, *parameters):
        return self.command('submit', 'range_sum', *parameters)

    def close(self):
        for node in self.nodes:
            node.kill()
            node.wait()
        shutil.rmtree(self.folder)


def says(browser, what, within_s=60):
    browser.until(f'{STATE}.toLowerCase().includes({what.lower()!r})', f'the page says "{what}"',
                  within_s)
    print(f'ok    the page says "{what}"')


def a_node_dies(browser, cluster):
    other = cluster.node('doomed')
    run = cluster.submit('from=1', 'to=100000', 'partitions=300', 'delay_ms=100')
    browser.open(f'{cluster.address}?1#/runs/{run}')
    says(browser, 'Running')
    browser.until(lambda: '"doomed"' in cluster.command('job', run, '--partitions', '-o', 'json',
                                                        '--limit', '300'),
                  'the other node has done something')
    says(browser, 'doomed')
    other.kill()
    says(browser, 'doomed was lost')
    says(browser, 'completed')
    browser.open(f'{cluster.address}?2#/runs/{run}/partitions/add/7')
    says(browser, 'COMPLETED')


def a_run_is_cancelled(browser, cluster):
    run = cluster.submit('from=1', 'to=200000', 'partitions=400', 'delay_ms=200')
    browser.open(f'{cluster.address}?3#/runs/{run}')
    says(browser, 'Running')
    asked = '''const [path, headers, done] = arguments;
      fetch(path, {method: 'POST', headers, body: '{}'}).then((a) => done(a.status));'''
    path = f'api/v1/runs/{run}/cancel'
    headers = {'Content-Type': 'application/json'}
    refused = browser.run_async(asked, path, headers)
    if refused != 401:
        raise webdriver.Failed(f'without a token the answer is {refused}')
    allowed = browser.run_async(asked, path, dict(headers, Authorization='Bearer ' + TOKEN))
    if allowed != 200:
        raise webdriver.Failed(f'with a token the answer is {allowed}')
    says(browser, 'stopped')
    events = json.loads(cluster.command('events', run, '-o', 'json', '--limit', '1000'))
    by = [e['detail'].get('by') for e in events['items'] if e['kind'] == 'STOP_REQUESTED']
    if by != ['anna']:
        raise webdriver.Failed(f'the log tells that {by} asked')
    print('ok    a run is cancelled by who has a token, and the log tells who')


def views_answer(browser, cluster):
    for view, word in [('', 'at work'), ('runs', 'range_sum'), ('nodes', 'viewed'),
                       ('nodes/1', 'viewed'), ('jobs', 'range_sum'),
                       ('jobs/range_sum', 'partitions')]:
        browser.open(f'{cluster.address}?{view}#/{view}')
        says(browser, word)


def main():
    try:
        browser = webdriver.Browser()
    except webdriver.Failed as e:
        print(f'FAIL  no browser: {e}', file=sys.stderr)
        return 2
    cluster = Cluster(os.environ['PARTITA'])
    try:
        for test in (a_node_dies, a_run_is_cancelled, views_answer):
            test(browser, cluster)
            wrong = [line for line in browser.log() if '401' not in str(line)]
            if wrong:
                raise webdriver.Failed(f'the browser says: {wrong}')
    except webdriver.Failed as e:
        print(f'FAIL  {e}', file=sys.stderr)
        print(browser.run(STATE), file=sys.stderr)
        return 1
    finally:
        browser.close()
        cluster.close()
    return 0


if __name__ == '__main__':
    sys.exit(main())
