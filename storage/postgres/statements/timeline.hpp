#pragma once

#include <string>

// Statements are laid out by hand.
// clang-format off

// When partitions were executed (protocol/timeline.hpp), and where.
namespace partita::postgres::sql {

// Adds pieces to the tiles of node $1. `pieces` selects step_id, lease_id, started_at of the step,
// granted_at of the lease, ago (microseconds), completed, failed, returned, busy_us, slowest_us,
// slowest_no.
inline std::string summed_tiles(const std::string& pieces) {
  return R"(
INSERT INTO partita.tile AS t (step_id, at_s, node_id, completed, failed, returned, busy_us,
                               slowest_us, slowest_no, first_lease, last_lease)
SELECT step_id, CASE WHEN age < 120 THEN age
                     WHEN age < 1320 THEN 120 + (age - 120) / 10 * 10
                     ELSE 1320 + (age - 1320) / 60 * 60 END AS at_s,
       $1::bigint, sum(completed), sum(failed), sum(returned), sum(busy_us), max(slowest_us),
       (array_agg(slowest_no ORDER BY slowest_us DESC))[1], min(lease_id), max(lease_id)
FROM (SELECT p.*,
             greatest(0, partita.micros(greatest(
               p.granted_at, partita.clock() - p.ago * interval '1 microsecond'))
               - partita.micros(p.started_at)) / 1000000 AS age
      FROM ()" + pieces + R"() p OFFSET 0) aged
GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (step_id, at_s, node_id) DO UPDATE
SET completed = t.completed + excluded.completed, failed = t.failed + excluded.failed,
    returned = t.returned + excluded.returned, busy_us = t.busy_us + excluded.busy_us,
    slowest_no = CASE WHEN excluded.slowest_us > t.slowest_us THEN excluded.slowest_no
                      ELSE t.slowest_no END,
    slowest_us = greatest(t.slowest_us, excluded.slowest_us),
    first_lease = least(t.first_lease, excluded.first_lease),
    last_lease = greatest(t.last_lease, excluded.last_lease))";
}

// $1 node. By piece: $2 lease, $3 microseconds ago, $4 completed, $5 failed, $6 returned, $7 busy,
// $8 slowest, $9 its no
inline const std::string add_tiles = summed_tiles(R"(
  SELECT l.step_id, l.lease_id, s.started_at, l.granted_at, i.ago, i.completed, i.failed,
         i.returned, i.busy_us, i.slowest_us, i.slowest_no
  FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[],
              $8::bigint[], $9::bigint[])
       AS i (lease_id, ago, completed, failed, returned, busy_us, slowest_us, slowest_no)
  JOIN partita.lease l ON l.lease_id = i.lease_id
  JOIN partita.step s ON s.step_id = l.step_id)");

// $1 step, $2 from, in seconds, $3 at most
inline const std::string list_tiles = R"(
SELECT at_s, node_id, completed, failed, returned, busy_us, slowest_us, slowest_no, first_lease,
       last_lease
FROM partita.tile WHERE step_id = $1::bigint AND at_s >= $2::bigint
ORDER BY at_s, node_id LIMIT $3::integer)";

// $1 step, $2 first lease, $3 last lease, $4 from, $5 to, in microseconds, $6 at most
inline const std::string list_ended = R"(
WITH held AS MATERIALIZED (
  SELECT lease_id, step_id, node_id, lo, hi, attempt FROM partita.lease
  WHERE lease_id BETWEEN $2::bigint AND $3::bigint AND step_id = $1::bigint)
(SELECT o.no, h.node_id, h.lease_id, h.attempt, o.outcome, o.took_us,
        partita.micros(o.ended_at) AS ended_at
 FROM held h JOIN partita.result o ON o.step_id = h.step_id AND o.no BETWEEN h.lo AND h.hi
                                  AND o.lease_id = h.lease_id
 WHERE o.ended_at >= to_timestamp($4::bigint / 1e6)
   AND o.ended_at - o.took_us * interval '1 microsecond' < to_timestamp($5::bigint / 1e6)
 LIMIT $6::integer)
UNION ALL
(SELECT f.no, h.node_id, h.lease_id, h.attempt, f.outcome, 0, partita.micros(f.at)
 FROM held h JOIN partita.failure f ON f.lease_id = h.lease_id
 WHERE f.outcome <> 'FAILED' AND f.at >= to_timestamp($4::bigint / 1e6)
   AND f.at < to_timestamp($5::bigint / 1e6)
 LIMIT $6::integer)
LIMIT $6::integer)";

inline const std::string leases_that_live = R"(
SELECT l.lease_id, s.run_id, l.step_id, l.node_id, l.lo, l.hi, l.attempt,
       l.completed + l.failed + l.returned AS ended, partita.micros(l.granted_at) AS granted_at
FROM partita.step s JOIN partita.lease l ON l.step_id = s.step_id
WHERE l.state = 'LIVE' AND )";

// $1 run, $2 at most
inline const std::string live_leases_of_run =
    leases_that_live + "s.run_id = $1::bigint ORDER BY l.lease_id LIMIT $2::integer";
// $1 node, $2 at most
inline const std::string live_leases_of_node =
    leases_that_live + "l.node_id = $1::bigint ORDER BY l.lease_id LIMIT $2::integer";

// Of a wide lease a part of the partitions is looked at. $1 run, $2 at most
inline const std::string list_moved = R"(
SELECT l.lease_id, l.step_id, l.node_id, l.lo, l.hi, partita.micros(l.granted_at) AS granted_at,
       partita.micros(l.ended_at) AS lost_at, coalesce(n.lease_id, 0) AS next,
       coalesce(n.node_id, 0) AS next_node, coalesce(partita.micros(n.granted_at), 0) AS next_at
FROM (SELECT l.* FROM partita.step s JOIN partita.lease l ON l.step_id = s.step_id
      WHERE s.run_id = $1::bigint AND l.state = 'REVOKED'
      ORDER BY l.lease_id DESC LIMIT $2::integer) l
LEFT JOIN LATERAL (
  SELECT k.lease_id, k.node_id, k.granted_at
  FROM (SELECT first_ones.lease_id
        FROM (SELECT o.lease_id FROM partita.result o
              WHERE o.step_id = l.step_id AND o.no BETWEEN l.lo AND l.hi
                AND o.lease_id > l.lease_id
              ORDER BY o.no LIMIT 500) first_ones
        UNION
        SELECT v.lease_id FROM partita.lease v
        WHERE v.step_id = l.step_id AND v.state = 'LIVE' AND v.lo <= l.hi AND v.hi >= l.lo) next
  JOIN partita.lease k ON k.lease_id = next.lease_id
  WHERE k.lease_id > l.lease_id ORDER BY k.lease_id LIMIT 8) n ON true
ORDER BY l.lease_id DESC, n.lease_id LIMIT $2::integer)";

// $1 step, $2 at most
inline const std::string sample_durations = R"(
WITH chosen AS MATERIALIZED (
  SELECT o.took_us
  FROM (SELECT count FROM partita.step WHERE step_id = $1::bigint) s
  CROSS JOIN LATERAL generate_series(
    0, s.count - 1, greatest(1, (s.count + $2::integer - 1) / $2::integer)) chosen (no)
  CROSS JOIN LATERAL (SELECT took_us FROM partita.result r
                      WHERE r.step_id = $1::bigint AND r.no = chosen.no OFFSET 0) o),
enough AS MATERIALIZED (SELECT 2 * count(*) >= $2::integer AS enough FROM chosen)
SELECT c.took_us FROM chosen c, enough e WHERE e.enough
UNION ALL
SELECT f.took_us FROM enough e
CROSS JOIN LATERAL (
  SELECT took_us FROM partita.result
  WHERE step_id = $1::bigint AND NOT e.enough ORDER BY no LIMIT $2::integer) f)";

// $1 run, $2 at most of each step
inline const std::string sample_failures = R"(
SELECT f.step_id, f.no, f.lease_id, f.node_id, f.attempt, f.outcome, f.error,
       partita.micros(f.at) AS at
FROM partita.step s
CROSS JOIN LATERAL (
  SELECT * FROM partita.failure f
  WHERE f.step_id = s.step_id AND f.outcome <> 'RELEASED'
  ORDER BY f.no, f.lease_id LIMIT $2::integer) f
WHERE s.run_id = $1::bigint ORDER BY f.step_id, f.no, f.lease_id)";

// Summed up in each step: times are made of few rows. $1 seconds
inline const std::string list_pace = R"(
SELECT s.step_id, partita.micros(s.started_at) + t.at_s * 1000000 AS begins, t.completed, t.failed
FROM (SELECT run_id FROM partita.run WHERE state = 'RUNNING'
      UNION ALL
      SELECT run_id FROM partita.run
      WHERE ended_at > partita.clock() - $1::bigint * interval '1 second') r
JOIN partita.step s ON s.run_id = r.run_id
CROSS JOIN LATERAL (
  SELECT at_s, sum(completed)::bigint AS completed, sum(failed)::bigint AS failed
  FROM partita.tile
  WHERE step_id = s.step_id
    AND at_s >= floor(extract(epoch FROM partita.clock() - s.started_at))::bigint - $1::bigint
  GROUP BY at_s OFFSET 0) t)";

}  // namespace partita::postgres::sql
