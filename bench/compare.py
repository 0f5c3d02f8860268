#!/usr/bin/env python3
"""Compares the speed of the working tree with that of an older commit.

  bench/compare.sh HEAD~3                    what takes minutes: all but claim-512
  bench/compare.sh v1 --only no-op,wal       some of it
  bench/compare.sh HEAD --quick              small sizes, 4 pairs: whether the tools work

Builds both, the old one in a git worktree that stays in build/compare/old for the next time. Then
runs the benchmarks of both in turns on one private PostgreSQL: old new, new old, old new, ... What
else the machine does meets both alike. Each run has an empty database.

A ratio is always new over old, turned so that above 1 the new one is better. Prints the geometric
mean of the ratios of all pairs and its 95 % confidence interval (Student's t over their logarithms,
from a table). An interval reaches the target when its upper end does: the pairs do not show that
the new one misses it. A wide interval shows little; more --pairs make it narrower.

The lines of the pairs go to build/compare/NAME.jsonl.
Exit codes: 0 all reach the target, 1 some do not, 2 there is nothing to compare (why is said).
"""

import argparse
import collections
import json
import os
import re
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, root + "/bench")

from child import end_on_signals, environment, json_lines, output_of, run, say  # noqa: E402
from databases import Databases  # noqa: E402
from machine import busy_cores, busy_text  # noqa: E402
from ratios import summary  # noqa: E402
from tables import figure, table  # noqa: E402

KEPT = root + "/build/compare"
LIMIT_S = 600  # one run may take
ENOUGH = 10  # pairs
MEANING = ("--nodes", "--partitions", "--executors", "--rounds")  # without one, all is different
MORE, LESS = True, False  # is better

Measurement = collections.namedtuple(
    "Measurement", "about program database flags figure more asked", defaults=(False,))


class CannotCompare(Exception):
    """A sentence about why."""


def rate(lines):
    return lines[-1]["partitions_per_s"]


def phase(name, lines):
    return next(line for line in lines if line["phase"] == name)


def claims(**values):
    return lambda args: {"partitions": 50_000 if args.quick else 300_000, **values}


def measurements():
    """By name. `flags` and `figure` are functions of the arguments and of the JSON lines; `asked`:
    runs only when it is named, or with --all."""
    one_node = ("claim_throughput", "postgresql", claims(executors=2))
    return {
        "no-op": Measurement("partitions/s, PostgreSQL, 1 node, 2 executors", *one_node, rate,
                             MORE),
        "no-op-two-nodes": Measurement(
            "partitions/s, PostgreSQL, 2 nodes", "claim_throughput", "postgresql",
            claims(nodes=2, executors=1), rate, MORE),
        "no-op-sqlite": Measurement("partitions/s, SQLite, 2 executors", "claim_throughput",
                                    "sqlite", claims(executors=2), rate, MORE),
        "wal": Measurement("WAL bytes a partition", *one_node,
                           lambda lines: lines[-1]["wal_bytes_per_partition"], LESS),
        "pickup": Measurement("submitted to started by polling, p50, ms", "pickup_latency",
                              "postgresql",
                              lambda args: {"rounds": 6 if args.quick else 16, "executors": 2},
                              lambda lines: lines[-1]["submit_to_start_ms"]["p50"], LESS),
        "idle": Measurement("cores of the database, 64 idle nodes", "cluster_scale", "postgresql",
                            lambda args: {"nodes": 64, "seconds": 2 if args.quick else 5,
                                          "settle": 1 if args.quick else 2},
                            lambda lines: phase("idle", lines)["database_cores"], LESS),
        "claim-512": Measurement("claim p99 of 512 busy nodes, ms", "cluster_scale", "postgresql",
                                 lambda args: {"nodes": 512, "seconds": args.seconds,
                                               "settle": 3 if args.quick else 15},
                                 lambda lines: phase("busy", lines)["claim_ms"]["p99"], LESS,
                                 asked=True),
    }


# --- the two trees -------------------------------------------------------------------------------

def commit_of(rev):
    found = output_of("git", "rev-parse", "--verify", "--quiet", "--end-of-options",
                      rev + "^{commit}", cwd=root)
    if not found:
        raise CannotCompare(f"there is no commit {rev} here; `git log` shows those that there are")
    return found


def check_out(commit):
    """The worktree of the old one, at that commit: files that stay the same keep their times, so
    that only what differs is built again."""
    tree = KEPT + "/old"
    os.makedirs(KEPT, exist_ok=True)
    if os.path.exists(tree + "/.git"):
        command = ["git", "-C", tree, "checkout", "--quiet", "--detach", "--force", commit]
    else:
        command = ["git", "worktree", "add", "--quiet", "--detach", "--force", tree, commit]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True)
    if done.returncode != 0:
        raise CannotCompare(f"git cannot check {commit[:12]} out into {tree}: "
                            + done.stderr.strip())
    return tree


def build(tree, what):
    """The folder of its programs."""
    say(f"building the benchmarks of {what}")
    for command in (["cmake", "--preset", "release"],
                    ["cmake", "--build", "--preset", "release", "--target", "benchmarks"]):
        said = []
        if run(command, said.append, cwd=tree, stderr=subprocess.STDOUT) != 0:
            raise CannotCompare(f"{what} does not build ({' '.join(command)} in {tree}):\n"
                                + "".join(said[-30:]))
    return tree + "/build/release"


def known_flags(folder, program):
    """What --help of a program lists."""
    done = subprocess.run([f"{folder}/{program}", "--help"], env=environment(),
                          capture_output=True, text=True)
    return set(re.findall(r"^\s+(--[a-z-]+)", done.stdout, re.MULTILINE))


def words_for(program, flags, folders):
    """The flags that both programs know. A flag that only changes how long or how carefully is
    measured may be missing: then neither is given it."""
    words = []
    known = {which: known_flags(folder, program) for which, folder in folders.items()}
    for name, value in flags.items():
        flag = "--" + name.replace("_", "-")
        strangers = [which for which, flags_of in known.items() if flag not in flags_of]
        if strangers and flag in MEANING:
            raise CannotCompare(f"{program} of the {strangers[0]} tree does not know {flag}")
        if strangers:
            say(f"{program} of the {strangers[0]} tree does not know {flag}: both go without it")
        else:
            words.append(f"{flag}={value}")
    return words


# --- pairs ---------------------------------------------------------------------------------------

class Comparison:
    def __init__(self, args, chosen, folders, databases):
        self.args, self.chosen, self.folders, self.databases = args, chosen, folders, databases
        self.busiest = 0.0

    def runs(self):
        """{(program, database, words): names}: figures of the same run are read from one run."""
        runs = collections.defaultdict(list)
        for name, m in self.chosen.items():
            words = tuple(words_for(m.program, m.flags(self.args), self.folders))
            runs[m.program, m.database, words].append(name)
        return runs

    def figures(self, which, run_of, names):
        """{name: figure} of one run of the old or the new program."""
        program, database, words = run_of
        url = self.databases.new_url(database)
        self.busiest = max(self.busiest, busy_cores(0.5))
        with open(self.databases.folder + "/stderr", "w+") as said:
            code, lines = json_lines([f"{self.folders[which]}/{program}", "--db", url, *words],
                                     LIMIT_S, stderr=said)
            said.seek(0)
            if code != 0:
                raise CannotCompare(f"{program} of the {which} tree failed with exit code {code}:\n"
                                    + said.read()[-2000:])
        found = {}
        for name in names:
            try:
                found[name] = float(self.chosen[name].figure(lines))
            except (KeyError, IndexError, TypeError, StopIteration):
                found[name] = 0.0
            if found[name] <= 0:
                raise CannotCompare(f"{program} of the {which} tree tells no figure for {name}")
        return found

    def pair(self, number, run_of, names):
        """{name: line} of one pair; who is first takes turns."""
        order = ("old", "new") if number % 2 == 0 else ("new", "old")
        found = {which: self.figures(which, run_of, names) for which in order}
        lines = {}
        for name in names:
            old, new = found["old"][name], found["new"][name]
            ratio = new / old if self.chosen[name].more else old / new
            lines[name] = {"name": name, "pair": number + 1, "first": order[0], "old": old,
                           "new": new, "ratio": round(ratio, 5), "revision": self.args.rev,
                           "commit": self.args.commit, "flags": list(run_of[2])}
        return lines

    def measure(self):
        """{name: its lines}, in the order of the names."""
        for name in self.chosen:
            open(f"{KEPT}/{name}.jsonl", "w").close()
        lines = {name: [] for name in self.chosen}
        for run_of, names in self.runs().items():
            for number in range(self.args.pairs):
                for name, line in self.pair(number, run_of, names).items():
                    lines[name].append(line)
                    with open(f"{KEPT}/{name}.jsonl", "a") as f:
                        f.write(json.dumps(line) + "\n")
                    say(f"{name}, pair {line['pair']} of {self.args.pairs}: old {line['old']:g}, "
                        f"new {line['new']:g}, ratio {line['ratio']:.3f}")
        return lines


def shown(chosen, lines, target):
    """(the table, the names that miss the target)"""
    rows, missed = [], []
    for name, m in chosen.items():
        mean, low, high = summary([line["ratio"] for line in lines[name]])
        if high < target:
            missed.append(name)
        middle = {which: statistics.median(line[which] for line in lines[name])
                  for which in ("old", "new")}
        rows.append((name, m.about, figure(middle["old"]), figure(middle["new"]),
                     f"{mean:.3f}", f"{low:.3f} to {high:.3f}", len(lines[name]),
                     "**no**" if high < target else "yes"))
    return table(("name", "what", "old, median", "new, median", "ratio (above 1: new is better)",
                  "95 % interval", "pairs", f"reaches {target:g}"), rows), missed


# --- the command line ----------------------------------------------------------------------------

class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise CannotCompare(message + "; see --help")


def arguments():
    known = measurements()
    p = Parser(
        prog="compare.sh", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="names:\n" + "\n".join(
            f"  {name:16} {m.about}{' (only when named, or with --all)' if m.asked else ''}"
            for name, m in known.items()))
    p.add_argument("rev", metavar="REV", help="the older commit, branch or tag")
    p.add_argument("--pairs", type=int, metavar="N", help="runs of each (10; with --quick 4)")
    p.add_argument("--only", default="", metavar="NAME,...", help="these measurements")
    p.add_argument("--all", action="store_true", help="all measurements, claim-512 too")
    p.add_argument("--quick", action="store_true", help="small sizes, which say little")
    p.add_argument("--seconds", type=int, default=20, metavar="S",
                   help="claim-512 watches each of its three phases so long (20)")
    p.add_argument("--target", type=float, default=0.97, metavar="RATIO",
                   help="what the upper end of an interval has to reach (0.97)")
    args = p.parse_args()
    if args.pairs is None:
        args.pairs = 4 if args.quick else ENOUGH
    if args.pairs < 2:
        p.error("--pairs must be at least 2: one pair has no interval")
    if args.seconds < 1:
        p.error("--seconds must be at least 1")
    return args


def chosen_by(args):
    known = measurements()
    names = [name for name in args.only.split(",") if name]
    for name in names:
        if name not in known:
            raise CannotCompare(f"there is no measurement {name}; there are {', '.join(known)}")
    return {name: m for name, m in known.items()
            if args.all or (name in names if names else not m.asked)}


def compare(args):
    chosen = chosen_by(args)
    args.commit = commit_of(args.rev)
    folders = {"old": build(check_out(args.commit), f"{args.rev} ({args.commit[:12]})"),
               "new": build(root, "the working tree")}
    with Databases() as databases:
        comparison = Comparison(args, chosen, folders, databases)
        lines = comparison.measure()
    text, missed = shown(chosen, lines, args.target)
    print(text)
    print("\n" + busy_text(comparison.busiest, os.cpu_count(), "run"))
    if args.pairs < ENOUGH:
        print(f"{args.pairs} pairs are too few to judge by: {ENOUGH} are enough.")
    if missed:
        print(f"Worse than {args.rev}: {', '.join(missed)}.")
    return 1 if missed else 0


def main():
    end_on_signals()
    try:
        return compare(arguments())
    except CannotCompare as why:
        say(f"compare.sh: {why}")
        return 2


if __name__ == "__main__":
    sys.exit(main())
