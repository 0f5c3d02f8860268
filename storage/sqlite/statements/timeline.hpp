#pragma once

#include <string>

// Statements are laid out by hand.
// clang-format off

// When partitions were executed (protocol/timeline.hpp), and where.
namespace partita::sqlite::sql {

// 1 node, 2 lease, 3 microseconds ago, 4 completed, 5 failed, 6 returned, 7 busy, 8 slowest, 9 its
// no. Of a conflict all columns are read as they were.
inline constexpr char add_tile[] = R"sql(
INSERT INTO partita_tile (step_id, at_s, node_id, completed, failed, returned, busy_us, slowest_us,
                          slowest_no, first_lease, last_lease)
SELECT step_id, CASE WHEN age < 120 THEN age
                     WHEN age < 1320 THEN 120 + (age - 120) / 10 * 10
                     ELSE 1320 + (age - 1320) / 60 * 60 END,
       ?1, ?4, ?5, ?6, ?7, ?8, ?9, ?2, ?2
FROM (SELECT l.step_id,
             max(0, max(l.granted_at, partita_now() - ?3) - s.started_at) / 1000000 AS age
      FROM partita_lease l JOIN partita_step s ON s.step_id = l.step_id
      WHERE l.lease_id = ?2)
WHERE true
ON CONFLICT (step_id, at_s, node_id) DO UPDATE
SET completed = completed + excluded.completed, failed = failed + excluded.failed,
    returned = returned + excluded.returned, busy_us = busy_us + excluded.busy_us,
    slowest_no = CASE WHEN excluded.slowest_us > slowest_us THEN excluded.slowest_no
                      ELSE slowest_no END,
    slowest_us = max(slowest_us, excluded.slowest_us),
    first_lease = min(first_lease, excluded.first_lease),
    last_lease = max(last_lease, excluded.last_lease))sql";

// 1 step, 2 from, in seconds, 3 limit
inline constexpr char list_tiles[] = R"sql(
SELECT at_s, node_id, completed, failed, returned, busy_us, slowest_us, slowest_no, first_lease,
       last_lease
FROM partita_tile WHERE step_id = ?1 AND at_s >= ?2 ORDER BY at_s, node_id LIMIT ?3)sql";

// 1 step, 2 first lease, 3 last lease, 4 from, 5 to, 6 limit
inline constexpr char list_ended[] = R"sql(
SELECT * FROM (
  SELECT x.no, l.node_id, l.lease_id, l.attempt, x.outcome, x.took_us, x.ended_at
  FROM partita_lease l
  CROSS JOIN partita_result x ON x.step_id = ?1 AND x.no BETWEEN l.lo AND l.hi
                             AND x.lease_id = l.lease_id
  WHERE l.lease_id BETWEEN ?2 AND ?3 AND l.step_id = ?1
    AND x.ended_at >= ?4 AND x.ended_at - x.took_us < ?5
  LIMIT ?6)
UNION ALL
SELECT * FROM (
  SELECT f.no, l.node_id, l.lease_id, l.attempt, f.outcome, 0, f.at
  FROM partita_lease l CROSS JOIN partita_failure f ON f.lease_id = l.lease_id
  WHERE l.lease_id BETWEEN ?2 AND ?3 AND l.step_id = ?1
    AND f.outcome <> 'FAILED' AND f.at >= ?4 AND f.at < ?5
  LIMIT ?6)
LIMIT ?6)sql";

inline const std::string leases_that_live = R"sql(
SELECT l.lease_id, s.run_id, l.step_id, l.node_id, l.lo, l.hi, l.attempt,
       l.completed + l.failed + l.returned, l.granted_at
FROM partita_step s JOIN partita_lease l ON l.step_id = s.step_id
WHERE l.state = 'LIVE' AND )sql";

// 1 run or node, 2 limit
inline const std::string live_leases_of_run =
    leases_that_live + "s.run_id = ?1 ORDER BY l.lease_id LIMIT ?2";
inline const std::string live_leases_of_node =
    leases_that_live + "l.node_id = ?1 ORDER BY l.lease_id LIMIT ?2";

// 1 run, 2 limit
inline constexpr char lost_leases[] = R"sql(
SELECT l.lease_id, l.step_id, l.node_id, l.lo, l.hi, l.granted_at, l.ended_at
FROM partita_step s JOIN partita_lease l ON l.step_id = s.step_id
WHERE s.run_id = ?1 AND l.state = 'REVOKED' ORDER BY l.lease_id DESC LIMIT ?2)sql";

// Of a wide lease a part of the partitions is looked at. 1 lease, 2 step, 3 lo, 4 hi
inline constexpr char next_leases[] = R"sql(
SELECT k.lease_id, k.node_id, k.granted_at FROM partita_lease k
WHERE k.lease_id > ?1 AND k.lease_id IN (
  SELECT lease_id FROM (
    SELECT lease_id FROM partita_result
    WHERE step_id = ?2 AND no BETWEEN ?3 AND ?4 AND lease_id > ?1
    ORDER BY no LIMIT 500)
  UNION
  SELECT lease_id FROM partita_lease
  WHERE step_id = ?2 AND state = 'LIVE' AND lo <= ?4 AND hi >= ?3)
ORDER BY k.lease_id LIMIT 8)sql";

// 1 step, 2 at most
inline constexpr char sample_durations[] = R"sql(
WITH RECURSIVE
  whole AS (SELECT count, max(1, (count + ?2 - 1) / ?2) AS stride
            FROM partita_step WHERE step_id = ?1),
  chosen (no) AS (
    SELECT 0 FROM whole WHERE count > 0
    UNION ALL
    SELECT no + stride FROM chosen, whole WHERE no + stride < count)
SELECT x.took_us FROM chosen c CROSS JOIN partita_result x ON x.step_id = ?1 AND x.no = c.no)sql";

// 1 step, 2 at most
inline constexpr char first_durations[] =
    "SELECT took_us FROM partita_result WHERE step_id = ?1 ORDER BY no LIMIT ?2";

// 1 step, 2 limit
inline constexpr char failures_of_step[] = R"sql(
SELECT step_id, no, lease_id, node_id, attempt, outcome, error, at FROM partita_failure
WHERE step_id = ?1 AND outcome <> 'RELEASED' ORDER BY no, lease_id LIMIT ?2)sql";

// 1 seconds
inline constexpr char list_pace[] = R"sql(
SELECT s.step_id, s.started_at + t.at_s * 1000000, sum(t.completed), sum(t.failed)
FROM partita_step s JOIN partita_tile t
  ON t.step_id = s.step_id AND t.at_s >= (partita_now() - s.started_at) / 1000000 - ?1
WHERE s.run_id IN (SELECT run_id FROM partita_run WHERE state = 'RUNNING'
                   UNION ALL
                   SELECT run_id FROM partita_run WHERE ended_at > partita_now() - ?1 * 1000000)
GROUP BY s.step_id, t.at_s)sql";

}  // namespace partita::sqlite::sql
