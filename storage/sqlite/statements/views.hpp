#pragma once

#include <string>

namespace partita::sqlite::sql {

// 1 kind, 2 run, 3 step, 4 lease, 5 node, 6 detail
inline constexpr char insert_event[] = R"sql(
INSERT INTO partita_event (at, kind, run_id, step_id, lease_id, node_id, detail)
VALUES (partita_now(), ?1, ?2, ?3, ?4, ?5, ?6))sql";

// 1 after, 2 limit
inline constexpr char list_events[] = R"sql(
SELECT event_id, at, kind, run_id, step_id, lease_id, node_id, detail
FROM partita_event WHERE event_id > ?1 ORDER BY event_id LIMIT ?2)sql";

// 1 after, 2 limit, 3 run
inline constexpr char list_events_of_run[] = R"sql(
SELECT event_id, at, kind, run_id, step_id, lease_id, node_id, detail
FROM partita_event WHERE run_id = ?3 AND event_id > ?1 ORDER BY event_id LIMIT ?2)sql";

// 1 step. The index is that of LIVE leases.
inline constexpr char claimed_total[] = R"sql(
SELECT coalesce(sum(hi - lo + 1 - completed - failed - returned), 0)
FROM partita_lease INDEXED BY partita_lease_place WHERE step_id = ?1 AND state = 'LIVE')sql";

// 1 limit. Descending: the caller turns them round
inline constexpr char newest_events[] = R"sql(
SELECT event_id, at, kind, run_id, step_id, lease_id, node_id, detail
FROM partita_event ORDER BY event_id DESC LIMIT ?1)sql";

// 1 limit, 2 run. Descending too
inline constexpr char newest_events_of_run[] = R"sql(
SELECT event_id, at, kind, run_id, step_id, lease_id, node_id, detail
FROM partita_event WHERE run_id = ?2 ORDER BY event_id DESC LIMIT ?1)sql";

// 1 step. Columns: completed, failed, read, written, filtered, skipped
inline constexpr char counted_totals[] = R"sql(
SELECT coalesce(sum(completed), 0), coalesce(sum(failed), 0), coalesce(sum(read_count), 0),
       coalesce(sum(write_count), 0), coalesce(sum(filter_count), 0), coalesce(sum(skip_count), 0)
FROM partita_step_counter WHERE step_id = ?1)sql";

// The columns of a partition as listings show it.
inline const std::string shown_partitions = R"sql(
SELECT v.no, v.key, p.input, v.status, v.attempt, v.node_id, v.lease_id, v.progress_done,
       v.progress_total, coalesce(x.read_count, c.read_count),
       coalesce(x.write_count, c.write_count), coalesce(x.filter_count, c.filter_count),
       coalesce(x.skip_count, c.skip_count), x.output, v.error, x.ended_at, x.files,
       CASE WHEN x.no IS NOT NULL THEN x.ended_at - x.took_us
            ELSE (SELECT l.granted_at FROM partita_lease l WHERE l.lease_id = v.lease_id) END
FROM partita_partition_status v
JOIN partita_partition p ON p.step_id = v.step_id AND p.no = v.no
LEFT JOIN partita_result x ON x.step_id = v.step_id AND x.no = v.no
LEFT JOIN partita_checkpoint c ON c.step_id = v.step_id AND c.no = v.no
WHERE v.step_id = ?1 AND )sql";

// 1 step, 2 after, 3 limit
inline const std::string list_partitions = shown_partitions + "v.no > ?2 ORDER BY v.no LIMIT ?3";

// The same, of those of one state: by what puts them in it. INDEXED BY and CROSS JOIN make the
// planner begin there.
inline const std::string completed_partitions = shown_partitions + R"sql(v.no IN (
  SELECT no FROM partita_result WHERE step_id = ?1 AND no > ?2 AND outcome = 'COMPLETED'
  ORDER BY no LIMIT ?3) ORDER BY v.no)sql";

inline const std::string failed_partitions = shown_partitions + R"sql(v.no IN (
  SELECT no FROM partita_result INDEXED BY partita_result_failed
  WHERE step_id = ?1 AND no > ?2 AND outcome = 'FAILED'
  ORDER BY no LIMIT ?3) ORDER BY v.no)sql";

inline const std::string claimed_partitions = shown_partitions + R"sql(v.no IN (
  SELECT DISTINCT q.no
  FROM partita_lease h
  CROSS JOIN partita_partition q
    ON q.step_id = h.step_id AND q.no BETWEEN max(h.lo, ?2 + 1) AND h.hi
  WHERE h.step_id = ?1 AND h.state = 'LIVE'
    AND NOT EXISTS (SELECT 1 FROM partita_result o WHERE o.step_id = q.step_id AND o.no = q.no)
    AND NOT EXISTS (SELECT 1 FROM partita_failure f WHERE f.lease_id = h.lease_id AND f.no = q.no)
  ORDER BY q.no LIMIT ?3) ORDER BY v.no)sql";

// A listed step has no ready ranges before its split is sealed: there it is all of them.
inline const std::string pending_partitions = shown_partitions + R"sql(v.no IN (
  SELECT q.no
  FROM (SELECT lo, hi FROM partita_ready WHERE step_id = ?1 AND hi > ?2
        UNION ALL
        SELECT 0, count - 1 FROM partita_step WHERE step_id = ?1 AND NOT sealed AND NOT streamed
        ORDER BY lo LIMIT ?3) w
  CROSS JOIN partita_partition q
    ON q.step_id = ?1 AND q.no BETWEEN max(w.lo, ?2 + 1) AND min(w.hi, max(w.lo, ?2 + 1) + ?3 - 1)
  ORDER BY w.lo, q.no LIMIT ?3) ORDER BY v.no)sql";

// 1 step, 2 limit
inline const std::string list_slowest = shown_partitions + R"sql(v.no IN (
  SELECT no FROM partita_result WHERE step_id = ?1 ORDER BY took_us DESC, no LIMIT ?2)
ORDER BY x.took_us DESC, v.no)sql";

// 1 step, 2 no, 3 limit
inline constexpr char list_tries[] = R"sql(
SELECT l.lease_id, l.node_id, l.attempt, l.state, coalesce(x.outcome, f.outcome),
       coalesce(x.error, f.error), l.granted_at, x.took_us,
       coalesce(x.ended_at, f.at, l.ended_at)
FROM partita_lease l
LEFT JOIN partita_result x ON x.step_id = ?1 AND x.no = ?2 AND x.lease_id = l.lease_id
LEFT JOIN partita_failure f ON f.lease_id = l.lease_id AND f.no = ?2
WHERE l.lease_id IN (
  SELECT lease_id FROM partita_lease WHERE step_id = ?1 AND lo <= ?2 AND hi >= ?2
  UNION SELECT lease_id FROM partita_result WHERE step_id = ?1 AND no = ?2)
ORDER BY l.lease_id LIMIT ?3)sql";

// Of thousands of ready ranges a part is looked at. 1 run. Columns: held, first claimable, now
inline constexpr char standing[] = R"sql(
SELECT EXISTS (SELECT 1 FROM partita_step s JOIN partita_lease l ON l.step_id = s.step_id
               WHERE s.run_id = ?1 AND s.state = 'RUNNING' AND l.state = 'LIVE'),
       w.first, coalesce(w.first <= partita_now(), 0)
FROM (SELECT min(available_at) AS first
      FROM (SELECT d.available_at FROM partita_step s JOIN partita_ready d ON d.step_id = s.step_id
            WHERE s.run_id = ?1 AND s.state = 'RUNNING' LIMIT 10000)) w)sql";

// 1 step, 2 behind this no and 3 item, 4 limit
inline constexpr char list_skipped[] = R"sql(
SELECT step_id, no, item, stage, place, why, at FROM partita_skipped
WHERE step_id = ?1 AND (no, item) > (?2, ?3) ORDER BY no, item LIMIT ?4)sql";

// 1 step, 2 no, 3 limit
inline constexpr char list_skipped_of[] = R"sql(
SELECT step_id, no, item, stage, place, why, at FROM partita_skipped
WHERE step_id = ?1 AND no = ?2 ORDER BY item LIMIT ?3)sql";

// 1 step, 2 no
inline constexpr char find_checkpoint[] = R"sql(
SELECT seq, position, read_count, write_count, filter_count, skip_count FROM partita_checkpoint
WHERE step_id = ?1 AND no = ?2 AND seq > 0)sql";

// 1 step, 2 no, 3 limit
inline constexpr char list_log[] = R"sql(
SELECT * FROM (
  SELECT k.lease_id, l.node_id, l.attempt, k.number, k.text, k.at
  FROM partita_partition_log k JOIN partita_lease l ON l.lease_id = k.lease_id
  WHERE k.step_id = ?1 AND k.no = ?2 ORDER BY k.lease_id DESC, k.number DESC LIMIT ?3)
ORDER BY lease_id, number)sql";

// 1 run, 2 limit
inline constexpr char list_failures[] = R"sql(
SELECT f.step_id, f.no, f.lease_id, f.node_id, f.attempt, f.outcome, f.error, f.at
FROM partita_step s JOIN partita_failure f ON f.step_id = s.step_id
WHERE s.run_id = ?1 ORDER BY f.at DESC, f.lease_id DESC, f.no DESC LIMIT ?2)sql";

}  // namespace partita::sqlite::sql
