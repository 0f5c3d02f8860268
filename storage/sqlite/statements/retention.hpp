#pragma once

namespace partita::sqlite::sql {

// 1 job, 2 keep in milliseconds, 3 keep last
inline constexpr char set_retention[] = R"sql(
INSERT INTO partita_retention (job, keep_ms, keep_last) VALUES (?1, ?2, ?3)
ON CONFLICT (job) DO UPDATE SET keep_ms = excluded.keep_ms, keep_last = excluded.keep_last)sql";

// 1 job
inline constexpr char remove_retention[] = "DELETE FROM partita_retention WHERE job = ?1";

inline constexpr char list_retention[] =
    "SELECT job, keep_ms, keep_last FROM partita_retention ORDER BY job";

inline constexpr char known_jobs[] = "SELECT DISTINCT name FROM partita_job ORDER BY name";

// The last runs of chains of a job, oldest first, that are past what is kept of it. 1 job, 2 states
// as they are shown as a JSON list, or '[]', 3 keep in milliseconds, 4 keep last, 5 at most
inline constexpr char past_runs[] = R"sql(
SELECT r.run_id FROM partita_run r INDEXED BY partita_run_kept
WHERE r.job = ?1 AND r.ended_at IS NOT NULL AND r.purged_at IS NULL
  AND r.ended_at < partita_now() - ?3 * 1000
  AND NOT EXISTS (SELECT 1 FROM partita_run c WHERE c.restart_of = r.run_id)
  AND (?2 = '[]' OR CASE r.abandoned WHEN 0 THEN r.state ELSE 'ABANDONED' END IN
                    (SELECT value FROM json_each(?2)))
  AND (?4 = 0 OR EXISTS (
         SELECT 1 FROM partita_run k
         WHERE k.job = r.job AND k.run_id > r.run_id AND k.ended_at IS NOT NULL
           AND k.purged_at IS NULL
         LIMIT 1 OFFSET ?4 - 1))
ORDER BY r.ended_at, r.run_id LIMIT ?5)sql";

// 1 run. `result` and `error` are no part of what is kept.
inline constexpr char entomb[] = R"sql(
UPDATE partita_run SET purged_at = partita_now(), result = '', error = ''
WHERE run_id = ?1 AND purged_at IS NULL)sql";
// 1 run
inline constexpr char insert_purging[] = R"sql(
INSERT INTO partita_purging (run_id, files_gone)
VALUES (?1, NOT EXISTS (SELECT 1 FROM partita_output_name WHERE run_id = ?1)))sql";

// 1 this run or older ones
inline constexpr char find_purged_with_files[] = R"sql(
SELECT run_id FROM partita_purging WHERE files_gone = 0 AND run_id <= ?1
ORDER BY run_id DESC LIMIT 1)sql";
// 1 run
inline constexpr char files_are_gone[] =
    "UPDATE partita_purging SET files_gone = 1 WHERE run_id = ?1 AND files_gone = 0";

// 1 pause in milliseconds
inline constexpr char take_purge_turn[] = R"sql(
UPDATE partita_purge_turn SET next_at = partita_now() + ?1 * 1000
WHERE next_at <= partita_now())sql";

inline constexpr char count_purging[] = "SELECT count(*) FROM partita_purging";

inline constexpr char next_purging[] = R"sql(
SELECT run_id, step_id, no, event_id FROM partita_purging
WHERE files_gone = 1 ORDER BY run_id DESC LIMIT 1)sql";

// 1 run, 2 step
inline constexpr char next_purged_step[] = R"sql(
SELECT step_id, count FROM partita_step WHERE run_id = ?1 AND step_id >= ?2
ORDER BY step_id LIMIT 1)sql";

// Of partitions. 1 step, 2 from, 3 below, 4 at most
inline constexpr char purge_skipped[] = R"sql(
DELETE FROM partita_skipped WHERE (step_id, no, item) IN (
  SELECT step_id, no, item FROM partita_skipped
  WHERE step_id = ?1 AND no >= ?2 AND no < ?3 LIMIT ?4))sql";
// 1 step, 2 from, 3 below
inline constexpr char purge_log[] =
    "DELETE FROM partita_partition_log WHERE step_id = ?1 AND no >= ?2 AND no < ?3";
inline constexpr char purge_checkpoints[] =
    "DELETE FROM partita_checkpoint WHERE step_id = ?1 AND no >= ?2 AND no < ?3";
inline constexpr char purge_failures[] =
    "DELETE FROM partita_failure WHERE step_id = ?1 AND no >= ?2 AND no < ?3";
inline constexpr char purge_results[] =
    "DELETE FROM partita_result WHERE step_id = ?1 AND no >= ?2 AND no < ?3";
inline constexpr char purge_partitions[] =
    "DELETE FROM partita_partition WHERE step_id = ?1 AND no >= ?2 AND no < ?3";

// 1 step, 2 at most
inline constexpr char purge_tiles[] = R"sql(
DELETE FROM partita_tile WHERE (step_id, at_s, node_id) IN (
  SELECT step_id, at_s, node_id FROM partita_tile WHERE step_id = ?1 LIMIT ?2))sql";
inline constexpr char purge_ready[] = R"sql(
DELETE FROM partita_ready WHERE ready_id IN (
  SELECT ready_id FROM partita_ready WHERE step_id = ?1 LIMIT ?2))sql";
// 1 step
inline constexpr char purge_counters[] = "DELETE FROM partita_step_counter WHERE step_id = ?1";

// 1 run, 2 at most
inline constexpr char purge_names[] = R"sql(
DELETE FROM partita_output_name WHERE (run_id, name) IN (
  SELECT run_id, name FROM partita_output_name WHERE run_id = ?1 LIMIT ?2))sql";

// The last of the next events. 1 run, 2 behind this one, 3 at most
inline constexpr char last_purged_event[] = R"sql(
SELECT max(event_id) FROM (
  SELECT event_id FROM partita_event
  WHERE run_id = ?1 AND event_id > ?2 ORDER BY event_id LIMIT ?3))sql";
// With each event that granted a lease, the lease. 1 run, 2 behind this event, 3 to this one
inline constexpr char purge_leases[] = R"sql(
DELETE FROM partita_lease WHERE lease_id IN (
  SELECT lease_id FROM partita_event
  WHERE run_id = ?1 AND event_id > ?2 AND event_id <= ?3 AND kind = 'LEASE_GRANTED'))sql";
inline constexpr char purge_events[] =
    "DELETE FROM partita_event WHERE run_id = ?1 AND event_id > ?2 AND event_id <= ?3";

// 1 run
inline constexpr char purge_steps[] = "DELETE FROM partita_step WHERE run_id = ?1";
inline constexpr char purging_is_over[] = "DELETE FROM partita_purging WHERE run_id = ?1";

// How far it has come. 1 run, 2 step, 3 partition
inline constexpr char purged_to_partition[] =
    "UPDATE partita_purging SET step_id = ?2, no = ?3 WHERE run_id = ?1";
// 1 run, 2 event
inline constexpr char purged_to_event[] =
    "UPDATE partita_purging SET event_id = ?2 WHERE run_id = ?1";

}  // namespace partita::sqlite::sql
