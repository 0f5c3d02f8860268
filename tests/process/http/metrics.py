"""/metrics: valid text of Prometheus, the names and labels that are promised, no id as a label."""

import re

from wire import ask, unsafe_header

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)')
VALUE = re.compile(r"^(-?\d+(\.\d+)?([eE][-+]?\d+)?|\+Inf|-Inf|NaN)$")

# What is promised: type, labels. Those of a node only, and those of the cluster.
OF_NODE = {
    "partita_claims_total": ("counter", ["result"]),
    "partita_fenced_writes_total": ("counter", []),
    "partita_node_heartbeat_age_seconds": ("gauge", []),
    "partita_db_query_seconds": ("histogram", ["op"]),
    "partita_partition_duration_seconds": ("histogram", ["job", "outcome", "step"]),
    "partita_items_total": ("counter", ["job", "kind", "step"]),
    "partita_job_duration_seconds": ("histogram", ["job", "outcome"]),
}
OF_CLUSTER = {
    "partita_build_info": ("gauge", ["version"]),
    "partita_cluster_scraped": ("gauge", []),
    "partita_nodes": ("gauge", ["status"]),
    "partita_jobs": ("gauge", ["job", "state"]),
    "partita_partitions": ("gauge", ["job", "state"]),
    "partita_job_last_success_timestamp_seconds": ("gauge", ["job"]),
}
VALUES = {"result": {"won", "lost", "empty"}, "kind": {"read", "written", "filtered", "skipped"}}


class Malformed(Exception):
    pass


def parsed(text):
    """Families by name: their type, help, and samples of (name, labels, value)."""
    families, current = {}, None
    if not text.endswith("\n"):
        raise Malformed("it does not end with a line end")
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            name, _, about = line[7:].partition(" ")
            if name in families:
                raise Malformed(f"{name} is there twice")
            current = families[name] = {"help": about, "type": None, "samples": []}
        elif line.startswith("# TYPE "):
            name, _, kind = line[7:].partition(" ")
            if name not in families or current["type"] or current["samples"]:
                raise Malformed(f"TYPE of {name} is at a wrong place")
            if kind not in ("counter", "gauge", "histogram"):
                raise Malformed(f"{name} is a {kind}")
            current["type"] = kind
        else:
            add_sample(families, current, line)
    return families


def add_sample(families, current, line):
    fits = SAMPLE.match(line)
    if not fits or not VALUE.match(fits.group(3)):
        raise Malformed(f"not a sample: {line!r}")
    labels, rest = [], fits.group(2) or ""
    while rest:
        label = LABEL.match(rest)
        if not label:
            raise Malformed(f"labels of {line!r}")
        labels.append((label.group(1), label.group(2)))
        rest = rest[label.end():]
    if len({name for name, _ in labels}) < len(labels):
        raise Malformed(f"a label twice: {line!r}")
    family = next((f for f in families if families[f] is current), None)
    suffixes = ("_bucket", "_sum", "_count") if current["type"] == "histogram" else ("",)
    if fits.group(1) not in [family + suffix for suffix in suffixes]:
        raise Malformed(f"{line!r} is among the samples of {family}")
    current["samples"].append((fits.group(1), dict(labels), float(fits.group(3))))


def wrong_histogram(name, samples):
    """What is wrong with the buckets of a family; "" when nothing is."""
    groups = {}
    for sample, labels, value in samples:
        key = tuple(sorted((k, v) for k, v in labels.items() if k != "le"))
        groups.setdefault(key, {"buckets": []})
        if sample.endswith("_bucket"):
            groups[key]["buckets"].append((float(labels["le"]), value))
        else:
            groups[key][sample[len(name):]] = value
    for key, group in groups.items():
        bounds = [bound for bound, _ in group["buckets"]]
        counts = [count for _, count in group["buckets"]]
        if not bounds or bounds[-1] != float("inf") or bounds != sorted(set(bounds)):
            return f"{name}{key}: bounds {bounds}"
        if counts != sorted(counts):
            return f"{name}{key}: not cumulative: {counts}"
        if counts[-1] != group.get("_count") or "_sum" not in group or group["_sum"] < 0:
            return f"{name}{key}: +Inf {counts[-1]}, count {group.get('_count')}"
    return ""


def play(check, port, of_node, known_ids=()):
    answer = ask(port, "/metrics")
    check("/metrics answers", answer.status == 200, answer)
    check("as text of Prometheus",
          answer.header("content-type").startswith("text/plain; version=0.0.4"))
    check("with safe headers", not unsafe_header(answer), unsafe_header(answer))
    try:
        families = parsed(answer.body.decode("utf-8"))
    except (Malformed, UnicodeDecodeError) as e:
        check("it is valid", False, e)
        return {}
    promised = {**OF_CLUSTER, **(OF_NODE if of_node else {})}
    for name, (kind, labels) in promised.items():
        family = families.get(name)
        if not check(f"{name} is there", family, sorted(families)):
            continue
        check.equal(f"{name}: type", family["type"], kind)
        for _, found, _ in family["samples"]:
            names = sorted(set(found) - {"le"})
            if not check(f"{name}: its labels", names == labels, names):
                break
            for label, values in VALUES.items():
                check(f"{name}: {label} is one of {values}",
                      found.get(label, next(iter(values))) in values, found)
    for name, family in families.items():
        check(f"{name}: one prefix", name.startswith("partita_"))
        check(f"{name}: a sentence", len(family["help"]) > 5, family["help"])
        check(f"{name}: _total is for counters",
              name.endswith("_total") == (family["type"] == "counter"), family["type"])
        seen = [(sample, sorted(labels.items())) for sample, labels, _ in family["samples"]]
        check(f"{name}: no sample twice", all(seen.count(s) == 1 for s in seen), name)
        wrong = [labels for _, labels, value in family["samples"]
                 if value < 0 or any(v in known_ids or k in ("run", "run_id", "job_id", "lease")
                                     for k, v in labels.items() if k != "le")]
        check(f"{name}: no id in a label, nothing below 0", not wrong, wrong[:2])
        if family["type"] == "histogram":
            found = wrong_histogram(name, family["samples"])
            check(f"{name}: buckets", not found, found)
    return families


def value(families, name, **labels):
    """Of the first sample with these labels, or None."""
    for sample, found, number in families.get(name, {"samples": []})["samples"]:
        if sample in (name, name + "_count") and labels.items() <= found.items():
            return number
    return None
