"""The page's folder and a made-up API, under a path prefix, with the server's headers.

  python3 tests/browser/fake_server.py [PORT]     a cluster to look at: http://localhost:8080/x/y/
"""
import gzip
import hashlib
import json
import mimetypes
import os
import re
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from fake_sharing import Sharing, pause_mark
from fake_timeline import timeline
from fake_world import JOBS, World, iso

WEB = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'apps', 'partita', 'web')
CSP = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
PREFIX = '/x/y/'


class Problem(Exception):
    def __init__(self, status, code, message, hint=''):
        super().__init__(message)
        self.status = status
        self.body = {'error': {'code': code, 'message': message, 'hint': hint, 'details': {}}}


def number_of(text):
    return int(text) if text and text.isdigit() else None


class Api:
    """Answers of the contract, from a world."""

    def __init__(self, world):
        self.world = world
        self.sharing = world.sharing = Sharing(world)

    def get(self, path, q):
        w = self.world
        parts = [urllib.parse.unquote(p) for p in path.split('/')]
        if parts[0] == 'runs' and len(parts) > 1 and parts[1] != 'count':
            return self.of_run(self.find(parts[1]), parts[2:], q)
        if parts[0] == 'nodes' and len(parts) == 2:
            found = [n for n in w.nodes if parts[1] in (n['id'], n['name'])]
            if not found:
                raise Problem(404, 'not_found', f'There is no node {parts[1]}.')
            return w.node_detail(found[0])
        if parts[0] == 'schedules' and len(parts) == 2:
            found = self.sharing.named(parts[1])
            if not found:
                raise Problem(404, 'not_found', f'there is no schedule {parts[1]}')
            return self.sharing.detail(found)
        plain = getattr(self, 'get_' + path.replace('/', '_'), None)
        if not plain:
            raise Problem(404, 'not_found', f'There is nothing at {path}.')
        return plain(q)

    def find(self, number):
        if number not in self.world.runs:
            raise Problem(404, 'not_found', f'There is no run {number[:40]}.',
                          '`partita jobs` lists the runs.')
        return self.world.runs[number]

    def get_health(self, q):
        w = self.world
        bad = [n for n in w.nodes if n['state'] in ('UNREACHABLE', 'DEREGISTERED')]
        live = [r for r in w.runs.values() if r['state'] == 'RUNNING']
        at_work = [n for n in w.nodes if n['state'] in ('ACTIVE', 'DRAINING')]
        warnings = [{'code': 'node', 'text': f"{n['name']} is {n['state'].lower()}", 'hint':
                     'Is its host up?', 'href': f"#/nodes/{n['id']}"} for n in bad]
        for r in w.runs.values():  # a queue for executors is no reason to warn
            if (r['waits_for'] and not r['waits_for'].startswith('a free executor') and
                    r['state'] in ('CREATED', 'RUNNING')):
                warnings.append({'code': 'run_waits', 'href': f"#/runs/{r['id']}", 'hint': '',
                                 'text': f"Run {r['id']} waits: {r['waits_for']}"})
        ending = 'all is well' if not bad else f"{len(bad)} lost"
        return {'status': 'WARNING' if warnings else 'OK', 'warnings': warnings,
                'sentence': f'{len(at_work)} nodes, {len(live)} of {len(w.runs)} runs under way, '
                            f'{ending}',
                'nodes': {'active': len(at_work), 'draining': 0, 'unreachable': len(bad)},
                'slots': sum(n['slots'] for n in at_work),
                'running': sum(n['running'] for n in at_work),
                'runs': {'created': 1, 'running': len(live)}, 'schema': 9, 'version': '1.8.0',
                'database': 'postgresql://db.example/batch', 'now': iso(w.now()),
                'may_operate': w.may_operate}

    def get_throughput(self, q):
        minute = int(self.world.now() // 60)
        ended = [300 + (m * 7919) % 240 + (300 if m % 17 < 4 else 0)
                 for m in range(minute - 59, minute + 1)]
        return {'from': iso((minute - 59) * 60), 'bin_s': 60, 'ended': ended,
                'failed': [9 if m % 23 == 0 else 0 for m in range(60)]}

    def get_nodes(self, q):
        gone = ('LEFT', 'DEREGISTERED')
        return {'items': [self.world.node(n) for n in self.world.nodes
                          if q.get('all') or n['state'] not in gone], 'next': None}

    def get_schedules(self, q):
        return {'items': [self.sharing.document(s) for s in self.sharing.schedules]}

    def get_limits(self, q):
        return {'items': self.sharing.limits}

    def get_retention(self, q):
        if self.sharing.retention is None:
            raise Problem(500, 'database', 'The table of the retention may not be read.')
        return {'items': self.sharing.retention, 'purging': self.sharing.purging}

    def get_jobs(self, q):
        names = [n['name'] for n in self.world.nodes if n['state'] == 'ACTIVE'][:20]
        return {'next': None, 'items': [
            {'name': name, 'version': 1, 'usage': ' '.join(
                p['name'] + '=…' for p in about['parameters']), **about, 'nodes': names,
             'paused': pause_mark(self.world, 'anna', '')
             if name in self.world.paused_jobs else None,
             'runs_seen': 40, 'mean_s': 14.2, 'p95_s': 31.0,
             'last_success_at': iso(self.world.now() - 900),
             'last_run': {'id': '113', 'state': 'COMPLETED'}}
            for name, about in {**JOBS, **getattr(self.world, 'more_jobs', {})}.items()]}

    def matching(self, q):
        def like(value, wanted):
            value = value if isinstance(value, str) else json.dumps(value)
            return value.startswith(wanted[:-1]) if wanted.endswith('*') else value == wanted
        found = sorted((r for r in self.world.runs.values() if not r['purged_at']),
                       key=lambda r: -int(r['id']))
        for name, value in q.items():
            if name == 'state':
                found = [r for r in found if r['state'] in value.split(',')]
            elif name == 'job':
                found = [r for r in found if r['job'] == value]
            elif name.startswith('param.'):
                found = [r for r in found if like(r['parameters'].get(name[6:], ''), value)]
            elif name == 'since' and value.startswith('-'):
                s = int(value[1:-1]) * {'s': 1, 'm': 60, 'h': 3600, 'd': 86400}[value[-1]]
                found = [r for r in found if r['began'] > self.world.now() - s]
        return found

    def get_runs(self, q):
        limit = int(q.get('limit', 50))
        before = number_of(q.get('before'))
        found = [r for r in self.matching(q) if before is None or int(r['id']) < before]
        return {'items': [self.world.run(r) for r in found[:limit]],
                'next': found[limit - 1]['id'] if len(found) > limit else None}

    def get_runs_count(self, q):
        n = len(self.matching(q))
        return {'count': min(n, 10000), 'capped': n > 10000}

    def get_events(self, q, run=None):
        found = [e for e in self.world.events if run is None or e['run'] == run]
        return {'items': found[-int(q.get('limit', 100)):], 'next': None}

    def get_changes(self, q):
        if 'since' not in q:
            return {'newest': self.world.events[-1]['id'], 'runs': [], 'nodes': [], 'more': False}
        since = number_of(q.get('since')) or 0
        new = [e for e in self.world.events if int(e['id']) > since]
        if len(new) > self.world.most_changes:  # the server looks at no more at once
            new = new[:self.world.most_changes]
            return {'newest': new[-1]['id'], 'runs': [], 'nodes': [], 'more': True}
        newest = int(self.world.events[-1]['id'])
        return {'newest': str(newest), 'more': newest < since,
                'runs': sorted({e['run'] for e in new if e['run']}),
                'nodes': sorted({e['node'] for e in new if e['node']})}

    def of_run(self, r, rest, q):
        w = self.world
        if not rest:
            return w.run_detail(r)
        if rest[0] == 'partitions' and len(rest) == 3:
            no = number_of(rest[2])
            if no is None or no >= max(1, r['total']):
                raise Problem(404, 'not_found', f'There is no partition {rest[2][:40]}.')
            return w.partition_detail(r, rest[1], no)
        if rest[0] == 'partitions':
            after = number_of(q.get('after'))
            limit = int(q.get('limit', 100))
            every = range(min(r['total'], 3000))
            found = [p for p in (w.partition(r, q.get('step', r['step']), no) for no in every)
                     if not q.get('state') or p['state'] == q['state']]
            if q.get('sort') == 'took':
                if 'state' in q or 'after' in q:
                    raise Problem(400, 'bad_parameter', 'sort=took lists the slowest of all.')
                found.sort(key=lambda p: -(p['duration_s'] or 0))
            found = [p for p in found if after is None or p['no'] > after]
            return {'items': found[:limit],
                    'next': str(found[limit - 1]['no']) if len(found) > limit else None}
        if rest[0] == 'errors':
            return w.errors(r)
        if rest[0] == 'skipped':
            return w.skipped_page(r, q.get('step'), q.get('after'), int(q.get('limit', 100)))
        if rest[0] == 'events':
            return self.get_events(q, r['id'])
        if rest[0] == 'timeline':
            return timeline(w, r, q)
        raise Problem(404, 'not_found', 'There is no such part of a run.')

    # --- writes
    def post(self, path, body, headers):
        w = self.world
        token = (headers.get('Authorization') or '').removeprefix('Bearer ')
        if token not in w.tokens:
            raise Problem(401, 'unauthorized', 'This needs a token.', 'Enter one at the top right.')
        if w.tokens[token][1] != 'operate':
            raise Problem(403, 'forbidden', 'This token may only read.')
        if headers.get('Content-Type') != 'application/json':
            raise Problem(415, 'media_type', 'Send JSON.')
        w.written.append((path, body, {k.lower(): v for k, v in headers.items()}))
        parts = [urllib.parse.unquote(p) for p in path.split('/')]
        by = w.tokens[token][0]
        if path == 'runs':
            return 201, self.launch(json.loads(body), headers)
        if path == 'retention':
            kept = self.sharing.keep(json.loads(body))
            if not kept:
                raise Problem(404, 'not_found', 'No node has ever told of this job.')
            return 200, kept
        if parts[0] == 'nodes':
            node = next(n for n in w.nodes if n['id'] == parts[1])
            node['state'] = 'DRAINING'
            w.event('NODE_DRAINING', node=node['id'])
            return 200, w.node_detail(node)
        if parts[0] in ('schedules', 'jobs', 'limits'):
            if parts[1] in w.refused:
                raise Problem(409, 'conflict', f'{parts[1]} has just been changed.', 'Ask again.')
            action = parts[2] if len(parts) > 2 else ''
            changed = self.sharing.change(parts[0], parts[1], action, json.loads(body), by)
            if not changed:
                raise Problem(404, 'not_found', f'There is nothing called {parts[1]}.')
            return 201 if action in ('run', 'backfill') else 200, changed
        r = self.find(parts[1])
        if r['id'] in w.refused:
            raise Problem(409, 'conflict', f"Run {r['id']} has been continued by another run.")
        if parts[2] == 'restart':
            new = w.add(str(max(map(int, w.runs)) + 1), r['job'], 'CREATED', r['total'],
                        r['completed'], 0, w.born - w.now(), None, restart_of=r['id'])
            r['continued_by'] = new['id']
            return 200, w.run(new)
        if parts[2] in ('pause', 'resume', 'priority'):
            return 200, self.sharing.change_run(r, parts[2], json.loads(body), by)
        r['state'] = {'cancel': 'STOPPED', 'abandon': 'ABANDONED'}[parts[2]]
        r['took_s'] = r['took_s'] or w.now() - r['began']
        w.event('RUN_ENDED', run=r['id'], detail={'state': r['state']})
        return 200, w.run(r)

    def launch(self, asked, headers):
        w = self.world
        if asked['parameters'].get('from') == 13:
            raise Problem(422, 'invalid', 'from: 13 is not accepted here.', 'Take another number.')
        new = w.add(str(max(map(int, w.runs)) + 1), asked['job'], 'CREATED', 0, 0, 0,
                    w.born - w.now(), None, parameters=asked['parameters'],
                    launch_key=headers['Idempotency-Key'])
        w.event('RUN_SUBMITTED', run=new['id'], detail={'job': new['job']})
        return w.run(new)


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *args):
        pass

    def answer(self, status, body, kind):
        tag = f'"{hashlib.sha1(body).hexdigest()[:16]}"'
        fresh = status == 200 and self.headers.get('If-None-Match') == tag
        self.send_response(304 if fresh else status)
        self.send_header('ETag', tag)
        self.send_header('Cache-Control', 'no-cache')
        self.send_header('Content-Security-Policy', CSP)
        self.send_header('X-Content-Type-Options', 'nosniff')
        if not fresh:
            if len(body) > 1000 and 'gzip' in self.headers.get('Accept-Encoding', ''):
                body = gzip.compress(body, 1)
                self.send_header('Content-Encoding', 'gzip')
            self.send_header('Content-Type', kind)
            self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        if not fresh:
            try:
                self.wfile.write(body)
            except OSError:  # the page has gone on without the answer
                self.close_connection = True

    def json(self, status, value):
        self.answer(status, json.dumps(value, ensure_ascii=False).encode(), 'application/json')

    def serve(self, make):
        server = self.server
        url = urllib.parse.urlsplit(self.path)
        server.seen.append(self.path)
        if not url.path.startswith(PREFIX):
            server.strays.append(self.path)
            return self.json(404, {'error': {'code': 'not_found', 'message': 'outside'}})
        path = url.path[len(PREFIX):]
        if not path.startswith('api/v1/'):
            return self.file(path or 'index.html')
        world = server.api.world
        if world.delay_s:
            server.quiet.wait(world.delay_s)
        try:
            if world.away:
                raise Problem(503, 'unavailable', 'The database does not answer.',
                              'Is it running? The nodes wait for it.')
            query = dict(urllib.parse.parse_qsl(url.query))
            return self.json(*make(path[len('api/v1/'):], query))
        except Problem as problem:
            return self.json(problem.status, problem.body)

    def do_GET(self):
        def make(path, query):
            if path == 'whoami':
                token = (self.headers.get('Authorization') or '').removeprefix('Bearer ')
                known = self.server.api.world.tokens.get(token)
                if not known:
                    raise Problem(401, 'unauthorized', 'The token is not known.')
                return 200, {'name': known[0], 'role': known[1]}
            return 200, self.server.api.get(path, query)
        self.serve(make)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0)).decode()
        self.serve(lambda path, query: self.server.api.post(path, body, self.headers))

    def file(self, path):
        full = os.path.normpath(os.path.join(WEB, path))
        if not full.startswith(os.path.normpath(WEB)) or not os.path.isfile(full):
            self.server.strays.append(self.path)
            return self.answer(404, b'', 'text/plain')
        kind = mimetypes.guess_type(full)[0] or 'application/octet-stream'
        with open(full, 'rb') as f:
            body = f.read()
        if re.search('text|javascript|svg', kind):
            kind += '; charset=utf-8'
        return self.answer(200, body, kind)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):  # else the browser has gone away
            super().handle_error(request, client_address)


def start(world, port=0):
    """A server of its own threads; `server.url` is where the page is."""
    server = Server(('127.0.0.1', port), Handler)
    server.api = Api(world)
    server.seen, server.strays = [], []
    server.quiet = threading.Event()  # set: no answer is slow any more
    server.url = f'http://127.0.0.1:{server.server_port}{PREFIX}'
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


if __name__ == '__main__':
    started = start(World(), int(sys.argv[1]) if len(sys.argv) > 1 else 8080)
    print(started.url, flush=True)
    threading.Event().wait()
