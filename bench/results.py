"""The JSON lines of measurements: the file they are kept in, and looking things up in them."""

import json
import os


def read(path):
    if not os.path.exists(path):
        return []
    with open(path) as f:
        return [json.loads(line) for line in f]


def keep(path, lines):
    """Puts these lines in place of those of the same benchmarks, and of the same peers."""
    names = {(line["bench"], line.get("peer")) for line in lines}
    kept = [line for line in read(path) if (line["bench"], line.get("peer")) not in names]
    with open(path, "w") as f:
        for line in kept + lines:
            f.write(json.dumps(line) + "\n")


def in_short(line):
    """What a person wants to see while it runs."""
    hidden = {"bench", "database", "commit", "at", "size", "machine", "server", "postgres"}
    shown = {k: v for k, v in line.items() if k not in hidden}
    return " ".join(f"{k}={json.dumps(v) if isinstance(v, dict) else v}" for k, v in shown.items())


def where(lines, bench, **wanted):
    """Those that have these values. Where False is wanted, a line may be silent about it."""
    return [line for line in lines if line["bench"] == bench
            and all(line.get(k, False if v is False else None) == v for k, v in wanted.items())]


def rate(lines, bench, **wanted):
    """The best of those that fit: what else ran on the machine only ever makes it slower."""
    return max((line["partitions_per_s"] for line in where(lines, bench, **wanted)
                if "partitions_per_s" in line), default=None)


def engine(lines, **wanted):
    return {"database": "postgresql", "nodes": 1, "executors": 2, "body_us": 0, "streamed": False,
            "limited": False, **wanted}


def over(a, b):
    return a / b if a and b else None


def pick(lines, bench, value, **wanted):
    """`value` of the only, or last, line that fits."""
    found = where(lines, bench, **wanted)
    return value(found[-1]) if found else None
