#pragma once

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

// 1 step. Columns: completed, failed, read, written, filtered, skipped
inline constexpr char counted_totals[] = R"sql(
SELECT coalesce(sum(completed), 0), coalesce(sum(failed), 0), coalesce(sum(read_count), 0),
       coalesce(sum(write_count), 0), coalesce(sum(filter_count), 0), coalesce(sum(skip_count), 0)
FROM partita_step_counter WHERE step_id = ?1)sql";

// 1 step, 2 after, 3 limit
inline constexpr char list_partitions[] = R"sql(
SELECT v.no, v.key, p.input, v.status, v.attempt, v.node_id, v.lease_id, v.progress_done,
       v.progress_total, coalesce(x.read_count, c.read_count),
       coalesce(x.write_count, c.write_count), coalesce(x.filter_count, c.filter_count),
       coalesce(x.skip_count, c.skip_count), x.output, v.error, x.ended_at, x.files
FROM partita_partition_status v
JOIN partita_partition p ON p.step_id = v.step_id AND p.no = v.no
LEFT JOIN partita_result x ON x.step_id = v.step_id AND x.no = v.no
LEFT JOIN partita_checkpoint c ON c.step_id = v.step_id AND c.no = v.no
WHERE v.step_id = ?1 AND v.no > ?2 ORDER BY v.no LIMIT ?3)sql";

// 1 run, 2 limit
inline constexpr char list_failures[] = R"sql(
SELECT f.step_id, f.no, f.lease_id, f.node_id, f.attempt, f.outcome, f.error, f.at
FROM partita_step s JOIN partita_failure f ON f.step_id = s.step_id
WHERE s.run_id = ?1 ORDER BY f.at DESC, f.lease_id DESC, f.no DESC LIMIT ?2)sql";

}  // namespace partita::sqlite::sql
