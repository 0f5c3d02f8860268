#!/usr/bin/env python3
"""A node is killed while a million partitions that may be started only once are bound to it.

  tests/chaos/loss.py --binary build/dev/tests/chaos_jobs --partitions 1000000 --profile fast
  tests/chaos/loss.py --binary build/dev/tests/chaos_jobs --kill-sweepers

What the node held of another run, and may be tried again, must run elsewhere as soon as after any
loss. The rest must be over as soon as its rows can be written: this is compared with one bare
INSERT of as many rows, measured before. With --kill-sweepers the other nodes are killed in turns,
and come back, while they settle the loss.

Prints one JSON line on stdout. Exit code 0: nothing wrong was found. Uses a private PostgreSQL.
"""

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from chaos import PROFILES  # noqa: E402
from cluster import Slot, node_command  # noqa: E402
from faults import end_leftovers  # noqa: E402
from server import DatabaseDown, Server, without_postgres  # noqa: E402
from workload import Workload  # noqa: E402

# A partition of the other run takes so long: the executors of the other nodes are never free.
BUSY_S = {"fast": 0.5, "default": 3.0}
# Seconds from the kill to the work running elsewhere, where an executor is free.
BOUNDS = {"fast": 2.0, "default": 10.0}


def say(text):
    print(text, file=sys.stderr, flush=True)


class Loss:
    def __init__(self, args, folder):
        self.args = args
        os.mkdir(folder + "/pg")
        self.server = Server(folder + "/pg", settings=("max_wal_size = 4GB",
                                                       "shared_buffers = 256MB"))
        self.server.start()
        self.server.create_database()
        env = without_postgres(os.environ)
        self.program = Workload(args.binary, self.server, folder, folder, 1, env)
        self.command("schema", "migrate")
        words = node_command(args.binary, PROFILES[args.profile][0])
        self.slots = [Slot(f"node-{i + 1}", words, self.server.url(), folder, env)
                      for i in range(args.nodes)]

    def command(self, *words, timeout=600):
        code, out, err = self.program.command(*words, timeout=timeout)
        if code != 0:
            raise RuntimeError(f"{' '.join(words)}: {out}{err}")
        return out

    def until(self, what, sql, seconds, meanwhile=lambda: None):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                answer = self.server.one(sql, timeout=60)
            except DatabaseDown:
                answer = ""
            if answer not in ("", "f", "0"):
                return answer
            meanwhile()
            time.sleep(0.1)
        raise RuntimeError(f"not in {seconds} s: {what}")

    def bare_insert(self):
        """Seconds of one statement that writes as many rows."""
        self.server.text("create table partita.bare (like partita.result including all)")
        begun = time.monotonic()
        self.server.text(
            "insert into partita.bare (step_id, no, lease_id, outcome, output, error, ended_at)"
            f" select 1, n, 1, 'FAILED', '', repeat('x', 80), now() from generate_series(1,"
            f" {self.args.partitions}) n", timeout=600)
        seconds = time.monotonic() - begun
        self.server.text("drop table partita.bare")
        return seconds

    def play(self):
        bare = self.bare_insert()
        for slot in self.slots:
            slot.start()
        self.until("all nodes joined", "select count(*) >= " + str(len(self.slots)) +
                   " from partita.node where state = 'ACTIVE'", 60)
        # The nodes begin with what may be tried again, and it takes long: so the one to which the
        # others are bound holds some of both for a while.
        many = int(self.command("submit", "chaos_many", "partitions=2000", "items=1",
                                f"delay_ms={int(BUSY_S[self.args.profile] * 1000)}", "salt=2"))
        self.until("all nodes are at work", "select count(distinct node_id) = "
                   f"{len(self.slots)} from partita.lease where state = 'LIVE'", 60)
        once = int(self.command("submit", "chaos_bound", f"partitions={self.args.partitions}",
                                "items=1", "delay_ms=100", "salt=1"))
        node = int(self.until("partitions are bound to a node", "select node_id from partita.ready"
                              " where node_id is not null limit 1", 300))
        self.until("the node holds some of both", "select count(distinct s.run_id) = 2 from"
                   " partita.lease l join partita.step s using (step_id) where l.state = 'LIVE'"
                   f" and l.node_id = {node}", 120)
        pid = int(self.server.one(f"select pid from partita.node where node_id = {node}"))
        victim = next(slot for slot in self.slots if slot.pid() == pid)
        others = [slot for slot in self.slots if slot is not victim]
        killed = time.time()
        victim.kill(3600)
        turns = []

        def disturb():
            if not self.args.kill_sweepers or len(turns) >= 20:
                return
            slot = others[len(turns) % len(others)]
            turns.append(slot.name)
            slot.kill(0)
            time.sleep(0.2)
            slot.start()
            time.sleep(0.3 * PROFILES[self.args.profile][1])

        since = f"select extract(epoch from min(at)) - {killed} from partita.event where"
        condemned = float(self.until("the node is given up", f"{since} kind = 'NODE_CONDEMNED'"
                                     f" and node_id = {node}", 120))
        moved = float(self.until("its work runs elsewhere", f"{since} kind = 'LEASE_GRANTED' and"
                                 f" run_id = {many} and node_id <> {node} and event_id > (select"
                                 " min(event_id) from partita.event where kind ="
                                 f" 'NODE_CONDEMNED' and node_id = {node})", 120))
        over = float(self.until("nothing is left of it", f"{since} kind = 'NODE_DEREGISTERED' and"
                                f" node_id = {node}", 1800, disturb))
        for slot in self.slots:
            slot.start()
        code, _, err = self.program.command("wait", str(once), timeout=600)
        if code != 1:
            raise RuntimeError(f"the run with what starts only once ended with {code}: {err}")
        self.command("cancel", str(many))
        results = int(self.server.one("select count(*) from partita.result join partita.step using"
                                      f" (step_id) where run_id = {once}", timeout=120))
        verdict = self.command("verify", str(once))
        say(verdict)
        pieces = self.server.one("select count(*) from partita.event where kind = 'LEASE_GRANTED'"
                                 f" and node_id = {node} and detail like '%lost%'")
        return {"test": "loss", "profile": self.args.profile, "partitions": self.args.partitions,
                "kill_sweepers": len(turns), "condemned_s": round(condemned, 2),
                "elsewhere_s": round(moved, 2), "bound_s": BOUNDS[self.args.profile] +
                BUSY_S[self.args.profile],
                "over_s": round(over, 2), "settled_s": round(over - condemned, 2),
                "bare_insert_s": round(bare, 2), "pieces": int(pieces), "results": results}

    def close(self):
        for slot in self.slots:
            slot.end()
        self.server.stop("immediate")


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--binary", required=True, help="chaos_jobs, as it was built")
    p.add_argument("--partitions", type=int, default=1_000_000)
    p.add_argument("--nodes", type=int, default=3)
    p.add_argument("--profile", choices=PROFILES, default="fast")
    p.add_argument("--kill-sweepers", action="store_true")
    args = p.parse_args()
    args.binary = os.path.abspath(args.binary)
    folder = tempfile.mkdtemp(prefix="partita-loss.")
    os.chmod(folder, 0o755)
    os.environ["PARTITA_TEST_MARK"] = folder
    try:
        with contextlib.closing(Loss(args, folder)) as loss:
            figures = loss.play()
    finally:
        end_leftovers(folder)  # also of a Loss that failed while it was made
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(figures))
    if figures["results"] != args.partitions:
        say(f"only {figures['results']} of {args.partitions} partitions have a result")
        sys.exit(1)


if __name__ == "__main__":
    main()
