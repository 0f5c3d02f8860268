"""What a plan measured, as figures for people and for tests/reliability.py."""

import os

from cluster import log_counts


def spread(values):
    if not values:
        return None
    ordered = sorted(values)

    def at(part):
        return round(ordered[min(len(ordered) - 1, int(part * len(ordered)))], 3)

    return {"n": len(ordered), "p50": at(0.5), "p99": at(0.99), "max": at(1.0)}


def latencies(play):
    """Seconds from kill -9 until the node is condemned, and to the first of its work elsewhere."""
    found, moved = [], []
    if "F19" in play.counts:
        return found, moved  # the clock of the events jumped
    rows = play.server.rows(
        "select n.pid, extract(epoch from d.at) as gone, extract(epoch from n.joined_at) as"
        " joined, (select extract(epoch from min(g.at)) from partita.event e join partita.event"
        " g on g.kind = 'LEASE_GRANTED' and g.step_id = e.step_id and g.event_id > e.event_id"
        " and (g.detail::json->>'lo')::bigint <= (e.detail::json#>>'{requeued,0,1}')::bigint"
        " and (g.detail::json->>'hi')::bigint >= (e.detail::json#>>'{requeued,0,0}')::bigint"
        " where e.kind = 'LEASE_ENDED' and e.node_id = n.node_id and e.detail like"
        " '%requeued%') as moved"
        " from partita.node n join partita.event d on d.node_id = n.node_id"
        " and d.kind = 'NODE_CONDEMNED'", timeout=120)
    for at, pid, _ in play.stage.kills:
        for row in rows:
            if row["pid"] == pid and row["joined"] <= at <= row["gone"]:
                found.append(row["gone"] - at)
                if row["moved"]:
                    moved.append(row["moved"] - at)
    return found, moved


def figures(play, counts):
    one = play.server.one
    found, moved = latencies(play)
    logs = log_counts(play.folder + "/nodes")
    states = {row["state"]: row["n"] for row in play.server.rows(
        "select state, count(*) n from partita.run group by state")}
    return {
        "seed": play.args.seed, "seconds": play.args.seconds, "profile": play.args.profile,
        "nodes": play.args.nodes, "binary": os.path.basename(play.args.binary),
        "faults": dict(sorted(play.counts.items())),
        "master_killed": dict(sorted(play.stage.points.items())), "not_played": play.unplayed,
        "skipped": play.skipped, "runs": states,
        "takeovers": int(one("select count(*) from partita.event where kind = 'RUN_ADOPTED'"
                             " and (detail::json->>'term')::int > 1")),
        "max_term": int(one("select coalesce(max(term), 0) from partita.run")),
        "node_starts": sum(slot.starts for slot in play.slots),
        "deregistrations": int(one("select count(*) from partita.event where kind ="
                                   " 'NODE_CONDEMNED'")),
        "revoked_leases": int(one("select count(*) from partita.lease where state ="
                                  " 'REVOKED'")),
        "failed_attempts": int(one("select count(*) from partita.failure")),
        "partitions": counts["results"], "attempts": counts["starts"],
        "items": counts["items"], "files": counts["files"],
        "acknowledged_results_checked": counts["acknowledged"],
        "author_rows_checked": counts["ledger"],
        "late_results_dropped": logs.get("late_result_dropped", 0),
        "nodes_fenced": logs.get("node_fenced", 0), "runs_lost": logs.get("run_lost", 0),
        "trust_expired": logs.get("trust_expired", 0),
        "detection_s": spread(found), "reassignment_s": spread(moved),
        "settled_s": play.settled, "load": round(os.getloadavg()[1], 1),
        "violations": len(play.failed), "found": play.failed[:10]}
