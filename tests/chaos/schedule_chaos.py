#!/usr/bin/env python3
"""Nodes share schedules, and are killed, stopped and drained meanwhile.

  tests/chaos/schedule_chaos.py --binary build/release/partita --seconds 1800

Forty schedules of one second at a fixed rate, four nodes with twenty tokens each, a PostgreSQL of
its own. Judged in the end, from the rows: no tick has two runs; each tick since a schedule began
has a run or was told as missed; and none was missed, because nobody fired, for longer than a
takeover lasts (--bound). Prints a line of JSON with what was played and found. Ends with 1 when a
promise was broken.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from cluster import Keeper, Slot, complaints, node_command  # noqa: E402
from faults import end_leftovers  # noqa: E402
from server import Server  # noqa: E402

# Ticks of each schedule from its begin to the stored next one, beside what is told of them.
BALANCE = """
select s.name, s.missed,
       (select count(*) from partita.run r
        where r.schedule_id = s.schedule_id and r.restart_of is null) as started,
       floor(extract(epoch from s.next_tick))::bigint
         - floor(extract(epoch from s.created_at))::bigint - 1 as due
from partita.schedule s"""
TWICE = """
select schedule_id, tick, count(*) from partita.run where schedule_id is not null
and restart_of is null group by schedule_id, tick having count(*) > 1"""
# Ticks in a row that started no run because nobody fired.
GAPS = """
select detail::json ->> 'name' as name, (detail::json ->> 'count')::int as ticks,
       detail::json ->> 'why' as why
from partita.event where kind = 'TICKS_MISSED'
and detail::json ->> 'why' <> 'overlap' order by 2 desc limit 5"""


def arguments():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--binary", required=True)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--seconds", type=float, default=60)
    p.add_argument("--nodes", type=int, default=4)
    p.add_argument("--schedules", type=int, default=40)
    p.add_argument("--bound", type=float, default=8, help="seconds that a takeover may last")
    args = p.parse_args()
    args.binary = os.path.abspath(args.binary)
    return args


def strike(rng, slot, counts):
    """One fault. A stop is shorter or longer than what gives a node up."""
    kind = rng.choices(["kill", "stop", "stop long", "drain"], [4, 2, 3, 2])[0]
    counts[kind] = counts.get(kind, 0) + 1
    if kind == "kill":
        slot.kill(rng.uniform(0.1, 3))
    elif kind == "drain":
        with slot.lock:
            slot.expected_death = True
            slot.send(signal.SIGTERM)
    else:
        slot.send(signal.SIGSTOP)
        time.sleep(rng.uniform(0.2, 0.6) if kind == "stop" else rng.uniform(2, 5))
        slot.send(signal.SIGCONT)


def judge(base, args, failed):
    twice = base.rows(TWICE)
    if twice:
        failed.append(f"ticks that started several runs: {twice[:5]}")
    balance = base.rows(BALANCE)
    for row in balance:
        if row["started"] + row["missed"] != row["due"]:
            failed.append(f"schedule {row['name']} had {row['due']} ticks; {row['started']} started "
                          f"runs, {row['missed']} are told as missed")
    gaps = base.rows(GAPS)
    longest = max((row["ticks"] for row in gaps), default=0)
    if longest > args.bound:
        failed.append(f"not fired for {longest} s, more than {args.bound:g} s: {gaps}")
    return {"ticks": sum(row["due"] for row in balance),
            "runs": sum(row["started"] for row in balance),
            "missed": sum(row["missed"] for row in balance), "longest_gap_s": longest,
            "takeovers": int(base.one("select count(*) from partita.event where kind = "
                                      "'SCHEDULE_MOVED'")) - args.schedules}


def main():
    args = arguments()
    folder = tempfile.mkdtemp(prefix="partita-chaos.")
    os.chmod(folder, 0o755)
    os.environ["PARTITA_TEST_MARK"] = folder
    for name in ("nodes", "db"):
        os.mkdir(f"{folder}/{name}")
    base = Server(folder + "/db")
    env = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
    rng = random.Random(args.seed)
    failed, counts, found = [], {}, {}

    def command(*words):
        done = subprocess.run([args.binary, *words, "--db", base.url()], env=env, cwd=folder,
                              capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: {done.stderr}")
        return done.stdout

    slots = [Slot(f"node-{i + 1}", node_command(args.binary, ["--fast", "--tokens", "20"]),
                  base.url(), folder + "/nodes", env) for i in range(args.nodes)]
    keeper = Keeper(slots)
    try:
        base.start()
        base.create_database()
        command("schema", "migrate")
        for slot in slots:
            slot.start()
        for i in range(args.schedules):
            command("schedule", "add", f"s{i}", "every 1s at fixed rate", "range_sum",
                    "from=1", f"to={i + 1}", "partitions=1")
        keeper.start()
        end = time.monotonic() + args.seconds
        while time.monotonic() < end:
            time.sleep(rng.uniform(0.5, 4))
            strike(rng, rng.choice([s for s in slots if s.alive()] or slots), counts)
        for slot in slots:
            slot.send(signal.SIGCONT)
        time.sleep(args.bound)  # the last takeover
        owned = base.rows("select count(*) n from partita.schedule s join partita.node n on "
                          "n.node_id = s.owner_node_id where n.state = 'ACTIVE'")[0]["n"]
        if owned != args.schedules:
            failed.append(f"only {owned} of {args.schedules} schedules have an owner in the end")
        keeper.stop()
        for slot in slots:
            slot.end()
        found = judge(base, args, failed)
        verified = subprocess.run([args.binary, "verify", "--db", base.url()], env=env,
                                  capture_output=True, text=True)
        if verified.returncode != 0:
            failed.append("verify: " + verified.stdout + verified.stderr)
        failed += complaints(folder + "/nodes")
    finally:
        for slot in slots:
            slot.end()
        end_leftovers(folder)
        base.stop("immediate")
        if not failed:
            shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps({"seconds": args.seconds, "seed": args.seed, "nodes": args.nodes,
                      "schedules": args.schedules, "faults": counts, **found,
                      "failed": failed}), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
