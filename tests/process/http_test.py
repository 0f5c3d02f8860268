#!/usr/bin/env python3
"""The page's server and its API, as clients and their enemies see it. Started by http.sh, as

  http_test.py sqlite|postgres SCENARIO...

  PARTITA_FUZZ_SEEDS=50      so many seeds for the fuzzer, and longer ones
  PARTITA_CONNECTIONS=10000  so many attempts to connect
  SEED=7                     the first seed
"""

import os
import sys
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/http")

import fuzz  # noqa: E402
import history  # noqa: E402
import limits  # noqa: E402
import metric_table  # noqa: E402
import metrics  # noqa: E402
import outage  # noqa: E402
import reads  # noqa: E402
import roles  # noqa: E402
import schemas  # noqa: E402
import security  # noqa: E402
import writes  # noqa: E402
from checks import Checks, say  # noqa: E402
from wire import Link  # noqa: E402
from world import OPERATE, READ, Process, Watch  # noqa: E402


def one_node(check):
    """A node with work, read and written by many."""
    node = Process("node", "--name", "one", "--executors", "2", "--log-level", "debug")
    known = writes.prepare(check, node)
    with Watch(check, node):
        document = reads.play(check, node, known)
        families = metrics.play(check, node.probes, True, {known["run"], known["node"]})
        check("claims were counted", metrics.value(families, "partita_claims_total", result="won"))
        metric_table.play(check, node.probes, True)
        schemas.play(check, node, document, known)
        fuzz.play(check, node, document, known)
        writes.play(check, node)
        schemas.play_changes(check, node, document)
        metric_table.play_ticks(check, node)
    late = [e for e in node.items("events?limit=1000")
            if "UNREACHABLE" in e["kind"] or "LOST" in e["kind"] or "CONDEMNED" in e["kind"]]
    check("no heartbeat was late", not late, late[:2])
    node.end(check)


def guarded(check):
    """Who may do what."""
    server = Process("serve", "--log-level", "trace")
    metrics.play(check, server.probes, False)
    metric_table.play(check, server.probes, False)
    security.play(check, server)
    server.end(check)


def long_history(check):
    server = Process("serve")
    history.play(check, server)
    server.end(check)


def pressed(check):
    """A node under the hands of slow, many and greedy clients."""
    node = Process("node", "--name", "pressed", "--executors", "1")
    with Watch(check, node, soon=8.0):
        limits.play(check, node)
    node.end(check)


SCENARIOS = {
    "one": one_node,
    "security": guarded,
    "limits": pressed,
    "outage": lambda check: outage.play(check, sys.argv[1]),
    "roles": roles.play,
    "history": long_history,
}


def secrets(check):
    """What nobody may read in a log or an answer."""
    hidden = [OPERATE, READ] + [os.environ[n] for n in ("PGPASSWORD",) if os.environ.get(n)]
    for secret in hidden:
        said = [line for p in Process.all for line in p.lines if secret in line]
        check("no log holds a secret", not said, said[:1])
        answered = [a for a in Link.seen if secret.encode() in a]
        check("no answer holds a secret", not answered, answered[:1])
    check("there were answers to look at", len(Link.seen) > 10, len(Link.seen))


def main():
    kind = sys.argv[1]
    count = failed = 0
    for name in sys.argv[2:]:
        began = time.monotonic()
        check = Checks(f"{kind}, {name}")
        try:
            SCENARIOS[name](check)
        except Exception:  # pylint: disable=broad-except
            check("it comes to its end", False, traceback.format_exc()[-2000:])
            for process in Process.all:
                process.process.kill()
        took = time.monotonic() - began
        say(f"{kind}, {name}: {check.count} checks, {check.failed} failed, {took:.0f} s")
        count, failed = count + check.count, failed + check.failed
    check = Checks(f"{kind}, secrets")
    secrets(check)
    say(f"{kind}: {count + check.count} checks, {failed + check.failed} failed")
    return 1 if failed + check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
