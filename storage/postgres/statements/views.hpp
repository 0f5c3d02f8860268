#pragma once

#include "storage/postgres/statements/runs.hpp"
#include "storage/postgres/statements/steps.hpp"

namespace partita::postgres::sql {

// Few rows of each step: a counter for each node, and the LIVE leases. $1 runs
inline const std::string summarize = step_columns + R"(
  , counted.*, leased.claimed
FROM partita.step s
CROSS JOIN LATERAL (
  SELECT coalesce(sum(l.hi - l.lo + 1 - l.completed - l.failed - l.returned), 0)::bigint AS claimed
  FROM partita.lease l WHERE l.step_id = s.step_id AND l.state = 'LIVE') leased
CROSS JOIN LATERAL (
  SELECT coalesce(sum(c.completed), 0)::bigint AS completed,
         coalesce(sum(c.failed), 0)::bigint AS failed,
         coalesce(sum(c.read_count), 0)::bigint AS read_count,
         coalesce(sum(c.write_count), 0)::bigint AS write_count,
         coalesce(sum(c.filter_count), 0)::bigint AS filter_count,
         coalesce(sum(c.skip_count), 0)::bigint AS skip_count
  FROM partita.step_counter c WHERE c.step_id = s.step_id) counted
WHERE s.run_id = ANY ($1::bigint[]) ORDER BY s.run_id, s.ordinal)";

// First the page, then the view for each of its rows: OFFSET 0 keeps the planner from joining the
// view as a whole. `page` selects step_id, no and input, and what `order` needs.
inline std::string partitions_of(const std::string& page, const std::string& order) {
  return "WITH page AS MATERIALIZED (" + page + R"()
SELECT page.no, v.key, page.input, v.status, v.attempt, coalesce(v.node_id, 0) AS node_id,
       coalesce(v.lease_id, 0) AS lease_id, v.progress_done, v.progress_total,
       coalesce(o.read_count, c.read_count, 0) AS read_count,
       coalesce(o.write_count, c.write_count, 0) AS write_count,
       coalesce(o.filter_count, c.filter_count, 0) AS filter_count,
       coalesce(o.skip_count, c.skip_count, 0) AS skip_count,
       coalesce(o.output, '') AS output, coalesce(o.files, '') AS files, v.error,
       CASE WHEN o.no IS NOT NULL THEN partita.micros(o.ended_at) - o.took_us
            ELSE partita.micros(l.granted_at) END AS started_at,
       partita.micros(o.ended_at) AS ended_at
FROM page
CROSS JOIN LATERAL (
  SELECT * FROM partita.partition_status s
  WHERE s.step_id = page.step_id AND s.no = page.no OFFSET 0) v
LEFT JOIN partita.result o ON o.step_id = page.step_id AND o.no = page.no
LEFT JOIN partita.checkpoint c ON c.step_id = page.step_id AND c.no = page.no
LEFT JOIN partita.lease l ON l.lease_id = v.lease_id
ORDER BY )" +
         order;
}

// $1 step, $2 after this no, $3 at most
inline const std::string list_partitions = partitions_of(R"(
  SELECT step_id, no, input FROM partita.partition
  WHERE step_id = $1::bigint AND no > $2::bigint ORDER BY no LIMIT $3::integer)",
                                                         "page.no");

// $1 step, $2 numbers
inline const std::string find_partitions = partitions_of(R"(
  SELECT step_id, no, input FROM partita.partition
  WHERE step_id = $1::bigint AND no = ANY ($2::bigint[]))",
                                                         "page.no");

// The same, of those with a result of this kind.
inline std::string ended_partitions(const std::string& outcome) {
  return partitions_of(R"(
  SELECT p.step_id, p.no, p.input
  FROM (SELECT step_id, no FROM partita.result
        WHERE step_id = $1::bigint AND no > $2::bigint AND outcome = ')" +
                           outcome + R"('
        ORDER BY no LIMIT $3::integer) o
  JOIN partita.partition p ON p.step_id = o.step_id AND p.no = o.no)",
                       "page.no");
}

// The same, of those that a LIVE lease holds. DISTINCT: live leases may overlap where the older one
// has given a partition back.
inline const std::string claimed_partitions = partitions_of(R"(
  SELECT DISTINCT p.step_id, p.no, p.input
  FROM partita.lease l
  JOIN partita.partition p ON p.step_id = l.step_id
                          AND p.no BETWEEN greatest(l.lo, $2::bigint + 1) AND l.hi
  WHERE l.step_id = $1::bigint AND l.state = 'LIVE'
    AND NOT EXISTS (SELECT FROM partita.result o WHERE o.step_id = p.step_id AND o.no = p.no)
    AND NOT EXISTS (SELECT FROM partita.failure f WHERE f.lease_id = l.lease_id AND f.no = p.no)
  ORDER BY p.no LIMIT $3::integer)",
                                                            "page.no");

// The same, of those in a ready range. Of a listed step before its split is sealed: all, for it has
// no ready ranges yet.
inline const std::string pending_partitions = partitions_of(R"(
  SELECT p.step_id, p.no, p.input
  FROM (SELECT lo, hi FROM partita.ready
        WHERE step_id = $1::bigint AND hi > $2::bigint
        UNION ALL
        SELECT 0, count - 1 FROM partita.step
        WHERE step_id = $1::bigint AND NOT sealed AND NOT streamed
        ORDER BY lo LIMIT $3::integer) w
  CROSS JOIN LATERAL (
    SELECT step_id, no, input FROM partita.partition
    WHERE step_id = $1::bigint AND no BETWEEN greatest(w.lo, $2::bigint + 1) AND w.hi
    ORDER BY no LIMIT $3::integer) p
  ORDER BY p.no LIMIT $3::integer)",
                                                            "page.no");

// $1 step, $2 at most
inline const std::string list_slowest = partitions_of(R"(
  SELECT p.step_id, p.no, p.input, o.took_us
  FROM (SELECT step_id, no, took_us FROM partita.result
        WHERE step_id = $1::bigint ORDER BY took_us DESC, no LIMIT $2::integer) o
  JOIN partita.partition p ON p.step_id = o.step_id AND p.no = o.no)",
                                                      "page.took_us DESC, page.no");

// $1 step, $2 no, $3 at most
inline const std::string list_tries = R"(
SELECT l.lease_id, l.node_id, l.attempt, l.state, partita.micros(l.granted_at) AS granted_at,
       coalesce(o.outcome, f.outcome) AS outcome, coalesce(o.error, f.error, '') AS error,
       o.took_us, partita.micros(coalesce(o.ended_at, f.at, l.ended_at)) AS ended_at
FROM partita.lease l
LEFT JOIN partita.result o ON o.step_id = $1::bigint AND o.no = $2::bigint
                          AND o.lease_id = l.lease_id
LEFT JOIN partita.failure f ON f.lease_id = l.lease_id AND f.no = $2::bigint
WHERE l.step_id = $1::bigint AND l.lo <= $2::bigint AND $2::bigint <= l.hi
   OR l.lease_id = (SELECT lease_id FROM partita.result
                    WHERE step_id = $1::bigint AND no = $2::bigint)
ORDER BY l.lease_id LIMIT $3::integer)";

// Of thousands of ready ranges a part is looked at. $1 run
inline const std::string standing = R"(
SELECT EXISTS (SELECT FROM partita.step s JOIN partita.lease l ON l.step_id = s.step_id
               WHERE s.run_id = $1::bigint AND s.state = 'RUNNING' AND l.state = 'LIVE') AS held,
       partita.micros(w.first) AS claimable, coalesce(w.first <= partita.clock(), false) AS now
FROM (SELECT min(available_at) AS first
      FROM (SELECT d.available_at FROM partita.step s JOIN partita.ready d ON d.step_id = s.step_id
            WHERE s.run_id = $1::bigint AND s.state = 'RUNNING' LIMIT 10000) part) w)";

inline const std::string sum_live = R"(
SELECT r.job, r.state, count(*) AS runs, coalesce(sum(t.completed), 0)::bigint AS completed,
       coalesce(sum(t.failed), 0)::bigint AS failed, coalesce(sum(t.claimed), 0)::bigint AS claimed,
       coalesce(sum(t.pending), 0)::bigint AS pending
FROM partita.run r
CROSS JOIN LATERAL (
  SELECT sum(c.completed) AS completed, sum(c.failed) AS failed, sum(h.claimed) AS claimed,
         sum(greatest(0, s.count - c.completed - c.failed - h.claimed)) AS pending
  FROM partita.step s
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(completed), 0) AS completed, coalesce(sum(failed), 0) AS failed
    FROM partita.step_counter WHERE step_id = s.step_id) c
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(hi - lo + 1 - completed - failed - returned), 0) AS claimed
    FROM partita.lease WHERE step_id = s.step_id AND state = 'LIVE') h
  WHERE s.run_id = r.run_id) t
WHERE r.state IN ('CREATED', 'RUNNING') GROUP BY r.job, r.state ORDER BY r.job, r.state)";

// Of thousands of ready ranges of a run a part is looked at. $1 at most
inline const std::string list_idle_runs = "SELECT" + run_values + R"(, waits.claimable, waits.now
FROM partita.run r
CROSS JOIN LATERAL (
  SELECT partita.micros(min(w.available_at)) AS claimable,
         coalesce(min(w.available_at) <= partita.clock(), false) AS now
  FROM (SELECT d.available_at FROM partita.step s JOIN partita.ready d ON d.step_id = s.step_id
        WHERE s.run_id = r.run_id AND s.state = 'RUNNING' LIMIT 10000) w) waits
WHERE r.state IN ('CREATED', 'RUNNING')
  AND NOT EXISTS (SELECT FROM partita.step s JOIN partita.lease l ON l.step_id = s.step_id
                  WHERE s.run_id = r.run_id AND s.state = 'RUNNING' AND l.state = 'LIVE')
ORDER BY r.run_id LIMIT $1::integer)";

// $1 step, $2 no
inline const std::string find_checkpoint = R"(
SELECT seq, position, read_count, write_count, filter_count, skip_count FROM partita.checkpoint
WHERE step_id = $1::bigint AND no = $2::bigint AND seq > 0)";

// $1 step, $2 no, $3 at most
inline const std::string list_log = R"(
SELECT * FROM (
  SELECT k.lease_id, l.node_id, l.attempt, k.number, k.text, partita.micros(k.at) AS at
  FROM partita.partition_log k JOIN partita.lease l ON l.lease_id = k.lease_id
  WHERE k.step_id = $1::bigint AND k.no = $2::bigint
  ORDER BY k.lease_id DESC, k.number DESC LIMIT $3::integer) last_ones
ORDER BY lease_id, number)";

// $1 run, $2 at most
inline const std::string list_failures = R"(
SELECT f.step_id, f.no, f.lease_id, f.node_id, f.attempt, f.outcome, f.error,
       partita.micros(f.at) AS at
FROM partita.failure f JOIN partita.step s ON s.step_id = f.step_id
WHERE s.run_id = $1::bigint ORDER BY f.at DESC, f.lease_id DESC, f.no DESC LIMIT $2::integer)";

// $1 step, $2 behind this no and $3 item, $4 at most
inline const std::string list_skipped = R"(
SELECT step_id, no, item, stage, place, why, partita.micros(at) AS at FROM partita.skipped
WHERE step_id = $1::bigint AND (no, item) > ($2::bigint, $3::bigint)
ORDER BY no, item LIMIT $4::integer)";

// $1 step, $2 no, $3 at most
inline const std::string list_skipped_of = R"(
SELECT step_id, no, item, stage, place, why, partita.micros(at) AS at FROM partita.skipped
WHERE step_id = $1::bigint AND no = $2::bigint ORDER BY item LIMIT $3::integer)";

// $1 run or 0 for all, $2 after this id, $3 at most
inline const std::string list_events = R"(
SELECT event_id, partita.micros(at) AS at, kind, coalesce(run_id, 0) AS run_id,
       coalesce(step_id, 0) AS step_id, coalesce(lease_id, 0) AS lease_id,
       coalesce(node_id, 0) AS node_id, detail
FROM partita.event
WHERE event_id > $2::bigint AND ($1::bigint = 0 OR run_id = $1::bigint)
ORDER BY event_id LIMIT $3::integer)";

// $1 run or 0 for all, $2 at most
inline const std::string newest_events = R"(
SELECT * FROM (
  SELECT event_id, partita.micros(at) AS at, kind, coalesce(run_id, 0) AS run_id,
         coalesce(step_id, 0) AS step_id, coalesce(lease_id, 0) AS lease_id,
         coalesce(node_id, 0) AS node_id, detail
  FROM partita.event
  WHERE $1::bigint = 0 OR run_id = $1::bigint
  ORDER BY event_id DESC LIMIT $2::integer) newest
ORDER BY event_id)";

// The identity of the rows is given in the order of the select: it is the order of the log.
// By event: $1 kind, $2 run, $3 step, $4 lease, $5 node, each or 0, $6 detail
inline const std::string insert_events = R"(
INSERT INTO partita.event (kind, run_id, step_id, lease_id, node_id, detail)
SELECT e.kind, nullif(e.run_id, 0), nullif(e.step_id, 0), nullif(e.lease_id, 0),
       nullif(e.node_id, 0), e.detail
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[])
     WITH ORDINALITY AS e (kind, run_id, step_id, lease_id, node_id, detail, place)
ORDER BY e.place
RETURNING event_id, partita.micros(at) AS at)";

}  // namespace partita::postgres::sql
