#!/usr/bin/env python3
"""Runs the benchmarks, and writes what they say.

  bench/run.sh --quick                     everything at a small size, at most five minutes; only
                                           prints, its JSON lines stay in build/bench-quick.jsonl
  bench/run.sh                             everything; endurance alone is half an hour of it
  bench/run.sh --only claim,bare,peer      the measurements whose name contains one of these
  bench/run.sh --publish                   measures nothing: writes the tables and pictures anew

Each measurement is a program of build/release with flags of its own (--help), on a database of its
own in a private PostgreSQL (bench/databases.py), or in a file of SQLite. Its JSON lines go to
bench/RESULTS.jsonl, with the commit, the machine and the settings, in place of those of the same
benchmark before; README.md, bench/RESULTS.md and bench/plots are made from it (bench/report.py).
The peers come from npm and as a Go module into a folder that is gone afterwards (bench/peers.py);
where npm or go is missing, "LEFT OUT" tells so.
"""

import argparse
import json
import os
import sys
import time

sys.dont_write_bytecode = True
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, root + "/bench")

import report  # noqa: E402
import results  # noqa: E402
from child import end_on_signals, output_of, run, say  # noqa: E402
from databases import POSTGRES, Databases  # noqa: E402
from machine import busy_cores, machine  # noqa: E402
from peers import PEERS, Missing, Peers, left_out  # noqa: E402

SCRIPTS = ("page", "limits", "traces")  # with databases of their own
LIMIT_S = 1200  # one measurement may take, beside the minutes of endurance


def flags(**values):
    return [f"--{name.replace('_', '-')}={value}" for name, value in values.items()]


def claim(database, **values):
    return "claim_throughput", database, flags(**values)


def plan(quick, minutes):
    """(program, database, flags) of every measurement."""
    bare = 200_000 if quick else 1_000_000
    yield "bare_sql", "postgresql", flags(technique="per_row", width=1000, partitions=bare)
    for width in (100, 500, 2000, 5000):
        yield "bare_sql", "postgresql", flags(width=width, partitions=bare)
    if not quick:
        for technique, width in (("per_row", 1000), ("range", 2000), ("range", 5000)):
            yield "bare_sql", "postgresql", flags(technique=technique, width=width,
                                                  partitions=bare, clients=2)
    for peer in PEERS:  # processes, or clients of River's one process
        for processes in (2,) if quick else (1, 2, 4):
            yield peer, "postgresql", [50_000 if quick else 200_000, processes]

    for count in (10_000, 100_000, 1_000_000):
        yield claim("postgresql", partitions=count, executors=2)
    for width in (100, 500, 2000):
        yield claim("postgresql", partitions=bare, executors=2, max_lease_width=width)
    for nodes, executors in ((2, 1),) if quick else ((1, 1), (1, 4), (2, 1), (2, 2), (4, 1)):
        yield claim("postgresql", partitions=bare, executors=executors, nodes=nodes)
    for executors in (1, 2):
        yield claim("postgresql", partitions=2_000 if quick else 10_000, executors=executors,
                    body_us=1000)
    for count in (100_000,) if quick else (10_000, 100_000, 1_000_000):
        yield claim("sqlite", partitions=count, executors=2)
    yield "claim_throughput", "postgresql", flags(partitions=100_000, executors=2) + ["--streamed"]
    if not quick:
        yield ("claim_throughput", "postgresql",
               flags(partitions=10_000_000, executors=2) + ["--streamed"])

    cpu = {"partitions": 1000, "body_us": 3000} if quick else {"partitions": 8000, "body_us": 5000}
    for _ in range(1 if quick else 2):  # it needs both cores as a whole
        for nodes, executors in ((1, 1), (1, 2), (2, 1)):
            yield "executor_scaling", "postgresql", flags(nodes=nodes, executors=executors, **cpu)
    for shape in ("zipf", "giant"):
        yield "executor_scaling", "postgresql", flags(executors=2, shape=shape, **cpu)

    for database in ("postgresql",) if quick else ("postgresql", "sqlite"):
        rounds = 15 if quick else 250 if database == "postgresql" else 100
        yield "pickup_latency", database, flags(rounds=rounds, executors=2)
    yield ("pickup_latency", "postgresql",
           flags(rounds=15 if quick else 100, executors=2) + ["--wake-up"])
    for nodes in (1, 16, 64) if quick else (1, 16, 64, 256):
        yield "cluster_scale", "postgresql", flags(
            nodes=nodes, seconds=4 if quick else 20, settle=2 if quick else 5 + nodes // 20)
    for body_ms in () if quick else (1000, 2000):  # watched for longer than autovacuum naps
        yield "cluster_scale", "postgresql", flags(nodes=512, seconds=65, settle=30,
                                                   body_ms=body_ms)
    yield "customer_etl", "sqlite", flags(rows=300_000 if quick else 3_000_000)
    for database in ("postgresql", "sqlite"):
        for what in ("table_to_table", "csv_to_table", "csv_to_xml"):
            rows = 5_000_000 if what == "table_to_table" else 1_000_000
            yield "chunk_copy", database, flags(what=what, rows=50_000 if quick else rows,
                                                rounds=1 if quick else 2)
    for database in ("postgresql", "sqlite"):
        for chunk in (500,) if quick else (500, 5_000):
            yield "marc_map", database, flags(records=10_000 if quick else 200_000, chunk=chunk,
                                              rounds=1 if quick else 5)
    for database in ("postgresql", "sqlite"):
        for nodes, executors in ((1, 1),) if quick else ((1, 1), (1, 2), (3, 1)):
            yield "screening", database, flags(payments=200 if quick else 10_000, nodes=nodes,
                                               executors=executors, rounds=1 if quick else 2)
    yield "streamed_items", "postgresql", flags(items=100_000 if quick else 10_000_000)
    if not quick:
        yield "endurance", "postgresql", flags(minutes=minutes)
    yield "due_schedules", "postgresql", (flags(schedules=500, nodes=2, watch=4) if quick
                                          else flags())
    yield "purge", "postgresql", (flags(partitions=200_000, run=20_000, window=2, pairs=2)
                                  if quick else flags())
    if not quick:
        yield "page", "postgresql", []
        yield "page", "postgresql", flags(viewers=8)
    for what in ("limits", "traces"):
        yield what, "postgresql", (flags(rounds=2) + ["--", "--partitions=20000"]
                                   if quick else [])


def about(args, databases):
    """What each line tells of how it was measured."""
    commit = output_of("git", "rev-parse", "--short", "HEAD", cwd=root) or "unknown"
    changed = output_of("git", "status", "--porcelain", "--untracked-files=no", "--", "actors",
                        "apps", "batch", "bench/*.cpp", "protocol", "storage", cwd=root)
    return {"commit": commit + ("-changed" if changed else ""),
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "size": "quick" if args.quick else "full", "machine": machine(),
            "server": databases.version(), "postgres": POSTGRES}


class Bench:
    def __init__(self, args, databases):
        self.args, self.databases = args, databases
        self.peers = Peers(databases.folder + "/peers")
        self.without = set()  # peers that were left out: said once
        self.about = about(args, databases)

    def command(self, program, database, words):
        """(command, folder to run it in). Raises Missing for a peer that cannot be had."""
        if program in SCRIPTS:
            binary = f"--binary={self.args.build}/partita"
            return [f"{root}/bench/{program}.py", binary, *words], root
        url = self.databases.new_url(database)
        if program in PEERS:
            return self.peers.command(program, url, *words), self.peers.cwd(program)
        writes_files = program in ("customer_etl", "chunk_copy", "marc_map", "screening")
        folder = ["--folder", self.databases.folder] if writes_files else []
        return [f"{self.args.build}/{program}", "--db", url, *words, *folder], root

    def without_peer(self, peer, why):
        if peer in self.without:
            return []
        self.without.add(peer)
        return [{**left_out(peer, why), **self.about}]

    def measure(self, program, database, words):
        """The JSON lines of one measurement. One that fails says so, and the others go on."""
        try:
            command, folder = self.command(program, database, words)
        except Missing as why:
            return self.without_peer(program, why)
        others = busy_cores()
        say(f"{program} {database} {' '.join(map(str, words))}")
        lines = []

        def each_line(text):
            lines.append({**json.loads(text), **self.about, "busy_before": others})
            say("    " + results.in_short(lines[-1]))

        code = run(command, each_line, 60 * self.args.minutes + LIMIT_S, cwd=folder)
        if code != 0:
            say(f"    failed: exit {code}")
            if program in PEERS:
                return self.without_peer(program, f"it failed with exit code {code}")
        return lines


def measure_all(args):
    wanted = [word for word in args.only.split(",") if word]
    lines = []
    with Databases() as databases:
        bench = Bench(args, databases)
        for program, database, words in plan(args.quick, args.minutes):
            name = "peer " + program if program in PEERS else program
            if not wanted or any(word in name for word in wanted):
                lines += bench.measure(program, database, words)
                results.keep(args.results, lines)


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--quick", action="store_true",
                   help="small sizes, at most five minutes; only prints")
    p.add_argument("--only", default="", help="measurements whose name contains one of these")
    p.add_argument("--minutes", type=int, default=30, help="of endurance")
    p.add_argument("--build", default=root + "/build/release", help="where the programs are")
    p.add_argument("--results", help="where the JSON lines go")
    p.add_argument("--publish", action="store_true",
                   help="measures nothing, only writes README.md, bench/RESULTS.md and bench/plots")
    p.add_argument("--no-readme", action="store_true", help="leaves README and plots as they are")
    args = p.parse_args()
    if not args.results:
        args.results = root + ("/build/bench-quick.jsonl" if args.quick else "/bench/RESULTS.jsonl")
    end_on_signals()
    if not args.publish:
        measure_all(args)
    print(report.tables(results.read(args.results)))
    if args.publish or not (args.no_readme or args.quick):
        report.publish(args.results)


if __name__ == "__main__":
    main()
