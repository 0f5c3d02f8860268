#pragma once

#include "storage/postgres/statements/steps.hpp"

namespace partita::postgres::sql {

// Few rows of each step: a counter for each node, and the LIVE leases. $1 run
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
WHERE s.run_id = $1::bigint ORDER BY s.ordinal)";

// First the page, then the view for each of its rows: OFFSET 0 keeps the planner from joining the
// view as a whole. $1 step, $2 after this no, $3 at most
inline const std::string list_partitions = R"(
WITH page AS MATERIALIZED (
  SELECT step_id, no, input FROM partita.partition
  WHERE step_id = $1::bigint AND no > $2::bigint ORDER BY no LIMIT $3::integer)
SELECT page.no, v.key, page.input, v.status, v.attempt, coalesce(v.node_id, 0) AS node_id,
       coalesce(v.lease_id, 0) AS lease_id, v.progress_done, v.progress_total,
       coalesce(o.read_count, c.read_count, 0) AS read_count,
       coalesce(o.write_count, c.write_count, 0) AS write_count,
       coalesce(o.filter_count, c.filter_count, 0) AS filter_count,
       coalesce(o.skip_count, c.skip_count, 0) AS skip_count,
       coalesce(o.output, '') AS output, coalesce(o.files, '') AS files, v.error,
       partita.micros(o.ended_at) AS ended_at
FROM page
CROSS JOIN LATERAL (
  SELECT * FROM partita.partition_status s
  WHERE s.step_id = page.step_id AND s.no = page.no OFFSET 0) v
LEFT JOIN partita.result o ON o.step_id = page.step_id AND o.no = page.no
LEFT JOIN partita.checkpoint c ON c.step_id = page.step_id AND c.no = page.no
ORDER BY page.no)";

// $1 run, $2 at most
inline const std::string list_failures = R"(
SELECT f.step_id, f.no, f.lease_id, f.node_id, f.attempt, f.outcome, f.error,
       partita.micros(f.at) AS at
FROM partita.failure f JOIN partita.step s ON s.step_id = f.step_id
WHERE s.run_id = $1::bigint ORDER BY f.at DESC, f.lease_id DESC, f.no DESC LIMIT $2::integer)";

// $1 run or 0 for all, $2 after this id, $3 at most
inline const std::string list_events = R"(
SELECT event_id, partita.micros(at) AS at, kind, coalesce(run_id, 0) AS run_id,
       coalesce(step_id, 0) AS step_id, coalesce(lease_id, 0) AS lease_id,
       coalesce(node_id, 0) AS node_id, detail
FROM partita.event
WHERE event_id > $2::bigint AND ($1::bigint = 0 OR run_id = $1::bigint)
ORDER BY event_id LIMIT $3::integer)";

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
