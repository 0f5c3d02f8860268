#!/usr/bin/env python3
"""How long a cluster does without what it lost: kill -9 of workers and masters, and clean drains.

  bench/failover.py --kills 50 --profile fast
  bench/failover.py --kills 50 --profile default

What the settings allow at the most, on a machine with time to spare, is deregister_after, one
heartbeat until somebody looks and one poll until somebody claims: 1.85 s fast, 9.5 s by default.

Measured from the kill, by the clock of this machine, to events of the database on the same clock:
  worker   to the first lease on a partition that the dead node held, granted to another node
  master   to the adoption of the run by another node
  drain    from the moment a drained master lets go of the run to its adoption elsewhere
Prints a table, and one JSON line on stdout. Uses a private PostgreSQL that is gone afterwards.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, root + "/tests/chaos")

from chaos import PROFILES  # noqa: E402
from cluster import Slot, node_command  # noqa: E402
from faults import end_leftovers  # noqa: E402
from figures import spread  # noqa: E402
from server import Server, without_postgres  # noqa: E402
from workload import Workload  # noqa: E402

BOUNDS = {"fast": 2.0, "default": 10.0}
POLL = {"fast": 0.1, "default": 0.5}


def say(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    def __init__(self, args, folder):
        self.args, self.random = args, random.Random(args.seed)
        os.mkdir(folder + "/pg")
        self.server = Server(folder + "/pg")
        self.server.start()
        self.server.create_database()
        env = without_postgres(os.environ)
        self.program = Workload(args.binary, self.server, folder, folder, args.seed, env)
        self.command("schema", "migrate")
        words = node_command(args.binary, PROFILES[args.profile][0])
        self.slots = [Slot(f"node-{i + 1}", words, self.server.url(), folder, env)
                      for i in range(args.nodes)]
        for slot in self.slots:
            slot.start()
        self.run = int(self.command("submit", "range_sum", "from=1", "to=1000000",
                                    "partitions=100000", "delay_ms=250"))
        self.times = {"worker": [], "master": [], "drain": [], "drain_exit": []}

    def command(self, *words):
        code, out, err = self.program.command(*words)
        if code != 0:
            raise RuntimeError(f"{' '.join(words)}: {err}")
        return out

    def until(self, sql, seconds):
        """The first row of an answer without a null."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            rows = self.server.rows(sql)
            if rows and all(value is not None for value in rows[0].values()):
                return rows[0]
            time.sleep(0.05)
        raise RuntimeError(f"nothing in {seconds} s: {sql}")

    def settled(self):
        """Every process is a node that holds work, and one of them drives the run."""
        self.until("select 1 as ok where (select count(distinct l.node_id) from partita.lease l"
                   " join partita.node n using (node_id) where l.state = 'LIVE' and n.state ="
                   f" 'ACTIVE') = {len(self.slots)} and exists (select from partita.run where"
                   f" run_id = {self.run} and master_node_id is not null)", 120)
        return self.until("select n.node_id, n.pid, r.term from partita.run r join partita.node n"
                          f" on n.node_id = r.master_node_id where run_id = {self.run}", 60)

    def kill(self, what):
        master = self.settled()
        slots = [s for s in self.slots if (s.pid() == master["pid"]) == (what == "master")]
        victim = self.random.choice(slots)
        node = self.server.one(f"select node_id from partita.node where pid = {victim.pid()}"
                               " order by node_id desc limit 1")
        time.sleep(self.random.uniform(0, 1) * PROFILES[self.args.profile][1])
        killed = time.time()
        victim.kill()
        if what == "master":
            row = self.until("select extract(epoch from at) as at from partita.event where kind ="
                             f" 'RUN_ADOPTED' and run_id = {self.run} and"
                             f" (detail::json->>'term')::int > {master['term']}", 60)
        else:
            # It may have held nothing at that moment: then there is nothing to measure.
            held = self.until(
                "select (select count(*) from partita.event where kind = 'LEASE_ENDED' and node_id"
                f" = {node} and detail like '%requeued%') as n from partita.event where node_id ="
                f" {node} and kind = 'NODE_CONDEMNED'", 60)
            if held["n"] == 0:
                say("worker  held nothing")
                return victim.start()
            row = self.until(
                "select extract(epoch from min(g.at)) as at from partita.event e join"
                " partita.event g on g.kind = 'LEASE_GRANTED' and g.step_id = e.step_id and"
                " g.event_id > e.event_id and (g.detail::json->>'lo')::bigint <="
                " (e.detail::json#>>'{requeued,0,1}')::bigint and (g.detail::json->>'hi')::bigint"
                " >= (e.detail::json#>>'{requeued,0,0}')::bigint where e.kind = 'LEASE_ENDED' and"
                f" e.node_id = {node} and e.detail like '%requeued%'", 60)
        self.times[what].append(row["at"] - killed)
        say(f"{what:7} {self.times[what][-1]:6.3f} s")
        return victim.start()

    def drain(self):
        master = self.settled()
        victim = next(s for s in self.slots if s.pid() == master["pid"])
        begun = time.monotonic()
        victim.send(signal.SIGTERM)
        row = self.until(
            "select extract(epoch from b.at - a.at) as gap from partita.event a join partita.event"
            f" b on b.run_id = a.run_id and b.event_id > a.event_id and b.kind = 'RUN_ADOPTED'"
            f" where a.kind = 'RUN_LET_GO' and a.run_id = {self.run} and a.node_id ="
            f" {master['node_id']} order by b.event_id limit 1", 60)
        code = victim.process.wait(60)
        if code != 0:
            raise RuntimeError(f"a drained node ended with {code}")
        self.times["drain"].append(row["gap"])
        self.times["drain_exit"].append(time.monotonic() - begun)
        say(f"drain   {row['gap']:6.3f} s, exit after {self.times['drain_exit'][-1]:.3f} s")
        victim.start()

    def close(self):
        for slot in self.slots:
            slot.end()
        self.server.stop("immediate")


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--binary", default=root + "/build/release/partita")
    p.add_argument("--kills", type=int, default=50, help="of workers, and as many of masters")
    p.add_argument("--drains", type=int, default=10)
    p.add_argument("--nodes", type=int, default=3)
    p.add_argument("--profile", choices=PROFILES, default="fast")
    p.add_argument("--seed", type=int, default=1)
    args = p.parse_args()
    if not os.access(args.binary, os.X_OK):
        p.error(f"there is no program {args.binary}: cmake --build --preset release builds it")
    folder = tempfile.mkdtemp(prefix="partita-failover.")
    os.chmod(folder, 0o755)
    os.environ["PARTITA_TEST_MARK"] = folder
    try:
        with contextlib.closing(Bench(args, folder)) as bench:
            for _ in range(args.kills):
                bench.kill("worker")
                bench.kill("master")
            for _ in range(args.drains):
                bench.drain()
    finally:
        end_leftovers(folder)  # also of a Bench that failed while it was made
        shutil.rmtree(folder, ignore_errors=True)
    figures = {"bench": "failover", "profile": args.profile, "nodes": args.nodes,
               "load": round(os.getloadavg()[1], 1), "bound_s": BOUNDS[args.profile],
               "poll_s": POLL[args.profile],
               **{name: spread(times) for name, times in bench.times.items()}}
    for name in ("worker", "master"):
        late = sum(t > BOUNDS[args.profile] for t in bench.times[name])
        say(f"{name}: {figures[name]}, {late} above {BOUNDS[args.profile]} s")
    say(f"drain: {figures['drain']}; a poll is {POLL[args.profile]} s")
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
