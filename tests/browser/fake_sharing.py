"""Schedules, limits and retention of the made-up cluster, and what operators change of them:
pauses, priorities, limits, how long runs are kept, runs of schedules."""
from fake_world import iso


def schedule(world, number, name, job, state, **more):
    """`due_s`: from now to the next tick; `history`: its runs, the newest last."""
    s = {'id': str(number), 'name': name, 'job': job, 'trigger': 'every 10m at fixed rate',
         'zone': 'Europe/Berlin', 'due_s': 240, 'owner': 1, 'missed': 0, 'overlap': 'SKIP',
         'catch_up_s': 0.0, 'parameters': {'from': 1, 'to': 9007199254740993}, 'paused': None,
         'history': [], 'state': state, **more}
    if state == 'PAUSED' and not s['paused']:
        s['paused'] = pause_mark(world, 'anna', 'the list server is down')
    return s


def pause_mark(world, by, note):
    return {'since': iso(world.now() - 1), 'by': by, 'note': note}


class Sharing:
    def __init__(self, world):
        self.world = world
        self.limits = [{'name': 'list_server', 'slots': 4, 'in_use': 3},
                       {'name': 'mail', 'slots': None, 'in_use': 0}]
        self.retention = [{'job': None, 'keep_s': 30 * 86400, 'keep_last': 0},
                          {'job': 'screening', 'keep_s': 12 * 3600, 'keep_last': 10}]
        self.purging = 3
        self.backfilled = 12  # runs that a backfill comes to
        self.schedules = [
            schedule(world, 1, 'nightly', 'screening', 'OWNED', trigger='30 2 * * MON-FRI',
                     missed=2, history=[str(n) for n in range(60, 112)] + ['117']),
            schedule(world, 2, 'hourly_etl', 'customer_etl', 'PAUSED', history=['113', '115']),
            schedule(world, 3, 'report', 'nightly_report', 'UNOWNED', trigger='@daily'),
            schedule(world, 4, 'once', 'range_sum', 'OVER', trigger='at 2026-01-01T00:00:00Z')]

    def document(self, s):
        w = self.world
        owned, goes_on = s['state'] == 'OWNED', s['state'] in ('OWNED', 'UNOWNED')
        last = w.runs.get(s['history'][-1]) if s['history'] else None
        known = {k: s[k] for k in ('id', 'name', 'job', 'state', 'trigger', 'zone', 'missed',
                                   'overlap', 'catch_up_s', 'parameters', 'paused')}
        return {**known, 'next_tick': iso(w.born + s['due_s']) if goes_on else None,
                'owner': w.brief(s['owner']) if owned else None,
                'last_tick': iso(last['began'] - 1) if last else None,
                'last_run': last['id'] if last else None, 'created_at': iso(w.born - 90000)}

    def detail(self, s):
        w = self.world
        goes_on = s['state'] in ('OWNED', 'UNOWNED')
        ticks = [w.born + s['due_s'] + 600 * k for k in range(10)] if goes_on else []
        runs = [w.run(w.runs[n]) for n in reversed(s['history']) if n in w.runs][:50]
        return {**self.document(s),
                'next_ticks': [{'tick': iso(t), 'local': iso(t + 3600)[:19].replace('T', ' ')}
                               for t in ticks],
                'runs': [{**{k: r[k] for k in ('id', 'state', 'started_at', 'ended_at')},
                          'tick': r['created_at']} for r in runs]}

    def named(self, name):
        return next((s for s in self.schedules if s['name'] == name), None)

    def change(self, what, name, action, body, by):
        """The answer to a change of a schedule, a job or a limit; nothing: there is none."""
        if what == 'limits':
            limit = next((one for one in self.limits if one['name'] == name), None)
            if limit:
                limit['slots'] = body['slots']
            return limit
        if what == 'jobs':
            jobs = self.world.paused_jobs
            {'pause': jobs.add, 'resume': jobs.discard}[action](name)
            return {'name': name, 'state': 'PAUSED' if action == 'pause' else 'OPEN'}
        s = self.named(name)
        return s and getattr(self, action)(s, body, by)

    def pause(self, s, body, by):
        s.update(state='PAUSED', paused=pause_mark(self.world, by, body.get('note', '')))
        return self.document(s)

    def resume(self, s, body, by):
        s.update(state='OWNED', paused=None)
        return self.document(s)

    def run(self, s, body, by):
        w = self.world
        new = w.add(str(max(map(int, w.runs)) + 1), s['job'], 'CREATED', 0, 0, 0,
                    w.born - w.now(), None, schedule=s['id'])
        s['history'].append(new['id'])
        return w.run(new)

    def backfill(self, s, body, by):
        return {'runs': [self.run(s, {}, by)['id'] for _ in range(self.backfilled)]}

    def keep(self, body):
        """What a job is kept from now on; nothing: nobody has told of it."""
        job, keep_s = body['job'], body['keep_s']
        if job in self.world.refused:
            return None
        self.retention = [one for one in self.retention if one['job'] != job]
        answer = {'job': job, 'keep_s': keep_s, 'keep_last': body.get('keep_last', 0)}
        if keep_s is not None:
            self.retention.append(answer)
        return answer

    def change_run(self, r, action, body, by):
        if action == 'priority':
            r['priority'] = body['priority']
        else:
            r['paused'] = pause_mark(self.world, by, body.get('note', '')) \
                if action == 'pause' else None
        return self.world.run(r)

