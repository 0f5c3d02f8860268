#!/usr/bin/env python3
"""What the operators' page costs, in a large cluster: 10^6 partitions in a run, 30 days of history,
512 nodes, on a private PostgreSQL that is gone afterwards.

  bench/page.py                    every endpoint while a cluster is busy, and the first paint
  bench/page.py --viewers 8        throughput with so many viewers beside it without

Each request is asked so that no answer is shared with the one before. The very first one of each
endpoint reads what is kept from then on: it is told apart. Prints JSON lines on stdout, and a table
with the budgets on stderr; ends with 1 where one is not met.
"""

import argparse
import gzip
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request

sys.dont_write_bytecode = True
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, root + "/bench")
sys.path.insert(0, root + "/tests/browser")

from databases import Databases  # noqa: E402
from machine import busy_cores, busy_text, machine  # noqa: E402

BUDGETS = {"p99_ms": 50, "metrics_p99_ms": 20, "timeline_bytes": 200_000, "page_bytes": 150_000,
           "first_paint_ms": 300, "throughput": 0.97}

# Many runs, as nodes would have left them; the last one is large and took three hours.
LARGE = """
INSERT INTO partita.node (name, host, pid, slots, version, jobs, state, running, heartbeat_at)
SELECT 'big-' || n, 'host-' || n, n, 8, '0', '{big/1}', 'ACTIVE', 0,
       now() + interval '1 day'  -- nobody gives it up
FROM generate_series(1, @nodes) n;
INSERT INTO partita.job (name, version, description)
VALUES ('big', 1, '{"about":"a large job","parameters":[],"steps":[{"name":"work"}]}');
INSERT INTO partita.run (job, job_version, parameters, identity, launch_key, state, created_at,
                         started_at, ended_at, error)
SELECT 'big', 1, '{"day":' || n || '}', '{"day":' || n || '}', 'old-' || n,
       CASE WHEN n % 20 = 0 THEN 'FAILED' ELSE 'COMPLETED' END,
       now() - n * interval '4 minutes', now() - n * interval '4 minutes',
       now() - n * interval '4 minutes' + interval '90 seconds',
       CASE WHEN n % 20 = 0 THEN '3 partitions of step work failed' ELSE '' END
FROM generate_series(@history, 2, -1) n;
INSERT INTO partita.step (run_id, name, ordinal, kind, state, streamed, transferable, max_attempts,
                          retry_first_ms, retry_factor, retry_max_ms, split_context, count, sealed,
                          started_at, ended_at)
SELECT run_id, 'work', 0, 'PARTITIONED',
       state, false, true, 3, 1000, 2, 60000, '', 100, true, started_at, ended_at
FROM partita.run WHERE job = 'big';
INSERT INTO partita.step_counter
SELECT step_id, 1 + step_id % @nodes, 100, 0, 0, 0, 0, 0 FROM partita.step;
INSERT INTO partita.run (job, job_version, parameters, identity, launch_key, state, created_at,
                         started_at, ended_at)
VALUES ('big', 1, '{"day":0}', '{"day":0}', 'large', 'COMPLETED', now() - interval '3 hours',
        now() - interval '3 hours', now());
INSERT INTO partita.step (run_id, name, ordinal, kind, state, streamed, transferable, max_attempts,
                          retry_first_ms, retry_factor, retry_max_ms, split_context, count, sealed,
                          started_at, ended_at)
SELECT run_id, 'work', 0, 'PARTITIONED', 'COMPLETED', false, true, 3, 1000, 2, 60000, '',
       @partitions, true, started_at, ended_at
FROM partita.run WHERE launch_key = 'large';
"""
PARTITIONS = """
INSERT INTO partita.partition (step_id, no, key, input)
SELECT @step, no, 'part ' || no, '{"no":' || no || '}' FROM generate_series(0, @partitions - 1) no;
INSERT INTO partita.lease (step_id, node_id, lo, hi, attempt, state, completed, granted_at,
                           ended_at)
SELECT @step, 1 + n % @nodes, n * 20, n * 20 + 19, 1, 'DONE', 20,
       s.started_at + n * interval '10800 seconds' / (@partitions / 20),
       s.started_at + n * interval '10800 seconds' / (@partitions / 20) + interval '100 seconds'
FROM partita.step s, generate_series(0, @partitions / 20 - 1) n WHERE s.step_id = @step;
INSERT INTO partita.result (step_id, no, lease_id, outcome, output, error, took_us, ended_at)
SELECT l.step_id, l.lo + i, l.lease_id, 'COMPLETED', 'null', '',
       4000000 + (l.lease_id * 7919 + i * 104729) % 2000000,
       l.granted_at + (i + 1) * interval '5 seconds'
FROM partita.lease l, generate_series(0, 19) i WHERE l.step_id = @step;
INSERT INTO partita.tile
SELECT @step, at_s, l.node_id, count(*), 0, 0, sum(took_us), max(took_us), max(o.no),
       min(o.lease_id), max(o.lease_id)
FROM (SELECT no, lease_id, took_us, CASE WHEN age < 120 THEN age
                                         WHEN age < 1320 THEN 120 + (age - 120) / 10 * 10
                                         ELSE 1320 + (age - 1320) / 60 * 60 END AS at_s
      FROM (SELECT r.no, r.lease_id, r.took_us,
                   extract(epoch FROM r.ended_at - s.started_at)::bigint AS age
            FROM partita.result r JOIN partita.step s ON s.step_id = r.step_id
            WHERE r.step_id = @step) aged) o
JOIN partita.lease l ON l.lease_id = o.lease_id
GROUP BY at_s, l.node_id;
INSERT INTO partita.step_counter
SELECT @step, node_id, sum(completed), 0, 0, 0, 0, 0 FROM partita.lease WHERE step_id = @step
GROUP BY node_id;
INSERT INTO partita.event (kind, run_id, step_id, lease_id, node_id, detail, at)
SELECT 'LEASE_REPORTED', @run, @step, lease_id, node_id, '{}', ended_at FROM partita.lease
WHERE step_id = @step;
"""


def say(text):
    print(text, file=sys.stderr, flush=True)


def filled(text, values):
    return re.sub(r"@(\w+)", lambda m: str(values[m.group(1)]), text)


class Cluster:
    """A database with a large past, and a server of the page."""

    def __init__(self, args, databases):
        self.program = args.binary
        self.databases = databases
        self.url = databases.new_url("postgresql")
        self.env = dict(os.environ, PARTITA_DB=self.url)
        self.started = []
        self.run_program("schema", "migrate")
        values = {"nodes": args.nodes, "history": args.history, "partitions": args.partitions}
        say(f"making {args.history:,} runs and one with {args.partitions:,} partitions …")
        self.sql(filled(LARGE, values))
        values["run"], values["step"] = self.sql(
            "select run_id, step_id from partita.run join partita.step using (run_id) "
            "where launch_key = 'large'").split("|")
        self.run, self.step = values["run"], values["step"]
        self.sql(filled(PARTITIONS, values))
        self.sql("vacuum analyze")

    def sql(self, text):
        return self.databases.server.text(text, timeout=600).strip()

    def run_program(self, *words):
        return subprocess.run([self.program, *words], env=self.env, check=True, text=True,
                              stdout=subprocess.PIPE).stdout.strip()

    def start(self, *words, stdout=subprocess.DEVNULL):
        child = subprocess.Popen([self.program, *words], env=self.env, stdout=stdout,
                                 stderr=subprocess.DEVNULL, text=True)
        self.started.append(child)
        return child

    def serve(self):
        server = self.start("serve", "--http", "127.0.0.1:0", stdout=subprocess.PIPE)
        return server.stdout.readline().strip()

    def end(self):
        for child in self.started:
            child.terminate()
        for child in self.started:
            child.wait(30)


def fetch(url):
    """The answer's bytes as they were sent, compressed, and how long it took."""
    asked = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    begun = time.perf_counter()
    with urllib.request.urlopen(asked, timeout=30) as answer:
        body = answer.read()
        packed = answer.headers.get("Content-Encoding") == "gzip"
    took = (time.perf_counter() - begun) * 1e3
    return (gzip.decompress(body) if packed else body), len(body), took


def spread(times):
    times = sorted(times)
    return {"p50": round(times[len(times) // 2], 1),
            "p99": round(times[min(len(times) - 1, len(times) * 99 // 100)], 1)}


def endpoints(cluster, partitions):
    """By name: the address of the n-th request. No two ask the same within a second."""
    run = cluster.run
    since = lambda n: f"-{40 + n}d"  # noqa: E731
    return {
        "runs": lambda n: f"runs?limit=50&until=2100-01-01T{n // 60 % 24:02}:{n % 60:02}",
        "runs, failed of a job": lambda n: f"runs?state=FAILED&job=big&since={since(n)}",
        "runs, by a parameter": lambda n: f"runs?param.day={n + 2}",
        "runs/count": lambda n: f"runs/count?state=COMPLETED&since={since(n)}",
        "partitions": lambda n: f"runs/{run}/partitions?after={n * 7919 % partitions}",
        "partitions, by state": lambda n: f"runs/{run}/partitions?state=FAILED&after={n}",
        "partition": lambda n: f"runs/{run}/partitions/work/{n * 104_729 % partitions}",
        "events of a run": lambda n: f"runs/{run}/events?limit={50 + n}",
        "timeline, whole": lambda n: f"runs/{run}/timeline?pixels={1000 + n}",
        "skipped": lambda n: f"runs/{run}/skipped?limit={1 + n}",
    }


# These have no parameter that would make two requests differ: asked once a second.
SINGLE = ["health", "nodes", "nodes/1", "jobs", "throughput", "runs/{run}", "runs/{run}/errors"]


def measured(name, fetches):
    """The first one is not among those whose spread is told."""
    (_, size, first), *others = fetches
    return {"endpoint": name, "bytes": max(size, *(sent for _, sent, _ in others)),
            "first_ms": round(first, 1), **spread([took for _, _, took in others])}


def once_a_second(url, times):
    """An answer is shared for a second: longer apart, each is a new one."""
    for _ in range(times + 1):
        yield fetch(url)
        time.sleep(1.05)


def measure(args, cluster, base):
    api = base + "api/v1/"
    for name, address in endpoints(cluster, args.partitions).items():
        yield measured(name, [fetch(api + address(n)) for n in range(args.requests + 1)])
    for name in SINGLE:
        yield measured(name.format(run="ID"),
                       list(once_a_second(api + name.format(run=cluster.run), args.seconds)))
    yield measured("metrics", list(once_a_second(base + "metrics", args.seconds)))


def page_bytes(base):
    """The page and every module it imports, compressed."""
    seen, todo, total = set(), ["", "style.css", "icon.svg", "app.js"], 0
    html, _, _ = fetch(base)
    todo += re.findall(r'(?:src|href)="([^"#:]+)"', html.decode())
    while todo:
        path = os.path.normpath(todo.pop()) if todo[-1] else todo.pop()
        if path in seen:
            continue
        seen.add(path)
        body, sent, _ = fetch(base + path)
        total += sent
        if path.endswith(".js"):
            for found in re.findall(r'(?:from|import)\s*\(?\s*"(\.[^"]+)"', body.decode()):
                todo.append(os.path.normpath(os.path.join(os.path.dirname(path), found)))
    return total, len(seen)


def first_paint(base, run):
    """Milliseconds to the first paint of the large run: the best and the middle of five, after one
    that starts the browser."""
    from webdriver import Browser  # tests/browser
    painted = "performance.getEntriesByName('first-contentful-paint')"
    times = []
    browser = Browser()
    try:
        for i in range(6):
            browser.open(f"{base}?{i}#/runs/{run}")
            browser.until(f"return {painted}.length", "something is painted")
            times.append(browser.run(f"return {painted}[0].startTime"))
    finally:
        browser.close()
    times = sorted(times[1:])
    return {"best_ms": round(times[0]), "middle_ms": round(times[len(times) // 2])}


def throughput(args, cluster, viewers):
    """No-op partitions a second, with so many who look at the large run all the time."""
    over = threading.Event()
    base = cluster.serve()
    refused = []

    def look():
        run = f"runs/{cluster.run}"
        views = ["health", "nodes", run, run + "/timeline?pixels=1200", run + "/errors",
                 "runs?limit=50", "changes?since=0"]
        while not over.is_set():
            for view in views:
                try:
                    fetch(base + "api/v1/" + view)
                except OSError as e:  # what is refused costs the cluster nothing: it is told
                    refused.append(f"{view}: {e}")
            over.wait(2)

    threads = [threading.Thread(target=look) for _ in range(viewers)]
    for thread in threads:
        thread.start()
    try:
        text = cluster.run_program("bench", "claim_throughput", "--partitions",
                                   str(args.throughput_partitions), "-o", "json")
    finally:
        over.set()
        for thread in threads:
            thread.join()
    for sentence in sorted(set(refused)):
        say(f"{refused.count(sentence)} times {sentence}")
    return json.loads(text.splitlines()[-1])["partitions_per_s"]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=root + "/build/release/partita")
    parser.add_argument("--partitions", type=int, default=1_000_000)
    parser.add_argument("--history", type=int, default=10_800, help="runs, one in four minutes")
    parser.add_argument("--nodes", type=int, default=512)
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--viewers", type=int, help="measure throughput with so many instead")
    parser.add_argument("--rounds", type=int, default=5, help="of --viewers, with and without")
    parser.add_argument("--throughput-partitions", type=int, default=1_000_000)
    parser.add_argument("--no-browser", action="store_true")
    args = parser.parse_args()
    others = busy_cores(3)
    with Databases() as databases:
        cluster = Cluster(args, databases)
        try:
            missed = viewed(args, cluster) if args.viewers else looked(args, cluster)
        finally:
            cluster.end()
    say(busy_text(others, machine()["cores"], "measurement"))
    return 1 if missed else 0


def viewed(args, cluster):
    alone, watched = [], []
    for _ in range(args.rounds):
        alone.append(throughput(args, cluster, 0))
        watched.append(throughput(args, cluster, args.viewers))
    ratio = max(watched) / max(alone)
    print(json.dumps({"bench": "page", "viewers": args.viewers, "alone_per_s": max(alone),
                      "watched_per_s": max(watched), "throughput": round(ratio, 3)}))
    say(f"throughput with {args.viewers} viewers: {ratio:.3f} (budget {BUDGETS['throughput']})")
    return ratio < BUDGETS["throughput"]


def looked(args, cluster):
    base = cluster.serve()
    # The cluster is busy meanwhile: partitions of no work keep a node and the database at it.
    cluster.start("node", "--executors", "1")
    cluster.run_program("submit", "range_sum", "from=1", "to=100000000", "partitions=400000",
                        "delay_ms=2")
    missed = []

    def judge(what, value, budget):
        if value > budget:
            missed.append(what)
        say(f"{what:32} {value:>10} {'of' if value <= budget else 'MORE THAN'} {budget}")
    for result in measure(args, cluster, base):
        print(json.dumps({"bench": "page", **result}), flush=True)
        budget = "metrics_p99_ms" if result["endpoint"] == "metrics" else "p99_ms"
        judge(result["endpoint"] + ", p99 ms", result["p99"], BUDGETS[budget])
        if "timeline" in result["endpoint"]:
            judge(result["endpoint"] + ", bytes", result["bytes"], BUDGETS["timeline_bytes"])
    size, files = page_bytes(base)
    print(json.dumps({"bench": "page", "page_bytes": size, "files": files}))
    judge("the page, bytes", size, BUDGETS["page_bytes"])
    if not args.no_browser:
        paint = first_paint(base, cluster.run)
        print(json.dumps({"bench": "page", "first_paint": paint}))
        judge("first paint, ms", paint["middle_ms"], BUDGETS["first_paint_ms"])
    return missed


if __name__ == "__main__":
    sys.exit(main())
