"""Many kills and switchovers of one database, under one cluster that never stops working."""

import json
import os
import random
import time

from figures import spread
from play import Play, Watch, Wrong, say
from trio import TooLate
from workload import Workload

# Seconds from the first moment at which a server takes writes until work goes on.
BOUND = 10
JOBS = ["chaos_many", "chaos_long", "chaos_two", "chaos_once", "chaos_stream"]


class Steady(Workload):
    """Runs of all kinds but those that end their nodes."""

    def draw(self, job=None):
        return super().draw(job or self.random.choice(JOBS))


def kill(trio):
    """The primary dies, the standby that has received most takes over."""
    old = trio.primary
    killed = time.monotonic()
    trio.kill(old)
    writable = trio.promote(trio.furthest())
    return writable, writable - killed, lambda: f"{old.name} is back by {trio.rejoin(old)}"


def switch(trio):
    """The primary is stopped in order, a standby takes over, the old primary becomes one."""
    old = trio.primary
    stopped = time.monotonic()
    old.stop("fast")
    writable = trio.promote(trio.furthest())

    def back():
        try:
            trio.follow(old, trio.primary)
            return f"{old.name} is back as it was"
        except (TooLate, RuntimeError):
            old.stop("immediate")
            return f"{old.name} is back by {trio.rejoin(old)}"

    return writable, writable - stopped, back


def missing(play):
    """Of what was acknowledged by now: how much is not there."""
    seen = dict(play.watch.results)
    there = set()
    for line in play.trio.text("select step_id, no, lease_id from partita.result",
                               timeout=120).splitlines():
        step, no, lease = line.split("|")
        there.add((int(step), int(no), lease))
    return sum((step, no, rest.split("|")[0]) not in there
               for (step, no), rest in seen.items()), len(seen)


def one_round(play, number, what, strike, results):
    play.goes_on(time.monotonic(), 120, results)  # there is work to be interrupted
    writable, down, back = strike(play.trio)
    took = play.goes_on(writable, BOUND)
    how = back()
    lost, acknowledged = missing(play)
    say(f"{number:3} {what:10} {play.trio.primary.name:6} takes writes after {down:5.2f} s, work"
        f" went on {took:5.2f} s later; {how}; {lost} of {acknowledged} acknowledged results lost")
    if lost:
        raise Wrong(f"{lost} acknowledged results are lost")
    return down, took, how.rsplit("by ", 1)[-1] if "by " in how else "as it was"


def play_rounds(args, count, form="plain", **options):
    """As many kills and as many switchovers, in turns. Returns the exit code."""
    play = Play(args, workload=Steady, **options)
    failed, rows = [], []
    strikes = play.trio.strikes if form != "plain" else {"kill": kill, "switchover": switch}
    begun, dice = time.monotonic(), random.Random(args.seed)
    try:
        play.watch = Watch(play.trio)
        play.watch.start()
        play.program.width = 3
        play.program.start()
        for number in range(count):
            for what, strike in strikes.items():
                rows.append((what, *one_round(play, number + 1, what, strike,
                                               dice.randrange(300))))
        play.program.stop()
        play.runs = play.program.runs
        play.judge(300)
        play.no_false_alarm()
    except Exception as e:  # pylint: disable=broad-except
        failed.append(repr(e))
        say(f"FAILED: {e}")
    finally:
        play.program.over.set()
        play.close(keep=args.keep or bool(failed))
    figures = {"form": form, "seed": args.seed, "profile": args.profile,
               "seconds": round(time.monotonic() - begun),
               **{what: {"times": sum(row[0] == what for row in rows),
                         "down_s": spread([row[1] for row in rows if row[0] == what]),
                         "work_s": spread([row[2] for row in rows if row[0] == what])}
                  for what in strikes},
               "back": {how: sum(row[3] == how for row in rows) for how in {r[3] for r in rows}},
               "acknowledged": len(play.watch.results) if play.watch else 0,
               "runs": len(play.runs), "violations": len(failed), "found": failed,
               "load": round(os.getloadavg()[1], 1)}
    say(json.dumps(figures))
    if args.json:
        with open(args.json, "a") as f:
            f.write(json.dumps(figures) + "\n")
    return 1 if failed else 0
