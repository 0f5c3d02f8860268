#!/usr/bin/env python3
"""Disturbs a cluster of real processes by a seeded plan, and judges what came of it.

  tests/chaos/chaos.py --binary build/dev/tests/chaos_jobs --seed 7 --seconds 1800
  tests/chaos/chaos.py --binary ... --seed 7 --seconds 60 --faults F1,F8     some kinds only

Starts a private PostgreSQL, a proxy in front of it for each node, and node processes with short
timers; submits runs of tests/chaos/chaos_jobs.cpp all the time; plays faults of the matrix in
faults.py; heals everything and waits for every run to end; then judges results, files, journals
and history. Ends only processes it started. Faults that need root, a mount, network namespaces or
libfaketime and do not get it are SKIPPED, loudly. Exit code 0: nothing wrong was found.
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
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from cluster import (FAKETIME, Disk, Keeper, Namespace, Slot, fake_clock,  # noqa: E402
                     complaints, need, node_command, with_time_zone, write_atomically)
from faults import FAULTS, WRITES, end_leftovers, require_statements  # noqa: E402
from figures import figures  # noqa: E402
from node_faults import MASTER_POINTS  # noqa: E402
from oracle import Oracle  # noqa: E402
from proxy import Proxy  # noqa: E402
from server import Server, without_postgres  # noqa: E402
from stage import NotPlayed, Stage  # noqa: E402
from tampering import try_judge  # noqa: E402
from workload import LEDGER, Witness, Workload  # noqa: E402

ZONES = ["UTC", "Asia/Tokyo", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Kiritimati"]
# Flags; how much longer than with fast timers a fault lasts; deregister_after in seconds.
PROFILES = {"fast": (["--fast"], 1, 1.6), "default": ([], 4, 8.0)}


def arguments():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--binary", required=True, help="chaos_jobs, as it was built")
    p.add_argument("--other", help="chaos_jobs of another build with the same schema: nodes change"
                   " from one to the other and back (F26)")
    p.add_argument("--seed", type=int, default=None, help="of the plan; drawn when absent")
    p.add_argument("--seconds", type=float, default=60, help="how long faults are played")
    p.add_argument("--faults", default="", help="a comma-separated choice of: " + ", ".join(FAULTS))
    p.add_argument("--without", default="", help="faults to leave out")
    p.add_argument("--nodes", type=int, default=3, choices=range(2, 8))
    p.add_argument("--profile", choices=PROFILES, default="fast")
    p.add_argument("--gap", type=float, default=2.0, help="mean seconds between faults")
    p.add_argument("--bound", type=float, default=None, help="seconds for all runs to end after")
    p.add_argument("--json", help="appends one line of figures to this file")
    p.add_argument("--keep", action="store_true", help="leaves the folder even if all went well")
    return p.parse_args()


def say(text):
    print(text, flush=True)


class Play:
    def __init__(self, args):
        self.args = args
        self.flags, self.scale, self.patience = PROFILES[args.profile]
        self.folder = tempfile.mkdtemp(prefix="partita-chaos.")
        os.chmod(self.folder, 0o755)
        os.environ["PARTITA_TEST_MARK"] = self.folder
        for name in ("pg", "nodes", "journal", "out"):
            os.mkdir(f"{self.folder}/{name}")
        self.env = {
            **without_postgres(os.environ), "CHAOS_JOURNAL": self.folder + "/journal",
            "PARTITA_FILES": self.folder,
            # The fake clock is loaded before the sanitizer, and the sanitizer minds.
            "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"}
        self.skipped, self.disks, self.namespaces, self.slots = {}, {}, [], []
        self.counts, self.failed, self.lines = {}, [], []
        self.unplayed = {}
        self.server = self.proxy = self.keeper = None

    # --- what this machine allows

    def choose(self):
        chosen = [f for f in self.args.faults.split(",") if f] or list(FAULTS)
        chosen = [f for f in chosen if f not in self.args.without.split(",")]
        for name in chosen:
            if name not in FAULTS:
                sys.exit(f"there is no fault {name}; there are {', '.join(FAULTS)}")
        needs = {n for f in chosen for n in FAULTS[f][3]}
        missing = {}
        if "faketime" in needs and FAKETIME is None:
            missing["faketime"] = "libfaketime is not installed"
        if "mount" in needs:
            try:
                # Large enough for all that the runs of a plan leave behind.
                grown = int(self.args.seconds / 2)
                self.disks = {"data": Disk(self.folder + "/pg", f"{300 + grown}m"),
                              "wal": Disk(self.folder + "/wal", "160m"),
                              "out": Disk(self.folder + "/out", f"{64 + grown}m")}
            except (RuntimeError, OSError) as e:
                missing["mount"] = f"a file system cannot be mounted: {e}"
        if not self.args.other:
            missing["other"] = "no --other build was given"
        for name in chosen:
            for what in FAULTS[name][3]:
                if what in missing:
                    self.skipped[name] = missing[what]
        if "F12" in chosen or "F13" in chosen:
            if not (need("ip") and need("iptables")) or os.geteuid() != 0:
                self.skipped["F12 in the kernel"] = "needs root, iproute2 and iptables"
            else:
                try:
                    namespace = Namespace(1)
                    self.namespaces.append(namespace)
                    namespace.open()
                except RuntimeError as e:
                    self.skipped["F12 in the kernel"] = str(e)
                    self.namespaces.pop().close()
        self.chosen = [f for f in chosen if f not in self.skipped]
        for name, why in self.skipped.items():
            say(f"SKIPPED: {name}: {why}")

    def plan(self):
        """(second, fault, four numbers): each chosen fault once at least if there is time."""
        rng = random.Random(self.args.seed)
        times, at = [], 0.5
        while at < self.args.seconds:
            times.append(at)
            at += self.scale * self.args.gap * rng.uniform(0.3, 1.7)
        deck = list(self.chosen)
        rng.shuffle(deck)
        weights = [FAULTS[f][2] for f in self.chosen]
        names = deck[:len(times)] if len(self.chosen) <= len(times) else []
        names += rng.choices(self.chosen, weights, k=len(times) - len(names))
        rng.shuffle(names)
        played = [(t, n, [rng.random() for _ in range(4)]) for t, n in zip(times, names)]
        # What has points of its own to strike at takes them in turn, so that none is left out.
        for name, points in (("F2", MASTER_POINTS), ("F10", WRITES)):
            first = rng.randrange(len(points))
            for i, (_, _, numbers) in enumerate(p for p in played if p[1] == name):
                numbers[0] = ((first + i) % len(points) + 0.5) / len(points)
        return played

    # --- the stage

    def build(self):
        env = {}
        clock = self.folder + "/database.clock"
        if "F19" in self.chosen:
            env = fake_clock(clock)
        self.server = Server(self.folder + "/pg", self.disks.get("wal") and self.folder + "/wal",
                             env, listen="*" if self.namespaces else "127.0.0.1")
        self.server.start()
        self.server.create_database()
        self.proxy = Proxy("127.0.0.1", self.server.port)
        command = node_command(self.args.binary, self.flags)
        for i in range(self.args.nodes):
            name = f"node-{i + 1}"
            namespace = self.namespaces[0] if self.namespaces and i == self.args.nodes - 1 else None
            port = None if namespace else self.proxy.open(name)
            url = self.server.url(namespace.host) if namespace else \
                self.server.url(port=port.number)
            self.slots.append(Slot(name, command, with_time_zone(url, ZONES[i % len(ZONES)]),
                                   self.folder + "/nodes", self.env, port, namespace,
                                   clock="F18" in self.chosen and i == 0))
        self.workload = Workload(self.args.binary, self.server, self.folder, self.folder + "/out",
                                 self.args.seed, self.env, say=say)
        code, _, err = self.workload.command("schema", "migrate")
        if code != 0:
            raise RuntimeError("schema migrate: " + err)
        self.server.text(LEDGER + "; grant all on ledger to public")
        for slot in self.slots:
            slot.start()
        self.keeper = Keeper(self.slots)
        self.stage = Stage(self.server, self.proxy, self.slots, self.workload, self.scale,
                           self.disks, lambda offset: write_atomically(clock, f"{offset:+d}"),
                           self.second_process, self.args.other)

    def second_process(self, slot):
        log = open(f"{slot.folder}/{slot.name}.second.log", "ab")
        words = [*slot.command, "--name", slot.name, "--db", slot.url]
        if slot.namespace:
            words = ["ip", "netns", "exec", slot.namespace.name, *words]
        return subprocess.Popen(words, env=slot.env, stdin=subprocess.DEVNULL, stdout=log,
                                stderr=log, cwd=slot.folder)

    def undisturbed(self):
        """Every job once, before anything is disturbed: it yields what the formulas say."""
        for job in ("chaos_many", "chaos_long", "chaos_two", "chaos_once", "chaos_stream",
                    "chaos_ledger"):
            self.workload.submit(job)
        took = self.workload.wait_for_all(120)
        if took is None:
            raise RuntimeError("the undisturbed runs did not end within 120 s")
        witness = Witness(self.server)
        witness.look()
        runs = self.workload.runs

        def judge():
            return Oracle(self.server, self.folder, runs, witness).judge()

        bad = judge()
        if bad:
            raise RuntimeError("undisturbed runs are wrong: " + "; ".join(bad[:5]))
        say(f"undisturbed: {len(runs)} runs in {took:.1f} s, all right")
        overlooked, tried = try_judge(judge, self.server, self.folder, runs)
        if overlooked:
            raise RuntimeError("the judge overlooks: " + "; ".join(overlooked))
        say(f"the judge notices each of {tried} ways to spoil them")

    # --- the play

    def play(self, plan):
        begun = time.monotonic()
        threads = []

        def one(at, name, numbers):
            try:
                what = FAULTS[name][1](self.stage, numbers)
                self.counts[name] = self.counts.get(name, 0) + 1
            except NotPlayed as why:
                self.unplayed[name] = self.unplayed.get(name, 0) + 1
                what = f"not played: {why}"
            except Exception as e:  # pylint: disable=broad-except
                self.failed.append(f"the harness failed at {name}: {e!r}")
                what = repr(e)
            say(f"  {at:7.1f} s  {name:5} {what}")

        for at, name, numbers in plan:
            time.sleep(max(0.0, begun + at - time.monotonic()))
            thread = threading.Thread(target=one, args=(at, name, numbers), daemon=True)
            thread.start()
            threads.append(thread)
        time.sleep(max(0.0, begun + self.args.seconds - time.monotonic()))
        for thread in threads:
            thread.join(120)
            if thread.is_alive():
                self.failed.append("a fault of the harness did not end")

    def finish(self):
        self.stage.heal()
        self.server.revive()
        self.workload.stop()
        bound = self.args.bound or 60 * self.scale + 120
        say(f"faults are over: every run must end within {bound:.0f} s")
        took = self.workload.wait_for_all(bound)
        if took is None:
            live = self.server.rows("select run_id, job, state, term, stop, master_node_id from"
                                    " partita.run where ended_at is null")
            self.failed.append(f"liveness: after {bound:.0f} s these runs have not ended: {live}")
        else:
            say(f"all {len(self.workload.runs)} runs have ended, {took:.1f} s after the last fault")
        self.settled = took

    def judge(self):
        self.witness.look()
        oracle = Oracle(self.server, self.folder, self.workload.runs, self.witness)
        self.failed += oracle.judge()
        self.failed += self.stage.problems + self.workload.verified()
        self.failed += self.given_up_too_early()
        for slot in self.slots:
            for code in slot.unexpected:
                if code not in (5, -signal.SIGABRT):
                    self.failed.append(f"{slot.name} ended by itself with {code}")
        self.failed += complaints(self.folder + "/nodes")
        return oracle.counts

    def given_up_too_early(self):
        """However a link flaps: a node is given up only after a whole time of silence."""
        if "F19" in self.counts:
            return []  # the clock that measured the silence jumped
        rows = self.server.rows(
            "select * from (select n.name, n.node_id, extract(epoch from e.at - n.heartbeat_at) as"
            " silence from partita.node n join partita.event e on e.node_id = n.node_id"
            f" where e.kind = 'NODE_CONDEMNED') n where silence < {self.patience}")
        return [f"{row['name']} (node {row['node_id']}) was given up after {row['silence']:.2f} s"
                for row in rows]

    def close(self):
        if self.keeper and self.keeper.is_alive():
            self.keeper.stop()
        for slot in self.slots:
            slot.end()
        if self.server:
            self.server.stop("immediate")
        end_leftovers(self.folder)
        for namespace in self.namespaces:
            namespace.close()
        if self.failed and self.disks:  # what is mounted goes away with the mount
            shutil.copytree(self.folder + "/pg", self.folder + "/pg.kept", symlinks=True,
                            ignore=shutil.ignore_patterns("ballast", "*.sock", ".s.*"))
            shutil.copytree(self.folder + "/out", self.folder + "/out.kept")
            shutil.copytree(self.folder + "/wal", self.folder + "/wal.kept")
        for disk in self.disks.values():
            disk.close()
        if not self.failed and not self.args.keep:
            shutil.rmtree(self.folder, ignore_errors=True)


def main():
    args = arguments()
    require_statements()
    args.binary = os.path.abspath(args.binary)
    args.other = args.other and os.path.abspath(args.other)
    if args.seed is None:
        args.seed = random.SystemRandom().randrange(1, 1_000_000)
    again = f"{sys.argv[0]} --binary {args.binary} --seed {args.seed} --seconds {args.seconds:g}" \
            f" --nodes {args.nodes} --profile {args.profile} --gap {args.gap:g}" + \
            (f" --faults {args.faults}" if args.faults else "") + \
            (f" --without {args.without}" if args.without else "") + \
        (f" --other {args.other}" if args.other else "")
    say(f"replay with: {again}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    play = Play(args)
    measured = {}
    try:
        play.choose()
        plan = play.plan()
        play.build()
        play.keeper.start()
        play.undisturbed()
        say("plan: " + " ".join(f"{at:.1f}:{name}({','.join(f'{n:.2f}' for n in numbers)})"
                                for at, name, numbers in plan))
        play.witness = Witness(play.server)
        play.witness.start()
        play.workload.start()
        play.play(plan)
        play.finish()
        play.witness.stop()
        measured = figures(play, play.judge())
    except Exception as e:  # pylint: disable=broad-except
        play.failed.append(repr(e))
        raise
    finally:
        play.close()
    for name, value in measured.items():
        say(f"{name}: {json.dumps(value)}")
    if args.json:
        with open(args.json, "a") as f:
            f.write(json.dumps(measured) + "\n")
    if not play.failed:
        say("nothing wrong was found")
        return 0
    for text in play.failed[:30]:
        say("FAILED: " + text)
    say(f"{len(play.failed)} things are wrong; logs and database: {play.folder}")
    say(f"replay with: {again}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
