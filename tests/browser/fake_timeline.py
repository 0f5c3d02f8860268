"""Timelines of made-up runs: exact partitions while few are in view, tiles otherwise."""
import random
from datetime import datetime, timezone

from fake_world import iso

MOST = 2000        # partitions in view
MOST_TILES = 25_000


def seconds(text):
    at = datetime.fromisoformat(text.replace('Z', '+00:00'))
    return at.astimezone(timezone.utc).timestamp()


def executed(run, node, lane, frm, to):
    """(start, duration, no, outcome) of what one executor did in a time: a chain of partitions,
    made anew from the start of its block of 100 s, so that every question finds the same."""
    block = int(max(0, frm - run['began']) // 100)
    while run['began'] + 100 * block < to:
        rng = random.Random(hash((run['id'], node, lane, block)))
        at = run['began'] + 100 * block
        no = 0
        while at < run['began'] + 100 * (block + 1) - 0.3:
            took = min(0.3 + rng.expovariate(1 / 1.7), 9)
            took = min(took, run['began'] + 100 * (block + 1) - at)
            outcome = 'CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCFR'[rng.randrange(32)]
            if at + took > frm and at < to:
                yield at, took, (block * 60 + no) * 8 + node * 4 + lane, outcome
            at += took + rng.random() * 0.15
            no += 1
        block += 1


def timeline(world, r, q):
    nodes = world.nodes
    live = r['state'] == 'RUNNING'
    now = world.now()
    begun = r['state'] != 'CREATED'
    run_to = now if live else r['began'] + (r['took_s'] or 1)
    frm = seconds(q['from']) if q.get('from') else r['began']
    to = seconds(q['to']) if q.get('to') else run_to
    pixels = int(q.get('pixels', 1200))
    common = {
        'run_from': iso(r['began']), 'run_to': iso(run_to), 'from': iso(frm), 'to': iso(to),
        'live': live, 'steps': [{'id': '35', 'name': r['step']}],
        'nodes': [{'id': n['id'], 'name': n['name'], 'slots': n['slots'], 'state': n['state']}
                  for n in nodes],
        'leases': [{'id': str(900 + i), 'node': i, 'step': 0, 'lo': 420 + 10 * i,
                    'hi': 429 + 10 * i, 'attempt': 1, 'granted_at': iso(now - 6), 'ended': 3}
                   for i, n in enumerate(nodes) if live and n['state'] in ('ACTIVE', 'DRAINING')],
        'doing': [{'node': 2, 'step': 0, 'no': no, 'lease': '902', 'since': iso(now - s)}
                  for no, s in ((404, 9), (405, 12.5), (409, 3.2))]
                 if r['id'] == '117' and live and len(nodes) > 2 else [],
        'moves': world.moves if r['id'] == '117' else [],
        'stragglers': [{'step': r['step'], 'no': 404 + k, 'key': f'part-{404 + k}',
                        'node': world.brief(2), 'running_s': 9 + 3.5 * k, 'median_s': 2.0}
                       for k in range(2)] if r['id'] == '117' and live else []}
    lost = {m['from']: seconds(m['granted_at']) for m in common['moves']}
    span = max(0.001, min(to, run_to) - max(frm, r['began']))
    if not begun or len(nodes) * 4 * span / 2 < MOST:
        parts = []
        for i in range(len(nodes) if begun else 0):
            for lane in range(4):
                until = min(to, lost.get(i, run_to))
                for at, took, no, outcome in executed(r, i, lane, frm, until):
                    if at + took <= until:
                        parts.append([i, 0, no % max(1, r['total']), round((at - frm) * 1000),
                                      round(took * 1000), outcome, 2 if outcome == 'R' else 1])
        return {**common, 'detail': 'PARTITIONS', 'bin_s': 0, 'tiles': [],
                'partitions': parts[:MOST]}
    bins = max(8, min(pixels, MOST_TILES // len(nodes)))
    bin_s = (to - frm) / bins
    tiles = []
    for i in range(len(nodes)):
        rng = random.Random(i)
        pace = 0.6 + 0.4 * rng.random()
        for b in range(bins):
            middle = frm + (b + 0.5) * bin_s
            if not r['began'] < middle < run_to:
                continue
            share = min(1, pace * (0.8 + 0.2 * ((b * 7 + i * 13) % 11) / 10))
            failed = int((b * 31 + i * 17) % 97 == 0)
            tiles.append([i, b, round(share, 2), int(share * 2 * bin_s), failed,
                          int((b + i) % 211 == 0), round(2 + share * 6, 1)])
    return {**common, 'detail': 'TILES', 'bin_s': bin_s, 'tiles': tiles, 'partitions': []}
