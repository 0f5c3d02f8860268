"""A made-up cluster: what the API of a real one would tell. Everything follows from a seed and from
how much time has passed, so that two answers agree with each other."""
import random
import time

HOSTILE = ('<img src=x onerror=alert(1)>',
           '\u202egnp.exe\u202c "quoted" \'n\' </script><b>bold</b>', 'n' * 10_000,
           'zero\u200bwidth\u0000null\ttab\nline')


def iso(t):
    whole = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(t))
    return f'{whole}.{int(t * 1000) % 1000:03d}Z'


def parameter(name, kind, required=False, default=None, about='', one_of=()):
    return {'name': name, 'type': kind, 'required': required, 'identifying': True,
            'default': default, 'one_of': list(one_of), 'about': about}


JOBS = {
    'range_sum': {'about': 'sums the numbers of a range', 'steps': ['sum'], 'parameters': [
        parameter('from', 'integer', True, about='the first number'),
        parameter('to', 'integer', True, about='the last number'),
        parameter('partitions', 'integer', False, 8, 'how many partitions')]},
    'screening': {'about': 'payments against lists of sanctioned entities',
                  'steps': ['load', 'work', 'decide', 'report'], 'parameters': [
                      parameter('input', 'path', True, about='payments, in the format Elixir-0'),
                      parameter('strategy', 'string', False, 'remote_partitioning', 'how to scale',
                                ['remote_partitioning', 'remote_chunking', 'local_chunking']),
                      parameter('threshold', 'number', False, 0.92),
                      parameter('strict', 'boolean', False, False)]},
    'customer_etl': {'about': 'loads customers from a file', 'steps': ['load', 'check'],
                     'parameters': [parameter('input', 'path', True),
                                    parameter('output_dir', 'path', True)]},
}
FLOW = [('load', 'TASKLET', None), ('index', 'PARTITIONED', '1.1'),
        ('enrich', 'PARTITIONED', '1.2'), ('mail', 'TASKLET', '1.2'),
        ('work', 'PARTITIONED', None), ('report', 'TASKLET', None)]
BUCKETS = [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, None]


class World:
    def __init__(self, nodes=3):
        self.born = time.time()
        self.away = False         # the database does not answer
        self.delay_s = 0          # of every answer
        self.may_operate = True
        self.tokens = {'sesame': ('anna', 'operate'), 'look': ('ben', 'read')}
        self.refused = set()      # runs, schedules, jobs and limits that refuse every action
        self.paused_jobs = set()
        self.written = []         # (path, body, headers) of every write
        self.events = []
        self.nodes = [self.make_node(i, f'node-{chr(97 + i)}' if nodes <= 26 else f'node-{i}')
                      for i in range(nodes)]
        self.runs = {}
        self.moves = []
        self.most_changes = 1000
        self.make_runs()
        for node in self.nodes[:8]:
            self.event('NODE_JOINED', node=node['id'], detail={'name': node['name']}, ago=3000)
        self.event('RUN_SUBMITTED', run='117', detail={'job': 'screening'}, ago=70)
        self.event('RUN_ADOPTED', run='117', node='1', detail={'term': 1}, ago=69)
        self.event('STEP_BEGUN', run='117', step='31', detail={'name': 'work'}, ago=60)
        self.event('RUN_ENDED', run='115', detail={'state': 'FAILED'}, ago=50)

    def now(self):
        return time.time()

    def event(self, kind, run=None, step=None, lease=None, node=None, detail=None, ago=0):
        self.events.append({'id': str(1000 + len(self.events)), 'at': iso(self.now() - ago),
                            'kind': kind, 'run': run, 'step': step, 'lease': lease, 'node': node,
                            'detail': detail or {}})

    # --- nodes
    def make_node(self, i, name):
        return {'id': str(i + 1), 'name': name, 'state': 'ACTIVE', 'running': 4 - (i % 4 == 3),
                'slots': 4, 'stuck': 0, 'tokens': 100, 'tags': ['gpu', 'berlin'] if i == 1 else [],
                'host': f'host-{i % 40}', 'pid': 4000 + i,
                'version': '1.8.0', 'jobs': [f'{j}/1' for j in JOBS],
                'joined_at': iso(time.time() - 9000), 'seen': None, 'left_at': None}

    def node(self, n):
        seen = n['seen'] or self.now() - 0.8
        known = {k: v for k, v in n.items() if k != 'seen'}
        return {**known, 'heartbeat_at': iso(seen), 'heartbeat_age_s': round(self.now() - seen, 1)}

    def node_detail(self, n):
        busy = n['state'] in ('ACTIVE', 'DRAINING', 'UNREACHABLE')
        i = self.nodes.index(n)
        doing = [{'run': '117', 'job': 'screening', 'step': 'work', 'no': 420 + 4 * i + k,
                  'key': f'part-{420 + 4 * i + k}', 'since': iso(self.now() - 2.1 - k),
                  'for_s': 2.1 + k, 'progress': {'done': 30 * k, 'total': 100}}
                 for k in range(n['running'])] if busy else []
        leases = [{'id': str(900 + i), 'run': '117', 'job': 'screening', 'step': 'work',
                   'lo': 420 + 10 * i, 'hi': 429 + 10 * i, 'attempt': 1, 'ended': 3,
                   'granted_at': iso(self.now() - 9), 'held_s': 9.2}] if busy else []
        return {**self.node(n), 'doing': doing, 'leases': leases,
                'masters': [{'run': '117', 'job': 'screening'}] if i == 0 and busy else [],
                'events': [e for e in self.events if e['node'] == n['id']][-20:]}

    def lose_node(self, i):
        """The node's process dies: it is overdue, then given up, and its work moves."""
        node = self.nodes[i]
        node.update(state='UNREACHABLE', seen=self.now() - 12)
        self.event('NODE_OVERDUE', node=node['id'])

    def give_up_node(self, i):
        node = self.nodes[i]
        node.update(state='DEREGISTERED', running=0)
        self.event('NODE_DEREGISTERED', node=node['id'])
        at = self.now()
        self.moves = [{'lease': str(900 + k), 'step': 0, 'lo': 300 + 6 * k, 'hi': 305 + 6 * k,
                       'from': i, 'granted_at': iso(at - 14), 'at': iso(at),
                       'why': 'LOST', 'cause': f"{node['name']} was lost",
                       'to': [{'node': (i + 1 + k) % len(self.nodes), 'at': iso(at + 0.4 + k)}]}
                      for k in range(2)]

    # --- runs
    def make_runs(self):
        states = ['COMPLETED', 'COMPLETED', 'FAILED', 'COMPLETED', 'STOPPED']
        for i in range(1, 113):
            job = list(JOBS)[i % 3]
            self.add(str(i), job, states[i % 5], 20, 20 - (i % 5 == 2) * 3, (i % 5 == 2) * 3,
                     began_s=90000 - 700 * i, took_s=12 + i % 7)
        self.add('113', 'customer_etl', 'COMPLETED', 40, 40, 0, 900, 31)
        self.add('114', 'nightly_report', 'CREATED', 0, 0, 0, 300, None,
                 waits_for='no node knows job nightly_report, version 2')
        self.add('115', 'customer_etl', 'FAILED', 40, 37, 3, 80, 32,
                 error='step work failed: 3 of 40 partitions failed; partition 5: line 17 of '
                       'customers.csv: e-mail without @')
        self.add('116', 'screening', 'STOPPED', 200, 88, 0, 500, 40)
        self.add('117', 'screening', 'RUNNING', 1000, 420, 2, 62, None)

    def add(self, number, job, state, total, completed, failed, began_s, took_s, **more):
        began = self.born - began_s
        self.runs[number] = {
            'id': number, 'job': job, 'job_version': 1, 'state': state, 'stop': 'NONE',
            'waits_for': None, 'launch_key': f'{job} {number}', 'restart_of': None,
            'began': began, 'took_s': took_s, 'total': total, 'completed': completed,
            'failed': failed, 'parameters': {'input': f'/in/{int(number) % 9}.txt',
                                             'chunk': 100} if job != 'range_sum' else
            {'from': 1, 'to': 9007199254740993}, 'error': None, 'result': None,
            'continued_by': None, 'nodes': None, 'step': 'work', 'priority': 0, 'paused': None,
            'schedule': None, 'purged_at': None, **more}
        if state == 'FAILED' and not self.runs[number]['error']:
            self.runs[number]['error'] = '3 partitions of step work failed'
        if state == 'COMPLETED':
            self.runs[number]['result'] = {'hits': 12, 'checked': 9007199254740993}
        return self.runs[number]

    def purge(self, number, ago=0):
        """Only how it ended is left."""
        self.runs[number].update(purged_at=iso(self.now() - ago), total=0, completed=0, failed=0,
                                 error='', result=None)

    def ended(self, r):
        grown = int(12 * (self.now() - self.born)) if r['state'] == 'RUNNING' else 0
        return min(r['total'], r['completed'] + grown)

    def run(self, r):
        live = r['state'] in ('RUNNING', 'CREATED')
        took = (self.now() - r['began']) if r['state'] == 'RUNNING' else r['took_s']
        done = self.ended(r)
        total = r['total']
        held = r['paused'] or r['job'] in self.paused_jobs or r['stop'] != 'NONE'
        rate = 12.0 if r['state'] == 'RUNNING' and not held else None
        return {
            **{k: r[k] for k in ('id', 'job', 'job_version', 'state', 'stop', 'waits_for',
                                 'launch_key', 'restart_of', 'parameters', 'result', 'error',
                                 'priority', 'paused', 'purged_at')},
            'waits_for': f"`resume`: it is paused by {r['paused']['by']}" if r['paused']
            else r['waits_for'], 'job_paused': r['job'] in self.paused_jobs,
            'schedule': r['schedule'],
            'tick': iso(r['began'] - 2) if r['schedule'] else None,
            'partitions': {'completed': done, 'failed': r['failed'], 'total': total,
                           'claimed': 12 if r['state'] == 'RUNNING' else 0, 'sealed': True},
            'progress': done / total if total else None,
            'items': {'read': 900 * done, 'written': 880 * done, 'filtered': 20 * done,
                      'skipped': len(self.skipped(r))},
            'master': self.brief(0) if r['state'] == 'RUNNING' else None,
            'term': '1', 'created_at': iso(r['began'] - 2),
            'started_at': None if r['state'] == 'CREATED' else iso(r['began']),
            'ended_at': None if live else iso(r['began'] + r['took_s']), 'duration_s': took,
            'rate_per_s': rate, 'eta_s': (total - done) / rate if rate else None}

    def step(self, r, name, kind, ordinal, state):
        counts = self.run(r)['partitions'] if name == r['step'] else {
            'completed': 8, 'failed': 0, 'claimed': 0, 'total': 8, 'sealed': True}
        shape = [0.01, 0.06, 0.2, 0.4, 0.22, 0.07, 0.03, 0.01, 0, 0]
        return {'id': str(31 + ordinal), 'ordinal': ordinal, 'name': name, 'kind': kind,
                'state': state, 'decision': None, 'partitions': counts, 'progress':
                counts['completed'] / max(1, counts['total']),
                'items': {'read': 0, 'written': 0, 'filtered': 0,
                          'skipped': sum(s['step'] == name for s in self.skipped(r))},
                'started_at': iso(r['began'] + ordinal), 'ended_at': None, 'duration_s': 4.2,
                'result': None, 'error': '3 partitions failed' if state == 'FAILED' else None,
                'durations': [{'up_to_s': b, 'count': int(counts['completed'] * f)}
                              for b, f in zip(BUCKETS, shape)] if kind == 'PARTITIONED' else [],
                'slowest': [{'no': 13 + 7 * k, 'key': f'part-{13 + 7 * k}',
                             'duration_s': 31.0 / (k + 1), 'node': self.brief(2 if k < 7 else 0)}
                            for k in range(10)] if name == r['step'] else [],
                'median_s': 2.0, 'p95_s': 8.0}

    def brief(self, i):
        node = self.nodes[i % len(self.nodes)]
        return {'id': node['id'], 'name': node['name']}

    def run_detail(self, r):
        begun = r['state'] != 'CREATED' and not r['purged_at']
        flow = FLOW if r['job'] == 'screening' else [(r['step'], 'PARTITIONED', None)]
        at = [name for name, _, _ in flow].index(r['step']) if begun else -1
        steps = [self.step(r, name, kind, i, 'COMPLETED' if i < at or r['state'] == 'COMPLETED'
                           else r['state']) for i, (name, kind, _) in enumerate(flow)
                 if i <= at or r['state'] == 'COMPLETED'] if begun else []
        chain = [{'id': i, 'state': self.runs[i]['state']} for i in (r['restart_of'], r['id'],
                                                                     r['continued_by']) if i]
        return {**self.run(r), 'continued_by': r['continued_by'], 'steps': steps, 'chain': chain,
                'plan': [{'name': n, 'kind': k, 'group': g, 'on_failure': False}
                         for n, k, g in flow] if begun else [],
                'settings': {'work': {'max_attempts': 3, 'retry': 'exponential, 1 s to 60 s'}}}

    def errors(self, r):
        if r['purged_at'] or (r['state'] != 'FAILED' and r['id'] != '117'):
            return {'items': [], 'looked_at': 0, 'more': False}
        failed = r['state'] == 'FAILED'
        return {'looked_at': 1000, 'more': False, 'items': [
            {'message': r.get('message') or (
                'line # of customers.csv: e-mail without @' if failed
                else 'the list server did not answer within # s'),
             'count': 3 if failed else 7, 'outcome': 'FAILED' if failed else 'RETRY',
             'steps': [r['step']], 'first_at': iso(r['began'] + 4), 'last_at': iso(r['began'] + 9),
             'example': {'step': r['step'], 'no': 17, 'attempt': 3, 'node': self.brief(1)}}]}

    def skipped(self, r):
        """The items that policies let go, by step; those of a screening in two of them."""
        count = 0 if r['purged_at'] else r.get('skipped', 3 if r['state'] == 'FAILED' else 0)
        early = count // 2 if r['job'] == 'screening' else 0
        return [{'at': iso(r['began'] + k), 'step': 'index' if k < early else r['step'], 'no': k,
                 'item': 7, 'stage': 'PROCESS', 'place': f'customers.csv:{17 + k}',
                 'why': 'e-mail without @'} for k in range(count)]

    def skipped_page(self, r, step, after, limit):
        found = [s for s in self.skipped(r) if step in (None, s['step'])]
        cursors = [f"31.{s['no']}.{s['item']}" for s in found]
        begin = cursors.index(after) + 1 if after else 0
        end = begin + limit
        more = end < len(found)
        return {'items': found[begin:end], 'more': more, 'next': cursors[end - 1] if more else None}

    def partition(self, r, step, no):
        rng = random.Random(f'{r["id"]} {no}')
        done = self.ended(r)
        failed = r['state'] == 'FAILED' and no in (5, 11, 17)
        state = ('FAILED' if failed else 'COMPLETED' if no < done else
                 'CLAIMED' if no < done + 12 and r['state'] == 'RUNNING' else 'PENDING')
        took = None if state == 'PENDING' else round(rng.expovariate(1 / 2.0) + 0.2, 3)
        began = r['began'] + no / 7
        return {'no': no, 'step': step, 'key': r.get('key') or f'part-{no}', 'state': state,
                'attempt': 3 if failed else 1, 'node': None if took is None else self.brief(no),
                'lease': None if took is None else str(800 + no // 10),
                'progress': {'done': 30, 'total': 100}, 'input': {'from': no * 100, 'to':
                                                                  no * 100 + 99},
                'items': {'read': 100, 'written': 99, 'filtered': 1, 'skipped': 0},
                'output': {'hits': no % 3} if state == 'COMPLETED' else None, 'files': [],
                'error': (r.get('message') or 'line 17 of customers.csv: e-mail without @')
                if failed else None,
                'started_at': None if took is None else iso(began), 'duration_s': took,
                'ended_at': iso(began + took) if state in ('COMPLETED', 'FAILED') else None}

    def partition_detail(self, r, step, no):
        p = self.partition(r, step, no)
        begun = p['started_at'] is not None
        last = {'COMPLETED': 'COMPLETED', 'FAILED': 'FAILED', 'CLAIMED': 'RUNNING'}
        tries = [{'attempt': k, 'outcome': last[p['state']] if k == p['attempt'] else 'RETRY',
                  'node': self.brief(no + k), 'lease': str(800 + k), 'started_at': p['started_at'],
                  'ended_at': p['ended_at'], 'duration_s': p['duration_s'],
                  'error': p['error']} for k in range(1, p['attempt'] + 1)] if begun else []
        return {**p, 'tries': tries, 'checkpoint': {'position': 3000} if begun else None,
                'skipped': [], 'log': [{'at': p['started_at'], 'attempt': 1, 'node': self.brief(no),
                                        'lease': '800', 'number': 1,
                                        'text': 'opened the file, 100 lines'}] if begun else []}
