"""What README.md, bench/RESULTS.md and bench/plots tell of the JSON lines of measurements. Figures
stand beside the target they are measured against. bench/run.sh calls it, or without measuring
bench/run.sh --publish."""

import os
import re

from machine import busy_text
from peers import PEERS
from results import engine, over, pick, rate, read, where
from tables import figure, table

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BEGIN, END = "<!-- bench/run.sh writes this -->", "<!-- until here -->"


# --- targets -------------------------------------------------------------------------------------

def at_least(bound, text="{:.2f}"):
    return lambda x: x >= bound, "≥ " + text.format(bound), text


def below(bound, text="{:.2f}"):
    return lambda x: x < bound, "< " + text.format(bound), text


def of_threads(line):
    """What plain threads that take pieces in the same order make of the same measurement."""
    if "of_threads" not in line:
        return ""
    return f" (times what plain threads take: {1 / line['of_threads']:.2f})"


def executors_of(line):
    return "one executor" if line["executors"] == 1 else f"{line['executors']} executors"


def best_scaling(lines, **wanted):
    """The best of those with uniform costs that fit, if any: as with rates."""
    found = where(lines, "executor_scaling", shape="uniform", **wanted)
    return [max(found, key=lambda x: x["of_ideal"])] if found else []


def against_peer(lines, no_op, peer):
    """(its name with its version, how many times its rate ours is, or why that is not known)"""
    found = where(lines, "peer", peer=peer)
    version = next((" " + x["version"] for x in found if "version" in x), "")
    why = next(("left out: " + x["left_out"] for x in found if "left_out" in x), "not measured")
    return peer + version, over(no_op, rate(lines, "peer", peer=peer)) or why


def targets(lines):
    """(what, figure, or why there is none, or None, (test, target, format))"""
    most = max((x["partitions"] for x in where(lines, "claim_throughput", **engine(lines))),
               default=0)
    no_op = rate(lines, "claim_throughput", **engine(lines, partitions=most))
    many = "{:,.0f}"
    if where(lines, "claim_throughput", **engine(lines)):
        for peer, bound in zip(PEERS, (3, 10, 3)):
            name, times = against_peer(lines, no_op, peer)
            what = f"no-op partitions/s of {most:,}" if peer == PEERS[0] else "the same"
            yield f"{what}, against {name}", times, at_least(bound, "{:.1f} ×")
        yield ("the same, against bare per-row SQL",
               over(no_op, rate(lines, "bare_sql", technique="per_row", clients=1)), at_least(1))
        for width in (500, 2000, 5000):
            bare = rate(lines, "bare_sql", technique="range", width=width, clients=1)
            ours = rate(lines, "claim_throughput", **engine(lines, max_lease_width=width))
            yield f"against bare range leases of {width}", over(ours, bare), at_least(0.5)
        yield ("WAL bytes a no-op partition",
               pick(lines, "claim_throughput", lambda x: x["wal_bytes_per_partition"],
                    **engine(lines, partitions=most, max_lease_width=5000)), below(250, many))
        yield ("SQLite, no-op partitions/s",
               rate(lines, "claim_throughput", database="sqlite"), at_least(30_000, many))
    streamed = where(lines, "claim_throughput", streamed=True)
    if streamed:
        largest = max(streamed, key=lambda x: x["partitions"])
        small = min(streamed, key=lambda x: x["partitions"])
        yield (f"partitions inserted a second, of {largest['partitions']:,}",
               largest["inserted_per_s"], at_least(200_000, many))
        if largest is not small:
            yield ("memory of the node, from 10^5 to 10^7 partitions, MB more",
                   largest["peak_memory_mb"] - small["peak_memory_mb"], below(50, many))
    for line in where(lines, "pickup_latency", database="postgresql", wake_up=False):
        yield ("submitted to first partition started, p50, ms (polling only)",
               line["submit_to_start_ms"]["p50"], below(line["poll_ms"] / 2 + 10, many))
    for line in where(lines, "pickup_latency", database="postgresql", wake_up=True):
        for percentile, bound in (("p50", 10), ("p99", 50)):
            yield (f"the same with --wake-up, {percentile}, ms",
                   line["submit_to_start_ms"][percentile], below(bound, "{:.1f}"))
    for line in where(lines, "cluster_scale", nodes=64, phase="idle"):
        bare = pick(lines, "cluster_scale", lambda x: x["database_cores"], nodes=64,
                    phase="bare heartbeats")
        beside = f" (64 bare UPDATEs a second: {bare:.3f})" if bare else ""
        yield "64 idle nodes, statements/s", line["statements_per_s"], below(100, many)
        yield (f"64 idle nodes, cores of the database{beside}", line["database_cores"],
               below(0.03, "{:.3f}"))
    for line in where(lines, "cluster_scale", nodes=512, phase="busy"):
        what = f"512 busy nodes, partitions of {line['body_ms'] / 1000:g} s"
        cores = line["engine_cores"] + line["database_cores"]
        yield (what + ", nodes given up or overdue", line["lost"] + 512 - line["alive"],
               below(1, many))
        yield (f"{what} ({cores:.2f} cores busy), claim p99, ms", line["claim_ms"]["p99"],
               below(50, many))
    for nodes, executors in ((1, 2), (2, 1)):
        for line in best_scaling(lines, nodes=nodes, executors=executors):
            yield (f"CPU-bound, {nodes} × {executors} (nodes × executors), share of the ideal"
                   f"{of_threads(line)}", line["of_ideal"], at_least(0.95))
    for shape in ("zipf", "giant"):
        for line in where(lines, "executor_scaling", shape=shape):
            yield (f"CPU-bound, {shape} costs, makespan over the ideal{of_threads(line)}",
                   1 / line["of_ideal"], below(1.25))
    for line in where(lines, "customer_etl", how="job"):
        yield (f"customer_etl with {executors_of(line)}, each against a loop by hand",
               line["per_core_to_loop_by_hand"], at_least(0.8))
    for line in where(lines, "chunk_copy", how="job_to_loop", what="table_to_table"):
        yield (f"chunks of {line['interval']:,}, {line['what'].replace('_', ' ')} in "
               f"{line['database']}, {line['rows']:,} rows, against a loop by hand",
               line["job_to_loop_by_hand"], at_least(0.95))
    for line in where(lines, "marc_map", how="job_to_loop", executors=1):
        yield (f"marc_map in {line['database']}, chunks of {line['chunk']:,}, against a loop by "
               "hand", line["job_to_loop_by_hand"], at_least(0.9))
        yield "the same, by CPU time", line["job_to_loop_cpu"], at_least(0.9)
        for two in where(lines, "marc_map", how="scaling", database=line["database"],
                         chunk=line["chunk"]):
            yield (f"the same with {executors_of(two)}, share of the ideal (plain "
                   f"threads: {two['threads_of_ideal']:.2f})", two["of_ideal"], at_least(0.95))
    for strategy in ("local_partitioning", "remote_chunking", "remote_partitioning"):
        for line in where(lines, "screening", how=strategy + "_to_loop", nodes=1, executors=1):
            yield (f"screening of {line['payments']:,} payments with {strategy}, "
                   f"{line['database']}, against a loop over the same matcher",
                   line["to_loop_a_core"], at_least(0.95))
    streams = where(lines, "streamed_items")
    if streams:
        few, many_items = min(streams, key=lambda x: x["items"]), max(streams,
                                                                     key=lambda x: x["items"])
        yield (f"memory of the node, from {few['items']:,} to {many_items['items']:,} streamed "
               "items, MiB more", many_items["peak_memory_mib"] - few["peak_memory_mib"],
               below(50, many))
    for line in where(lines, "endurance"):
        if "last_to_first_quarter" in line:
            flat = line["last_to_first_quarter"]
            what = f"{line['minutes']} minutes, a transaction held open, last to first quarter"
            yield what + ": throughput", flat["partitions_per_s"], at_least(0.9)
            yield what + ": claim p99", flat["claim_p99"], below(1.25)
    for line in where(lines, "due_schedules"):
        yield (f"{line['schedules']:,} schedules on {line['nodes']} nodes, due at one moment: all "
               "have fired within, s", line["all_fired_s"], below(2))
    for line in where(lines, "purge"):
        yield (f"{line['partitions']:,} partitions purged beside a busy cluster: claim p99 over "
               "that while nothing is removed", line["p99_ratio"], below(1.25))
    yield from page_targets(where(lines, "page"))
    for line in where(lines, "limits"):
        yield "partitions/s under limits, to those without", line["rate"]["middle"], at_least(0.9)
    for line in where(lines, "traces"):
        between = "{low:.2f} to {high:.2f}".format(**line["processor_time"])
        yield ("what makes and sends --traces, share of all processor time (that of a partition, "
               f"to that without: {between})", line.get("share_of_exporter"),
               below(0.01, "{:.4f}"))


def page_targets(lines):
    many = "{:,.0f}"
    asked = [x for x in lines if "endpoint" in x]
    metrics = [x for x in asked if x["endpoint"] == "metrics"]
    others = [x for x in asked if x["endpoint"] != "metrics"]
    if others:
        slowest = max(others, key=lambda x: x["p99"])
        yield (f"the slowest of {len(others)} endpoints of the page in a large cluster "
               f"({slowest['endpoint']}), p99, ms", slowest["p99"], below(50, many))
        yield ("its largest answer of a timeline, kB",
               max(x["bytes"] for x in others if "timeline" in x["endpoint"]) / 1000,
               below(200, many))
    for line in metrics:
        yield "/metrics, p99, ms", line["p99"], below(20, many)
    for line in lines:
        if "page_bytes" in line:
            yield "the page, compressed, kB", line["page_bytes"] / 1000, below(150, many)
        if "first_paint" in line:
            yield "its first paint, ms", line["first_paint"]["middle_ms"], below(300, many)
        if "viewers" in line:
            yield (f"throughput with {line['viewers']} viewers, to that without",
                   line["throughput"], at_least(0.97))


# --- tables --------------------------------------------------------------------------------------

def rounded(figure, test, text):
    """With more digits than the target has, where else a reader would judge it otherwise."""
    for digits in (None, 3, 4, 6):
        with_digits = re.sub(r"\.\df", f".{digits}f", text) if digits else text
        shown = with_digits.format(figure)
        if test(float(re.sub("[^0-9.]", "", shown))) == test(figure):
            break
    return shown


def target_rows(lines):
    rows = []
    for what, figure, (test, target, text) in targets(lines):
        if isinstance(figure, str):
            rows.append((what, figure, target, ""))
        elif figure is not None:
            rows.append((what, rounded(figure, test, text), target,
                         "yes" if test(figure) else "**no**"))
    return rows


def target_table(lines):
    return table(("what", "measured", "target", "met"), target_rows(lines))


def in_target_table(lines):
    """The lines of the benchmarks without which that table would be another one."""
    rows = target_rows(lines)
    shown = {bench for bench in {line["bench"] for line in lines}
             if target_rows([line for line in lines if line["bench"] != bench]) != rows}
    return [line for line in lines if line["bench"] in shown]


def throughput_rows(lines):
    for x in where(lines, "bare_sql"):
        yield f"bare SQL, {x['technique']}, clients: {x['clients']}", x["width"], x
    for x in where(lines, "peer"):
        if "left_out" in x:
            yield f"{x['peer']}: LEFT OUT, {x['left_out']}", "", x
            continue
        clients = f", clients: {x['clients']}" if "clients" in x else ""
        yield f"{x['peer']} {x['version']}, processes: {x['processes']}{clients}", "", x
    for x in where(lines, "claim_throughput"):
        yield (f"Partita, {x['database']}, {x['nodes']} × {x['executors']}"
               + (f", bodies of {x['body_us']} µs" if x["body_us"] else "")
               + (", streamed" if x["streamed"] else ""), x["max_lease_width"], x)


def throughput_table(lines):
    return table(("no-op partitions (nodes × executors)", "partitions", "lease", "a second",
                  "WAL bytes each", "statements each", "cores, client", "cores, database", "MB"),
                 [(what, figure(x.get("partitions")), width,
                   *(figure(x.get(k)) for k in ("partitions_per_s", "wal_bytes_per_partition",
                                                "statements_per_partition", "engine_cores",
                                                "database_cores", "peak_memory_mb")))
                  for what, width, x in throughput_rows(lines)])


def plain_table(lines, bench, columns):
    """Of fields; "a.b" is b of a."""
    def cell(line, name):
        for part in name.split("."):
            line = line.get(part) if line else None
        return figure(line)

    shown = [x for x in where(lines, bench) if any(cell(x, c) != "" for c in columns[-2:])]
    return table(columns, [[cell(x, c) for c in columns] for x in shown])


DETAILS = {
    "executor_scaling": ("nodes", "executors", "shape", "partitions", "loop_s", "ideal_s",
                         "threads_s", "makespan_s", "speed_up", "of_ideal", "of_threads"),
    "pickup_latency": ("database", "nodes", "poll_ms", "submit_to_adopted_ms.p50",
                       "submit_to_start_ms.p50", "submit_to_start_ms.p99",
                       "ready_to_claimed_ms.p50", "ready_to_claimed_ms.p99"),
    "cluster_scale": ("nodes", "phase", "body_ms", "statements_per_s", "commits_per_s",
                      "engine_cores", "sessions", "claim_ms.p50", "claim_ms.p99", "lost",
                      "database_cores", "alive"),
    "customer_etl": ("how", "executors", "rows", "rows_per_s", "mb_per_s",
                     "per_core_to_loop_by_hand", "per_core_to_loop_of_parts", "execute_s"),
    "chunk_copy": ("database", "what", "how", "rows", "interval", "execute_s", "rows_per_s"),
    "marc_map": ("database", "how", "executors", "records", "chunk", "engine_cores",
                 "engine_us_per_record", "execute_s", "records_per_s"),
    "screening": ("database", "nodes", "executors", "how", "payments", "matches", "execute_s",
                  "pairs_per_s", "to_loop_a_core"),
    "streamed_items": ("database", "items", "items_per_s", "peak_memory_mib"),
    "endurance": ("minute", "claim_ms.p50", "claim_ms.p99", "run_s.p50", "dead_rows.ready",
                  "dead_rows.lease", "database_us_per_partition", "partitions_per_s"),
    "due_schedules": ("nodes", "schedules", "statements_per_s_without", "statements_per_s_asleep",
                      "all_fired_s", "last_began_s"),
    "purge": ("partitions", "claim_ms.p99", "claim_ms_beside.p99", "p99_ratio", "removed_s",
              "partitions_removed_per_s", "filled_gb", "purged_gb", "a_quarter_filled_again_gb",
              "audit"),
    "page": ("endpoint", "bytes", "first_ms", "p50", "p99"),
    "limits": ("database", "pairs", "rate.low", "rate.middle", "rate.high",
               "processor_time.low", "processor_time.middle", "processor_time.high"),
    "traces": ("database", "pairs", "rate.low", "rate.middle", "rate.high",
               "processor_time.low", "processor_time.middle", "processor_time.high"),
}


def about(lines, shown):
    """What it was measured on, and how; whether the figures of the lines that are shown can be
    trusted."""
    newest = max(lines, key=lambda x: x["at"])
    m = newest["machine"]
    sizes = sorted({line["size"] for line in lines})
    commits = sorted({line["commit"] for line in lines})
    settings = ", ".join(f"{k}={v}" for k, v in newest["postgres"].items()
                         if k in ("fsync", "synchronous_commit", "shared_buffers"))
    return (f"Measured {newest['at'][:10]} at {', '.join(commits)} ({' and '.join(sizes)} sizes), "
            f"on {m['cores']} cores ({m['cpu']}{elsewhere(lines, m)}), {m['memory_gb']} GB, client "
            "and database on the same machine; "
            f"PostgreSQL {newest['server'].split()[0]}, {settings}. "
            + busy(shown, m["cores"])
            + (" The targets are those of full sizes." if "quick" in sizes else ""))


def elsewhere(lines, machine):
    """Which lines are of another machine than the newest: only their ratios can be compared."""
    others = sorted({(line["commit"], line["machine"]["cpu"]) for line in lines
                     if line["machine"]["cpu"] != machine["cpu"]})
    return "".join(f"; figures of {commit}: {cpu}" for commit, cpu in others)


def busy(lines, cores):
    """What others did on the machine just before each measurement."""
    known = [x["busy_before"] for x in lines if "busy_before" in x]
    if not known:
        return ""
    return busy_text(max(known), cores, "measurement")


def details(lines):
    parts = []
    if any(True for _ in throughput_rows(lines)):
        parts.append("## claim_throughput, bare_sql, peers\n\n" + throughput_table(lines))
    for bench, columns in DETAILS.items():
        if where(lines, bench):
            parts.append(f"## {bench}\n\n" + plain_table(lines, bench, columns))
    return "\n\n".join(parts)


def tables(lines):
    if not lines:
        return "nothing was measured yet"
    return "\n\n".join((about(lines, lines), target_table(lines), details(lines)))


def replace(name, text):
    """A file that is not touched before all of its new text is there."""
    with open(f"{root}/{name}", "w") as f:
        f.write(text)


def publish(results):
    """README.md between the markers, bench/RESULTS.md and bench/plots."""
    import plot  # only this needs matplotlib

    lines = read(results)
    if not lines:
        return
    folder = root + "/bench/plots"
    os.makedirs(folder, exist_ok=True)
    pictures = plot.write(lines, folder)
    replace("bench/RESULTS.md",
            "# What was measured\n\nWritten by bench/run.sh.\n\n" + tables(lines) + "\n\n"
            + "\n\n".join(f"![{title}](plots/{name})" for title, name in pictures) + "\n")
    with open(root + "/README.md") as f:
        before, rest = f.read().split(BEGIN)
    after = rest.split(END)[1]
    shown = "\n\n".join(f"![{title}](bench/plots/{name})" for title, name in pictures)
    replace("README.md",
            f"{before}{BEGIN}\n\n{about(lines, in_target_table(lines))}\n\n"
            f"{target_table(lines)}\n\nAll figures: [bench/RESULTS.md](bench/RESULTS.md).\n\n"
            f"{shown}\n\n{END}{after}")
