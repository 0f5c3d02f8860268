#!/usr/bin/env python3
"""Runs the benchmarks, and writes what they say.

  bench/run.sh --quick                     everything at a small size, at most five minutes; only
                                           prints, its JSON lines stay in build/bench-quick.jsonl
  bench/run.sh                             everything; endurance alone is half an hour of it
  bench/run.sh --only claim,bare,peer      the measurements whose name contains one of these

Each measurement is a program of build/release with flags of its own (--help), on a database of its
own in a private PostgreSQL whose settings are below, or in a file of SQLite. Its JSON lines go to
bench/RESULTS.jsonl, with the commit, the machine and the settings, in place of those of the same
benchmark before; README.md, bench/RESULTS.md and bench/plots are made from it (bench/report.py).
The peers come from npm into a folder that is gone afterwards; without npm they are left out.
"""

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [root + "/tests/chaos", root + "/bench"]

import report  # noqa: E402
from server import Server, without_postgres  # noqa: E402

# Every acknowledged commit is on disk. Checkpoints are rare enough not to fall into a measurement.
POSTGRES = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
            "shared_buffers": "1GB", "max_wal_size": "16GB", "min_wal_size": "1GB",
            "checkpoint_timeout": "30min", "max_connections": "1300",
            "shared_preload_libraries": "'pg_stat_statements'"}
LIMIT_S = 1200  # one measurement may take, beside the minutes of endurance
PEERS = ("graphile-worker", "pg-boss")


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
    for peer in PEERS:
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
    yield "customer_etl", "files", flags(rows=300_000 if quick else 3_000_000)
    if not quick:
        yield "endurance", "postgresql", flags(minutes=minutes)


def say(text):
    print(text, file=sys.stderr, flush=True)


def output_of(*words):
    done = subprocess.run(words, cwd=root, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def machine():
    with open("/proc/cpuinfo") as f:
        model = next((line.split(":")[1].strip() for line in f if line.startswith("model name")),
                     platform.machine())
    return {"cores": os.cpu_count(), "cpu": model, "kernel": platform.release(),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)}


def busy_cores(window_s=1.0):
    """How many cores everybody together keeps busy for a while. Between measurements that is
    what others do; the load average would still show the measurement before."""
    def busy_s():
        with open("/proc/stat") as f:
            user, nice, system, _, _, *interrupts = map(int, f.readline().split()[1:])
        return (user + nice + system + sum(interrupts[:3])) / os.sysconf("SC_CLK_TCK")
    before = busy_s()
    time.sleep(window_s)
    return round((busy_s() - before) / window_s, 2)


class Bench:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.peers = None  # the folder they are installed in; "" when they are not
        self.made = 0
        os.mkdir(folder + "/pg")
        self.server = Server(folder + "/pg", segment_mb=16,
                             settings=[f"{k} = {v}" for k, v in POSTGRES.items()])
        self.about = {}

    def start(self):
        self.server.start()
        commit = output_of("git", "rev-parse", "--short", "HEAD") or "unknown"
        changed = output_of("git", "status", "--porcelain", "--untracked-files=no", "--",
                            "actors", "apps", "batch", "bench/*.cpp", "protocol", "storage")
        self.about = {"commit": commit + ("-changed" if changed else ""),
                      "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                      "size": "quick" if self.args.quick else "full", "machine": machine(),
                      "server": self.server.text("show server_version", "postgres").strip(),
                      "postgres": POSTGRES}

    def new_url(self, database):
        """An empty database; those before it are dropped first, so that disks do not fill."""
        if database != "postgresql":
            shutil.rmtree(self.folder + "/sqlite", ignore_errors=True)
            os.mkdir(self.folder + "/sqlite")
            return f"sqlite:{self.folder}/sqlite/bench.db"
        self.made += 1
        self.server.text("drop database if exists partita with (force)", "postgres", timeout=600)
        self.server.text("create database partita", "postgres", timeout=600)
        self.server.text("create extension pg_stat_statements")
        return self.server.url(user="postgres")

    def peer_folder(self):
        if self.peers is None:
            self.peers = ""
            if not shutil.which("npm") or not shutil.which("node"):
                say("no npm and node here: the peers are left out (apt-get install nodejs npm)")
                return ""
            folder = self.folder + "/peers"
            os.mkdir(folder)
            done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", *PEERS, "pg"],
                                  cwd=folder, capture_output=True, text=True)
            if done.returncode == 0:
                self.peers = folder
            else:
                say("npm cannot install the peers, they are left out: " + done.stderr.strip())
        return self.peers

    def command(self, program, database, words):
        url = self.new_url("sqlite" if database == "files" else database)
        if program in PEERS:
            return ["node", root + "/bench/peers.js", program, url, *map(str, words)]
        folder = ["--folder", self.folder] if database == "files" else []
        return [f"{self.args.build}/{program}", "--db", url, *words, *folder]

    def run(self, program, database, words):
        """The JSON lines of one measurement. One that fails says so, and the others go on."""
        if program in PEERS and not self.peer_folder():
            return []
        others = busy_cores()
        command = self.command(program, database, words)
        say(f"{program} {database} {' '.join(map(str, words))}")
        lines = []
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                              cwd=self.peers if program in PEERS else root,
                              env=without_postgres(os.environ)) as process:
            late = threading.Timer(60 * self.args.minutes + LIMIT_S, process.kill)
            late.start()
            try:
                for text in process.stdout:
                    lines.append({**json.loads(text), **self.about, "busy_before": others})
                    say("    " + report.in_short(lines[-1]))
            except BaseException:
                process.kill()
                raise
            finally:
                late.cancel()
        if process.returncode != 0:
            say(f"    failed: exit {process.returncode}")
        return lines


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--quick", action="store_true",
                   help="small sizes, at most five minutes; only prints")
    p.add_argument("--only", default="", help="measurements whose name contains one of these")
    p.add_argument("--minutes", type=int, default=30, help="of endurance")
    p.add_argument("--build", default=root + "/build/release", help="where the programs are")
    p.add_argument("--results", help="where the JSON lines go")
    p.add_argument("--no-readme", action="store_true", help="leaves README and plots as they are")
    args = p.parse_args()
    if not args.results:
        args.results = root + ("/build/bench-quick.jsonl" if args.quick else "/bench/RESULTS.jsonl")
    wanted = [word for word in args.only.split(",") if word]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by a signal"))  # and cleans up
    folder = tempfile.mkdtemp(prefix="partita-bench.")
    os.chmod(folder, 0o755)
    bench = Bench(args, folder)
    lines = []
    try:
        bench.start()
        for program, database, words in plan(args.quick, args.minutes):
            name = "peer " + program if program in PEERS else program
            if not wanted or any(word in name for word in wanted):
                lines += bench.run(program, database, words)
                report.keep(args.results, lines)
    finally:
        bench.server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)
    print(report.tables(report.read(args.results)))
    if not args.no_readme and not args.quick:
        report.publish(args.results)


if __name__ == "__main__":
    main()
