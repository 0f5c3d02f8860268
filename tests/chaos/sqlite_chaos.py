#!/usr/bin/env python3
"""Fault F27: node processes share an SQLite file; writers are stopped and killed in the middle.

  tests/chaos/sqlite_chaos.py --binary build/dev/tests/chaos_jobs --seed 7 --seconds 60

Waits until a node holds the write lock of the database (as /proc/locks tells), and then stops or
kills it there: stopped, it blocks every writer until it goes on; killed, the others must go on at
once and find a database without a trace of what was not committed. Judges as chaos.py does.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from cluster import Keeper, Slot, complaints, log_counts, node_command  # noqa: E402
from faults import end_leftovers  # noqa: E402
from oracle import Oracle  # noqa: E402
from server import DatabaseDown  # noqa: E402
from workload import LEDGER, Witness, Workload  # noqa: E402

WRITE_LOCK = "120"  # the byte of the -shm file that is SQLite's write lock in WAL mode


class SqliteFile:
    """Answers the questions of the judge, which are written for the other database."""

    def __init__(self, path):
        self.path = path

    def url(self):
        return "sqlite:" + self.path

    def rows(self, sql, timeout=30):
        sql = sql.replace("partita.", "partita_").replace("::json", "").replace("::int", "")
        try:
            db = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=timeout)
            try:
                db.row_factory = sqlite3.Row
                db.create_function("md5", 1, lambda t: hashlib.md5(t.encode()).hexdigest())
                return [dict(row) for row in db.execute(sql)]
            finally:
                db.close()
        except sqlite3.OperationalError as e:
            if "locked" in str(e) or "busy" in str(e):
                raise DatabaseDown(str(e)) from e
            raise RuntimeError(f"{sql}: {e}") from e

    def text(self, sql):
        return "".join("|".join(map(str, row.values())) + "\n" for row in self.rows(sql))

    def one(self, sql):
        return self.text(sql).strip()


def writer(path, pids, seconds):
    """The process that holds the write lock, of these, or 0 when none does in time."""
    inode = os.stat(path + "-shm").st_ino
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with open("/proc/locks") as f:
            for line in f:
                words = line.split()
                if "->" not in words and words[3] == "WRITE" and int(words[4]) in pids and \
                        words[5].endswith(f":{inode}") and words[6] == WRITE_LOCK:
                    return int(words[4])
    return 0


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--binary", required=True)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--seconds", type=float, default=30)
    p.add_argument("--nodes", type=int, default=3)
    p.add_argument("--json")
    args = p.parse_args()
    args.binary = os.path.abspath(args.binary)
    again = f"{sys.argv[0]} --binary {args.binary} --seed {args.seed} --seconds {args.seconds:g}"
    print("replay with: " + again, flush=True)

    folder = tempfile.mkdtemp(prefix="partita-chaos.")
    os.environ["PARTITA_TEST_MARK"] = folder
    for name in ("nodes", "journal", "out"):
        os.mkdir(f"{folder}/{name}")
    env = dict(os.environ, CHAOS_JOURNAL=folder + "/journal", PARTITA_FILES=folder,
               ASAN_OPTIONS="detect_leaks=0")
    base = SqliteFile(folder + "/partita.db")
    command = node_command(args.binary, ["--fast"])
    slots = [Slot(f"node-{i + 1}", command, base.url(), folder + "/nodes", env)
             for i in range(args.nodes)]
    keeper = Keeper(slots)
    rng = random.Random(args.seed)
    failed, counts = [], {}
    settled, judged, oracle = None, {}, None
    workload = Workload(args.binary, base, folder, folder + "/out", args.seed, env)
    try:
        code, _, err = workload.command("schema", "migrate")
        if code != 0:
            raise RuntimeError(err)
        with sqlite3.connect(base.path) as db:
            db.execute(LEDGER)
        for slot in slots:
            slot.start()
        keeper.start()
        witness = Witness(base)
        witness.start()
        workload.start()
        end = time.monotonic() + args.seconds
        while time.monotonic() < end:
            time.sleep(rng.uniform(0.1, 1.5))
            kind = rng.choices(["stop", "stop longer", "kill", "stop and kill"], [4, 1, 4, 3])[0]
            seconds = rng.uniform(0.3, 1.2) if kind == "stop" else rng.uniform(1.5, 5)
            pid = writer(base.path, {s.pid() for s in slots if s.alive()}, 5)
            victim = next((s for s in slots if pid and s.pid() == pid), None)
            if victim is None:
                counts["no writer came by"] = counts.get("no writer came by", 0) + 1
                continue
            if kind == "kill":
                victim.kill(rng.uniform(0.1, 3))
            else:
                victim.send(signal.SIGSTOP)
                held = writer(base.path, {pid}, 0.01) == pid
                time.sleep(seconds)
                if kind == "stop and kill":
                    victim.kill(rng.uniform(0.1, 3))
                else:
                    victim.send(signal.SIGCONT)
                kind += ", lock held" if held else ", lock just given back"
            counts[kind] = counts.get(kind, 0) + 1
        for slot in slots:
            slot.send(signal.SIGCONT)
        workload.stop()
        print("faults are over: every run must end within 120 s", flush=True)
        settled = workload.wait_for_all(120)
        if settled is None:
            failed.append("liveness: runs have not ended: " + str(base.rows(
                "select run_id, job, state, term from partita.run where ended_at is null")))
        witness.stop()
        witness.look()
        oracle = Oracle(base, folder, workload.runs, witness)
        failed += oracle.judge() + workload.verified() + complaints(folder + "/nodes")
        found = base.one("pragma integrity_check")
        if found != "ok":
            failed.append("integrity_check: " + found)
        judged = {"runs": len(workload.runs), "states": {
            row["state"]: row["n"] for row in base.rows(
                "select state, count(*) as n from partita.run group by state")},
            "max_term": base.one("select max(term) from partita.run"),
            "revoked_leases": base.one("select count(*) from partita.lease where state ="
                                       " 'REVOKED'")}
    except Exception as e:  # pylint: disable=broad-except
        failed.append(repr(e))
        raise
    finally:
        workload.over.set()
        if keeper.is_alive():
            keeper.stop()
        for slot in slots:
            slot.end()
        end_leftovers(folder)
        if not failed:
            shutil.rmtree(folder, ignore_errors=True)
    logs = log_counts(folder + "/nodes") if failed else {}
    figures = {"fault": "F27", "seed": args.seed, "seconds": args.seconds, "played": counts,
               "settled_s": settled, **judged, **oracle.counts, "violations": len(failed)}
    if logs:
        figures["log"] = logs
    print(json.dumps(figures))
    if args.json:
        with open(args.json, "a") as f:
            f.write(json.dumps(figures) + "\n")
    for text in failed[:30]:
        print("FAILED: " + text)
    if failed:
        print(f"{len(failed)} things are wrong; logs and database: {folder}\nreplay with: {again}")
        return 1
    print("nothing wrong was found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
