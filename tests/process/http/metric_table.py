"""The table of metrics in the README tells what /metrics has, and nothing else."""

import os
import re

import metrics
from wire import ask
from world import partita

README = os.path.dirname(os.path.abspath(__file__)) + "/../../../README.md"
ROW = re.compile(r"^\| `(partita_\w+)` \| (\w+) \| ([\w, ]*)\|")


def told():
    """By name: type and labels."""
    with open(README, encoding="utf-8") as lines:
        rows = [ROW.match(line) for line in lines]
    return {row.group(1): (row.group(2), sorted(re.findall(r"\w+", row.group(3))))
            for row in rows if row}


def play(check, port, node):
    """`node`: it is one, without traces."""
    table = {name: of for name, of in told().items() if not name.startswith("partita_trace_")}
    families = metrics.parsed(ask(port, "/metrics").text())
    check("the README has a table of metrics", len(table) > 20, len(table))
    unknown = sorted(set(families) - set(table))
    check("each metric is in the README", not unknown, unknown)
    for name, family in families.items():
        kind, labels = table.get(name, (family["type"], []))
        check.equal(f"{name}: its type in the README", kind, family["type"])
        for _, found, _ in family["samples"][:1]:
            check.equal(f"{name}: its labels in the README", labels, sorted(set(found) - {"le"}))
    if node:
        missing = sorted(set(table) - set(families))
        check("each metric of the README is there", not missing, missing)
        in_use = metrics.value(families, "partita_db_pool_connections", state="in_use")
        idle = metrics.value(families, "partita_db_pool_connections", state="idle")
        check("sessions are counted", None not in (in_use, idle) and in_use + idle > 0,
              (in_use, idle))


def play_ticks(check, node):
    """A tick that fires is counted with how late it was."""
    partita("schedule", "add", "often", "every 1s", "range_sum", "from=1", "to=2")
    check.within(20, "the lag of a tick is counted", lambda: metrics.value(
        metrics.parsed(node.probe("/metrics").text()), "partita_schedule_lag_seconds"))
    partita("schedule", "rm", "often")
