#pragma once

#include <string>

namespace partita::sqlite::sql {

// 1 step, 2 lo, 3 hi. Columns: no, lease, COMPLETED
inline constexpr char results_within[] = R"sql(
SELECT no, lease_id, outcome = 'COMPLETED' FROM partita_result
WHERE step_id = ?1 AND no BETWEEN ?2 AND ?3 ORDER BY no)sql";

// 1 lease, 2 lo, 3 hi
inline constexpr char failures_within[] = R"sql(
SELECT no FROM partita_failure WHERE lease_id = ?1 AND no BETWEEN ?2 AND ?3 ORDER BY no)sql";

// 1 step, 2 no, 3 lease, 4 outcome, 5 output, 6 error, 7 read, 8 written, 9 filtered, 10 skipped,
// 11 took, 12 files, 13 ended at. No row: the partition has its result already.
inline constexpr char insert_result[] = R"sql(
INSERT INTO partita_result (step_id, no, lease_id, outcome, output, error, read_count, write_count,
                            filter_count, skip_count, took_us, ended_at, files)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?13, ?12)
ON CONFLICT (step_id, no) DO NOTHING)sql";

// 1 step, 2 no, 3 lease, 4 reason. As insert_result, for what nobody reports.
inline constexpr char insert_lost[] = R"sql(
INSERT INTO partita_result (step_id, no, lease_id, outcome, output, error, read_count, write_count,
                            filter_count, skip_count, took_us, ended_at)
VALUES (?1, ?2, ?3, 'FAILED', 'null', ?4, 0, 0, 0, 0, 0, partita_now())
ON CONFLICT (step_id, no) DO NOTHING)sql";

// 1 step, 2 no, 3 lease, 4 node, 5 attempt, 6 outcome, 7 error, 8 at
inline constexpr char insert_failure[] = R"sql(
INSERT INTO partita_failure (step_id, no, lease_id, node_id, attempt, outcome, error, at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8))sql";

// 1 run, 2 name, 3 step, 4 no. No row: somebody has the name.
inline constexpr char reserve_name[] = R"sql(
INSERT INTO partita_output_name (run_id, name, step_id, no) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (run_id, name) DO NOTHING)sql";

// 1 run, 2 name
inline constexpr char owner_of_name[] =
    "SELECT step_id, no FROM partita_output_name WHERE run_id = ?1 AND name = ?2";

// What is inserted is added to what the node has counted of the step.
inline const std::string sum_counts = R"sql(
ON CONFLICT (step_id, node_id) DO UPDATE
SET completed = completed + excluded.completed, failed = failed + excluded.failed,
    read_count = read_count + excluded.read_count,
    write_count = write_count + excluded.write_count,
    filter_count = filter_count + excluded.filter_count,
    skip_count = skip_count + excluded.skip_count)sql";

// 1 step, 2 node, 3 completed, 4 failed, 5 read, 6 written, 7 filtered, 8 skipped
inline const std::string add_counts = R"sql(
INSERT INTO partita_step_counter (step_id, node_id, completed, failed, read_count, write_count,
                                  filter_count, skip_count)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8))sql" +
                                      sum_counts;

// 1 step, 2 no
inline constexpr char delete_checkpoint[] =
    "DELETE FROM partita_checkpoint WHERE step_id = ?1 AND no = ?2";

// 1 step, 2 no
inline constexpr char saved_checkpoint[] = R"sql(
SELECT seq, read_count, write_count, filter_count, skip_count FROM partita_checkpoint
WHERE step_id = ?1 AND no = ?2)sql";

// 1 step, 2 no, 3 item, 4 stage, 5 place, 6 why
inline constexpr char insert_skipped[] = R"sql(
INSERT INTO partita_skipped (step_id, no, item, stage, place, why, at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, partita_now()))sql";

// 1 step, 2 no, 3 lease, 4 seq, 5 position, 6 read, 7 written, 8 filtered, 9 skipped.
// No row: as much is saved already.
inline constexpr char save_checkpoint[] = R"sql(
INSERT INTO partita_checkpoint (step_id, no, lease_id, seq, position, read_count, write_count,
                                filter_count, skip_count, updated_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, partita_now())
ON CONFLICT (step_id, no) DO UPDATE
SET lease_id = excluded.lease_id, seq = excluded.seq, position = excluded.position,
    read_count = excluded.read_count, write_count = excluded.write_count,
    filter_count = excluded.filter_count, skip_count = excluded.skip_count,
    updated_at = excluded.updated_at
WHERE excluded.seq > seq)sql";

// A later line takes the place of the one that is so many before it.
// 1 lease, 2 no, 3 number, 4 text, 5 microseconds ago, 6 how many are kept
inline constexpr char save_log_line[] = R"sql(
INSERT INTO partita_partition_log (step_id, no, lease_id, place, number, text, at)
SELECT step_id, ?2, lease_id, ?3 % ?6, ?3, ?4, partita_now() - ?5
FROM partita_lease WHERE lease_id = ?1 AND ?2 BETWEEN lo AND hi
ON CONFLICT (step_id, no, lease_id, place) DO UPDATE
SET number = excluded.number, text = excluded.text, at = excluded.at
WHERE number < excluded.number)sql";

// 1 step, 2 no, 3 lease, 4 done, 5 total
inline constexpr char save_progress[] = R"sql(
INSERT INTO partita_checkpoint (step_id, no, lease_id, seq, progress_done, progress_total,
                                updated_at)
VALUES (?1, ?2, ?3, 0, ?4, ?5, partita_now())
ON CONFLICT (step_id, no) DO UPDATE
SET lease_id = excluded.lease_id, progress_done = excluded.progress_done,
    progress_total = excluded.progress_total, updated_at = excluded.updated_at)sql";

// 1 step, 2 after, 3 limit
inline constexpr char list_results[] = R"sql(
SELECT no, lease_id, outcome = 'COMPLETED', output, error, read_count, write_count, filter_count,
       skip_count, took_us, ended_at, files
FROM partita_result WHERE step_id = ?1 AND no > ?2 ORDER BY no LIMIT ?3)sql";

// As list_results. INDEXED BY: else the planner may choose the primary key, and read all results.
inline constexpr char list_failed_results[] = R"sql(
SELECT no, lease_id, outcome = 'COMPLETED', output, error, read_count, write_count, filter_count,
       skip_count, took_us, ended_at, files
FROM partita_result INDEXED BY partita_result_failed
WHERE outcome = 'FAILED' AND step_id = ?1 AND no > ?2 ORDER BY no LIMIT ?3)sql";

// As list_failed_results.
inline constexpr char list_results_with_files[] = R"sql(
SELECT no, lease_id, outcome = 'COMPLETED', output, error, read_count, write_count, filter_count,
       skip_count, took_us, ended_at, files
FROM partita_result INDEXED BY partita_result_files
WHERE files IS NOT NULL AND step_id = ?1 AND no > ?2 ORDER BY no LIMIT ?3)sql";

}  // namespace partita::sqlite::sql
