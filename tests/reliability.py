#!/usr/bin/env python3
"""Measures what is promised, and writes tests/RELIABILITY.md from all that was measured.

  tests/reliability.py simulation [--seeds 100000] [--store memory] clusters in virtual time
  tests/reliability.py mutants [--seeds 20000]                      how soon planted bugs are found
  tests/reliability.py locks                                        planted bugs of locks
  tests/reliability.py chaos [--seconds 1800] [--seed 7] [ARGS...]  real processes (see chaos.py)
  tests/reliability.py schedules [--seconds 1800] [--seed 7]        ticks while nodes die
  tests/reliability.py fuzz [--seconds 300]                         bytes that others wrote
  tests/reliability.py failover [--kills 50] [--profile fast]       from a kill to work elsewhere
  tests/reliability.py ha [--rounds 20] [--patroni]                 the database fails over
  tests/reliability.py migration [--records 1000000]                two tenants, faults, a retry
  tests/newer.py --keep                                             newer server and library
  tests/reliability.py                                              only writes the page again

Long measurements may be done in pieces: each appends a line to tests/RELIABILITY.jsonl, with the
commit it was made of, and the page sums the lines up. A simulation is kept piece by piece and goes
on after the last seed that was kept for this commit and store, so that it can be broken off at any
time. Programs come from build/dev (those of the failover, of the schedules and of the migration
from build/release): build them first. What needs a PostgreSQL gets a private one that is gone
afterwards, unless PARTITA_TEST_PG names one. The exit code is that of what was run.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
sys.path.insert(0, HERE + "/chaos")

from faults import FAULTS  # noqa: E402

ROOT = os.path.dirname(HERE)
LINES = HERE + "/RELIABILITY.jsonl"
PAGE = HERE + "/RELIABILITY.md"
SIMULATE = ROOT + "/build/dev/tests/simulate"


def commit():
    """What is measured: asked before it begins, because a long measurement outlives a commit."""
    out = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"],
                         capture_output=True, text=True, check=True)
    return out.stdout.strip()


COMMIT = commit()


def keep(kind, figures):
    line = {"kind": kind, "commit": COMMIT, "date": time.strftime("%Y-%m-%d"), **figures}
    with open(LINES, "a") as f:
        f.write(json.dumps(line) + "\n")


def run(command):
    """Shows what the command prints, and returns it with its exit code."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        text = ""
        for line in child.stdout:
            print(line, end="", flush=True)
            text += line
    return child.returncode, text


def with_postgres(command):
    """The command, with a scratch PostgreSQL."""
    if os.environ.get("PARTITA_TEST_PG"):
        return command
    return ["pg_virtualenv", "-t", "-c", "--locale=C.UTF-8", "-o", "max_connections=200",
            "env", "PARTITA_TEST_PG=postgresql:///postgres", *command]


def next_seed(store):
    kept = [line["first"] + line["seeds"] for line in read_lines()
            if line["kind"] == "simulation" and line["commit"] == COMMIT
            and line["store"] == store]
    return max(kept, default=1)


def simulation(args):
    first = args.first or next_seed(args.store)
    end = first + args.seeds
    code = 0
    while first < end and code == 0:
        seeds = min(end - first, args.piece)
        command = [SIMULATE, "--json", "--seeds", str(seeds), "--first", str(first),
                   "--store", args.store]
        code, text = run(with_postgres(command) if args.store == "postgres" else command)
        figures = json.loads(next(line for line in text.splitlines() if line.startswith("{")))
        keep("simulation", {"first": first, "store": args.store, **figures})
        first += seeds
    return code


def locks(args):
    program = ROOT + "/build/dev/tests/planted_locks"
    code, text = run(with_postgres(["env", "PLANTED_LOCKS=" + program,
                                    HERE + "/process/planted_locks.sh"]))
    keep("locks", {"table": rows_of(text)})
    return code


def rows_of(text):
    """The rows of a printed table, without its head."""
    return [[cell.strip() for cell in line.strip("| \n").split("|")]
            for line in text.splitlines() if line.startswith("|")][2:]


def mutants(args):
    code, text = run(with_postgres([SIMULATE, "--mutants", "--seeds", str(args.seeds)]))
    keep("mutants", {"limit": args.seeds, "table": rows_of(text)})
    return code


def chaos(args):
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as out:
        code, _ = run([HERE + "/chaos/chaos.py", "--binary", ROOT + "/build/dev/tests/chaos_jobs",
                       "--seconds", str(args.seconds), "--seed", str(args.seed), "--json", out.name,
                       *args.more])
        for line in out.read().decode().splitlines():
            keep("chaos", json.loads(line))
    return code


def schedules(args):
    program = ROOT + "/build/release/partita"
    code, text = run([HERE + "/chaos/schedule_chaos.py", "--binary", program, "--seconds",
                      str(args.seconds), "--seed", str(args.seed)])
    for line in text.splitlines():
        if line.startswith("{"):
            keep("schedules", json.loads(line))
    return code


def fuzz(args):
    code, text = run([HERE + "/fuzz/run.sh", str(args.seconds)])
    done = re.findall(r"^(\w+): (\d+) executions, (\d+) edges covered, (\d+) findings", text, re.M)
    for target, executions, edges, found in done:
        keep("fuzz", {"target": target, "seconds": args.seconds, "executions": int(executions),
                      "edges": int(edges), "found": int(found)})
    return code


def failover(args):
    code, text = run([ROOT + "/bench/failover.py", "--kills", str(args.kills), "--profile",
                      args.profile])
    if code == 0:
        keep("failover", json.loads(text.strip().splitlines()[-1]))
    return code


def ha(args):
    with tempfile.NamedTemporaryFile("r", suffix=".json") as figures:
        code, _ = run([HERE + "/ha/ha.py", "--binary", ROOT + "/build/dev/tests/chaos_jobs",
                       "--profile", "default", "--rounds", str(args.rounds), "--json",
                       figures.name, *(["--patroni"] if args.patroni else [])])
        for line in figures:
            keep("ha", json.loads(line))
    return code


def migration(args):
    code, text = run([HERE + "/migration/migration.py", "--binary", ROOT + "/build/release/partita",
                      "--records", str(args.records)])
    for line in text.splitlines():
        if line.startswith("{"):
            keep("migration", json.loads(line))
    return code


# --- the page ------------------------------------------------------------------------------------

def total(lines, key):
    return sum(line.get(key, 0) for line in lines)


def number(n):
    return f"{n:,}"


def table(head, rows):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head),
            *("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows), ""]


def commits(lines):
    return ", ".join(sorted({line["commit"] for line in lines}))


def page_simulation(lines):
    seeds, bad = total(lines, "seeds"), total(lines, "failed_seeds")
    stores = sorted({line["store"] for line in lines})
    faults = sorted({key for line in lines for key in line if key.startswith("fault_")})
    bound = f"; with 95 % confidence fewer than {3 / seeds:.1e} of all seeds do" if not bad else ""
    return [
        "## Simulation", "",
        f"{number(seeds)} seeds, {number(total(lines, 'simulated_ms') // 3_600_000)} hours of "
        f"virtual time, {number(total(lines, 'verbs'))} transactions, invariants checked "
        f"{number(total(lines, 'invariant_checks'))} times, and the event log of every seed "
        f"replayed. **{number(bad)} seeds broke a promise**{bound}.", "",
        "Stores: " + ", ".join(
            f"{number(total([line for line in lines if line['store'] == store], 'seeds'))} "
            + ("memory and SQLite, nine to one" if store == "both" else store)
            for store in stores) + ".", "",
        *table(["what happened", "times"], [
            ["runs completed / failed / stopped", " / ".join(
                number(total(lines, "run_" + state)) for state in
                ("COMPLETED", "FAILED", "STOPPED"))],
            ["takeovers of a run", number(total(lines, "takeovers"))],
            ["nodes deregistered", number(total(lines, "nodes_deregistered"))],
            ["leases revoked", number(total(lines, "leases_revoked"))],
            ["late writes rejected", number(total(lines, "late_writes_rejected"))],
            ["calls whose outcome the caller does not know", number(total(lines, "calls_in_doubt"))],
            *([f"fault: {key[6:].replace('_', ' ')}", number(total(lines, key))]
              for key in faults)]),
        f"Commits: {commits(lines)}. Again: `tests/reliability.py simulation --seeds 100000`.", ""]


def page_mutants(line):
    found = [row for row in line["table"] if row[2] != "NOT FOUND"]
    return ["## Planted bugs", "",
            f"{len(found)} of {len(line['table'])} are found by the simulation within "
            f"{number(line['limit'])} seeds. Again: `tests/reliability.py mutants`.", "",
            *table(["planted bug", "store", "found after seeds", "as"], line["table"]),
            f"Commit: {line['commit']}.", ""]


def page_locks(line):
    return ["Planted bugs that depend on locks between sessions are invisible to a simulation, "
            "which has one thread. Real sessions that meet in a fixed order "
            "(`tests/storage/interleavings_test.cpp`) find each at once. Again: "
            "`tests/reliability.py locks`.", "",
            *table(["planted bug", "found by"], line["table"]),
            f"Commit: {line['commit']}.", ""]


def summed(lines, key):
    """Counts by name, of all lines together."""
    counts = {}
    for line in lines:
        for name, n in line[key].items():
            counts[name] = counts.get(name, 0) + n
    return counts


def page_chaos(lines):
    rows = [[line["seed"], int(line["seconds"]), line["nodes"], line["profile"],
             sum(line["faults"].values()), sum(line["runs"].values()), line["takeovers"],
             line["deregistrations"], line["revoked_leases"],
             number(line["attempts"] - line["partitions"]), line["late_results_dropped"],
             number(line["items"]), line["violations"]] for line in lines]
    skipped = sorted({name for line in lines for name in line.get("skipped", [])})
    return ["## Chaos on real processes", "",
            f"{len(lines)} plans, {int(total(lines, 'seconds') // 60)} minutes of faults; "
            f"{number(total(lines, 'items'))} items in the outputs; "
            f"{number(total(lines, 'acknowledged_results_checked'))} acknowledged results and "
            f"{number(sum(line.get('author_rows_checked', 0) for line in lines))} rows of an "
            "author's table without any key checked. " + ("None was lost, and no item was there twice." if not total(lines, "violations") else
               f"**{total(lines, 'violations')} violations.**"), "",
            *table(["seed", "s", "nodes", "timers", "faults", "runs", "takeovers", "nodes given up",
                    "leases revoked", "starts beyond one", "late results dropped", "items",
                    "violations"],
                   rows),
            *[f"Seed {line['seed']} found: {what}\n" for line in lines
              for what in line.get("found", [])],
            *table(["fault", "what", "times"],
                   [[name, FAULTS[name][0], n] for name, n in
                    sorted(summed(lines, "faults").items(), key=lambda f: (len(f[0]), f[0]))]),
            "F20 all the time: every node's session has a time zone of its own. F23 is not "
            "promised.", "",
            "Each run whose master was killed at a named point ended with the result that its "
            "parameters demand:", "",
            *table(["master killed", "times"], sorted(summed(lines, "master_killed").items())),
            "Skipped here: " + (", ".join(skipped) if skipped else "none") + ".", "",
            f"Commits: {commits(lines)}. Again: `tests/reliability.py chaos --seed 7`.", ""]


def page_schedules(lines):
    failed = [what for line in lines for what in line["failed"]]
    return ["## Schedules under chaos", "",
            "Schedules of one second, whose nodes are killed, stopped and drained: no tick starts "
            "two runs, none is lost without being told of, and none waits longer than a takeover "
            "lasts. " + (f"**{len(failed)} promises were broken.**" if failed
                         else "All of it held."), "",
            *table(["seed", "s", "nodes", "schedules", "faults", "ticks", "told as missed",
                    "schedules that moved", "longest s without a tick"],
                   [[line["seed"], int(line["seconds"]), line["nodes"], line["schedules"],
                     sum(line["faults"].values()), number(line["ticks"]), number(line["missed"]),
                     number(line["takeovers"]), line["longest_gap_s"]] for line in lines]),
            *[f"Found: {what}\n" for what in failed],
            f"Commits: {commits(lines)}. Again: `tests/reliability.py schedules`.", ""]


def page_failover(lines):
    def spread(s):
        return "–" if not s else f"{s['p50']:.2f} / {s['p99']:.2f} / {s['max']:.2f}"
    latest = {line["profile"]: line for line in lines}
    return ["## Failover", "",
            "Seconds from `kill -9` to the first partition of the dead node running elsewhere, and "
            "to the first action of the new master: p50 / p99 / max.", "",
            *table(["timers", "bound", "work elsewhere", "new master", "after a drain"],
                   [[name, line["bound_s"], spread(line["worker"]), spread(line["master"]),
                     spread(line["drain"])] for name, line in latest.items()]),
            f"Commits: {commits(latest.values())}. Again: `tests/reliability.py failover`.", ""]


def page_ha(lines):
    def spread(s):
        return "–" if not s else f"{s['p50']:.2f} / {s['p99']:.2f} / {s['max']:.2f}"

    names = {"plain": "promoted by the test", "patroni": "Patroni and etcd"}
    rows = [[names[line["form"]], what, line[what]["times"], spread(line[what]["down_s"]),
             spread(line[what]["work_s"]), number(line["acknowledged"]), line["violations"]]
            for line in lines for what in ("kill", "switchover")]
    return ["## Failover of the database", "",
            "Three PostgreSQL servers, of which one of two standbys is synchronous; nodes with "
            "default timers, whose address names all three. After every kill and every switchover "
            "all acknowledged results are looked for; at the end every run is judged, and the "
            "database verified. "
            + ("None was lost." if not total(lines, "violations") else
               f"**{total(lines, 'violations')} violations.**")
            + " Seconds are p50 / p99 / max.", "",
            *table(["who promotes", "what", "times", "until a server takes writes",
                    "until work goes on after that", "acknowledged results", "violations"], rows),
            *[f"Found: {what}\n" for line in lines for what in line["found"]],
            f"Commits: {commits(lines)}. Again: `tests/reliability.py ha`, and with `--patroni`.",
            ""]


def page_migration(lines):
    failed = [what for line in lines for what in line["failed"]]
    return ["## A migration of MARC records", "",
            "Two tenants at once on three nodes; a node that drives a run is killed, and a run is "
            "stopped and restarted. Every record must be in the files of its chunk exactly once, "
            "and the files the same to the byte as of an undisturbed run. Then some chunks of a "
            "migration of all records fail; when they are mended, a restart must read and write "
            "these, and no others. "
            + (f"**{len(failed)} checks did not hold.**" if failed else "All of it held."), "",
            *table(["records", "chunks", "s, each tenant alone on one node", "s, both, disturbed",
                    "records of one tenant for each of the other, until half", "from the kill on",
                    "chunks failed", "executed again", "rows read again", "files written again"],
                   [[number(line["records"]), number(line["chunks"]),
                     " / ".join(map(str, line["alone_s"])), line["seconds"], line["ratio"],
                     line["ratio_after_kill"], line["chunks_failed"], line["chunks_repeated"],
                     number(line["rows_read_again"]), line["files_written_again"]]
                    for line in lines if "chunks_repeated" in line]),
            *[f"Found: {what}\n" for what in failed],
            f"Commits: {commits(lines)}. Again: `tests/reliability.py migration`.", ""]


def page_newer(line):
    return ["## Newer than Debian 12", "",
            "The contract suite of the store. Again: `tests/newer.py --keep`.", "",
            *table(["PostgreSQL", "libpqxx", "test cases that hold"], line["table"]),
            f"Commit: {line['commit']}.", ""]


def page_fuzz(lines):
    targets = sorted({line["target"] for line in lines})
    rows = []
    for target in targets:
        own = [line for line in lines if line["target"] == target]
        rows.append([target, number(total(own, "executions")), total(own, "seconds"),
                     own[-1]["edges"], total(own, "found")])
    return ["## Fuzzing", "", "libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer on all "
            "that reads bytes which others wrote.", "",
            *table(["target", "executions", "s", "edges covered", "runs with a finding"], rows),
            f"Commits: {commits(lines)}. Again: `tests/reliability.py fuzz`.", ""]


NOT_PROMISED = """## Not promised

- Exactly-once effects outside the database and the registered output files. The context hands out
  an idempotency key for systems that can recognise a repeat.
- Acknowledged work survives a failover to an asynchronous replica that had not received it.
- Protection against who may write to the database as its owner.
- SQLite on a network file system; SQLite survives a crash of the machine as far as its disk tells
  the truth about a sync.
- A partition that ignores its stop token goes on until its process ends, unless it is isolated; its
  result is refused.
- With a database clock that jumps forward, living nodes may be given up. They join again; nothing
  is lost or done twice.
"""


def read_lines():
    if not os.path.exists(LINES):
        return []
    with open(LINES) as f:
        return [json.loads(line) for line in f]


def write_page():
    lines = read_lines()
    of = {kind: [line for line in lines if line["kind"] == kind]
          for kind in "simulation mutants locks chaos schedules failover ha migration fuzz newer"
          .split()}
    text = ["# Reliability: what was measured", "",
            "Written by `tests/reliability.py` from `RELIABILITY.jsonl`, never by hand.", ""]
    if of["simulation"]:
        text += page_simulation(of["simulation"])
    if of["mutants"]:
        text += page_mutants(of["mutants"][-1])
    if of["locks"]:
        text += page_locks(of["locks"][-1])
    if of["chaos"]:
        text += page_chaos(of["chaos"])
    if of["schedules"]:
        text += page_schedules(of["schedules"])
    if of["failover"]:
        text += page_failover(of["failover"])
    if of["ha"]:
        text += page_ha(of["ha"])
    if of["migration"]:
        text += page_migration(of["migration"])
    if of["fuzz"]:
        text += page_fuzz(of["fuzz"])
    if of["newer"]:
        text += page_newer(of["newer"][-1])
    with open(PAGE, "w") as f:
        f.write("\n".join(text) + "\n" + NOT_PROMISED)


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    what = p.add_subparsers(dest="what")
    s = what.add_parser("simulation")
    s.add_argument("--seeds", type=int, default=100_000)
    s.add_argument("--first", type=int, help="seed; else the one after the last that was kept")
    s.add_argument("--piece", type=int, default=20_000, help="seeds that are kept together")
    s.add_argument("--store", default="memory", help="memory, sqlite, postgres or both")
    what.add_parser("locks")
    s = what.add_parser("mutants")
    s.add_argument("--seeds", type=int, default=20000)
    s = what.add_parser("chaos")
    s.add_argument("--seconds", type=int, default=1800)
    s.add_argument("--seed", type=int, default=7)
    s = what.add_parser("schedules")
    s.add_argument("--seconds", type=int, default=1800)
    s.add_argument("--seed", type=int, default=7)
    s = what.add_parser("fuzz")
    s.add_argument("--seconds", type=int, default=300)
    s = what.add_parser("failover")
    s.add_argument("--kills", type=int, default=50)
    s.add_argument("--profile", default="fast")
    s = what.add_parser("ha")
    s.add_argument("--rounds", type=int, default=20)
    s.add_argument("--patroni", action="store_true")
    s = what.add_parser("migration")
    s.add_argument("--records", type=int, default=1_000_000)
    args, args.more = p.parse_known_args()
    if args.more and args.what != "chaos":
        p.error("there is no argument " + args.more[0])
    measure = {"simulation": simulation, "mutants": mutants, "locks": locks, "chaos": chaos,
               "schedules": schedules, "failover": failover, "ha": ha, "migration": migration,
               "fuzz": fuzz}
    code = measure[args.what](args) if args.what else 0
    write_page()
    return code


if __name__ == "__main__":
    sys.exit(main())
