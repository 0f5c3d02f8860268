#!/usr/bin/env python3
"""Fails the database over while a cluster works on it, and judges what came of it.

  tests/ha/ha.py --binary build/dev/tests/chaos_jobs                 all that holds, each once
  tests/ha/ha.py --binary ... --scenario freeze,return               some by name
  tests/ha/ha.py --list                                              their names, and what each is
  tests/ha/ha.py --binary ... --rounds 20                20 kills and 20 switchovers of one database
  tests/ha/ha.py --binary ... --rounds 20 --patroni      the same, where Patroni and etcd fail over

Starts three private PostgreSQL servers (a primary and two standbys that stream from it), nodes
whose address names all three, and runs of tests/chaos/chaos_jobs.cpp; strikes with signals; waits
for what must follow, with a bound on every wait; judges results, files, journals and history.
Ends only processes it started. Without PostgreSQL's programs it is SKIPPED, loudly (exit code 77).
Exit code 0: nothing wrong was found.
"""

import argparse
import concurrent.futures
import os
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, HERE + "/../chaos"]

from play import PROFILES, Skipped, Wrong, say  # noqa: E402
from patroni_form import PatroniTrio, require_patroni  # noqa: E402
from rounds import play_rounds  # noqa: E402
from scenarios import SCENARIOS, WAITING, play_scenario  # noqa: E402
from server import DatabaseDown, bin_folder  # noqa: E402
from trio import TooLate  # noqa: E402

PROGRAMS = ("initdb", "pg_ctl", "pg_basebackup", "pg_rewind")


def arguments():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--binary", help="chaos_jobs, as it was built")
    p.add_argument("--scenario", default="", help="a comma-separated choice; else all that hold")
    p.add_argument("--list", action="store_true", help="shows the scenarios")
    p.add_argument("--together", type=int, default=1, help="so many scenarios at a time")
    p.add_argument("--rounds", type=int, help="so many kills and switchovers, in turns")
    p.add_argument("--patroni", action="store_true", help="the rounds: under Patroni and etcd")
    p.add_argument("--seed", type=int, default=7, help="of the rounds: when each strikes")
    p.add_argument("--json", help="appends one line of figures of the rounds to this file")
    p.add_argument("--profile", choices=PROFILES, default="fast", help="timers of the nodes")
    p.add_argument("--keep", action="store_true", help="leaves the folders even if all went well")
    args = p.parse_args()
    args.names = [name for name in args.scenario.split(",") if name] or \
        [name for name in SCENARIOS if name not in WAITING]
    for name in args.names:
        if name not in SCENARIOS:
            p.error(f"there is no scenario {name}; there are {', '.join(SCENARIOS)}")
    if not args.list and not args.binary:
        p.error("--binary is missing")
    if args.patroni and not args.rounds:
        p.error("--patroni needs --rounds")
    return args


def missing():
    try:
        folder = bin_folder()
    except (OSError, IndexError, ValueError):
        return list(PROGRAMS)
    lacking = [name for name in PROGRAMS if not os.path.exists(f"{folder}/{name}")]
    return lacking + ([] if shutil.which("psql") else ["psql"])


def play_together(args):
    """Each scenario in a process of its own: they wait for timers most of the time."""
    flags = ["--binary", args.binary, "--profile", args.profile] + ["--keep"] * args.keep

    def play(name):
        return subprocess.run([sys.executable, __file__, *flags, "--scenario", name], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)

    codes = set()
    with concurrent.futures.ThreadPoolExecutor(args.together) as pool:
        for done in pool.map(play, args.names):
            say(done.stdout.rstrip())
            codes.add(done.returncode)
    return 77 if codes == {77} else 0 if codes <= {0, 77} else 1


def main():
    args = arguments()
    if args.list:
        for name, (function, _, _) in SCENARIOS.items():
            waiting = f" [waiting: {WAITING[name]}]" if name in WAITING else ""
            print(f"{name:14} {' '.join(function.__doc__.split())}{waiting}")
        return 0
    if missing():
        say(f"SKIPPED: failing a database over, because PostgreSQL's {', '.join(missing())} are"
            " not installed")
        return 77
    args.binary = os.path.abspath(args.binary)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if args.rounds:
        try:
            if not args.patroni:
                return play_rounds(args, args.rounds)
            require_patroni()
            return play_rounds(args, args.rounds, "patroni", servers=PatroniTrio)
        except Skipped as why:
            say(f"SKIPPED: the rounds under Patroni, because {why}")
            return 77
    for name, why in WAITING.items():
        if name not in args.names and not args.scenario:
            say(f"{name:14} not played: {why}")
    if args.together > 1:
        return play_together(args)
    failed, skipped = 0, 0
    for name in args.names:
        try:
            say(f"{name:14} ok: {play_scenario(name, args)}")
        except Skipped as why:
            skipped += 1
            say(f"{name:14} SKIPPED: {why}")
        except (Wrong, TooLate, RuntimeError, DatabaseDown) as e:
            failed += 1
            say(f"{name:14} FAILED: {e}")
    return 1 if failed else 77 if skipped == len(args.names) else 0


if __name__ == "__main__":
    sys.exit(main())
