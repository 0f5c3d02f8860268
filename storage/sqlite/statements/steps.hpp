#pragma once

#include "storage/sqlite/statements/results.hpp"

namespace partita::sqlite::sql {

// 1 step
inline constexpr char find_step[] = R"sql(
SELECT step_id, run_id, name, ordinal, kind, state, streamed, transferable, max_attempts,
       retry_first_ms, retry_factor, retry_max_ms, split_context, count, sealed, result, error,
       started_at, ended_at, after_failure, decision, decision_text, carried, at_most, limits,
       tags
FROM partita_step WHERE step_id = ?1)sql";

// 1 run
inline constexpr char list_steps[] = R"sql(
SELECT step_id, run_id, name, ordinal, kind, state, streamed, transferable, max_attempts,
       retry_first_ms, retry_factor, retry_max_ms, split_context, count, sealed, result, error,
       started_at, ended_at, after_failure, decision, decision_text, carried, at_most, limits,
       tags
FROM partita_step WHERE run_id = ?1 ORDER BY ordinal)sql";

// 1 run, 2 ordinal
inline constexpr char step_at[] =
    "SELECT step_id FROM partita_step WHERE run_id = ?1 AND ordinal = ?2";

// 1 step. Columns: stop of the run, sealed, anything ready, anything live, anything failed.
// Without INDEXED BY the last one reads every result of the step: the planner rates the primary key
// as high as the index of FAILED results.
inline constexpr char standing_of_step[] = R"sql(
SELECT r.stop, s.sealed,
       EXISTS (SELECT 1 FROM partita_ready d WHERE d.step_id = s.step_id),
       EXISTS (SELECT 1 FROM partita_lease l WHERE l.step_id = s.step_id AND l.state = 'LIVE'),
       EXISTS (SELECT 1 FROM partita_result x INDEXED BY partita_result_failed
                WHERE x.step_id = s.step_id AND x.outcome = 'FAILED')
FROM partita_step s JOIN partita_run r ON r.run_id = s.run_id WHERE s.step_id = ?1)sql";

// 1 run, 2 name, 3 ordinal, 4 kind, 5 streamed, 6 transferable, 7 max_attempts, 8 first delay,
// 9 factor, 10 max delay, 11 split context, 12 sealed, 13 after_failure, 14 at_most, 15 limits, 16
// tags. No row: the run has a step of this ordinal.
inline constexpr char insert_step[] = R"sql(
INSERT INTO partita_step
  (run_id, name, ordinal, kind, state, streamed, transferable, max_attempts, retry_first_ms,
   retry_factor, retry_max_ms, split_context, sealed, after_failure, at_most, limits,
   tags, started_at)
VALUES (?1, ?2, ?3, ?4, 'RUNNING', ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16,
        partita_now())
ON CONFLICT (run_id, ordinal) DO NOTHING)sql";

// 1 step, 2 decision, 3 its text
inline constexpr char set_decision[] =
    "UPDATE partita_step SET decision = ?2, decision_text = ?3 WHERE step_id = ?1";

// 1 step, 2 count
inline constexpr char set_count[] = "UPDATE partita_step SET count = ?2 WHERE step_id = ?1";

// 1 step, 2 how many
inline constexpr char set_carried[] = "UPDATE partita_step SET carried = ?2 WHERE step_id = ?1";

// 1 step
inline constexpr char seal_step[] = "UPDATE partita_step SET sealed = 1 WHERE step_id = ?1";

// 1 step, 2 error
inline constexpr char set_failing[] = "UPDATE partita_step SET error = ?2 WHERE step_id = ?1";

// 1 step, 2 state, 3 result, 4 error
inline constexpr char end_step[] = R"sql(
UPDATE partita_step SET state = ?2, result = ?3, error = ?4, ended_at = partita_now()
WHERE step_id = ?1)sql";

// 1 step, 2 no, 3 key, 4 input
inline constexpr char insert_partition[] =
    "INSERT INTO partita_partition (step_id, no, key, input) VALUES (?1, ?2, ?3, ?4)";

// 1 step, 2 lo, 3 hi
inline constexpr char delete_partitions[] =
    "DELETE FROM partita_partition WHERE step_id = ?1 AND no BETWEEN ?2 AND ?3";

// --- for a run that continues another ------------------------------------------------------------

// 1 new run, 2 step
inline constexpr char copy_completed_step[] = R"sql(
INSERT INTO partita_step
  (run_id, name, ordinal, kind, state, streamed, transferable, max_attempts, retry_first_ms,
   retry_factor, retry_max_ms, split_context, count, sealed, result, error, started_at, ended_at,
   decision, decision_text, at_most, limits, tags)
SELECT ?1, name, ordinal, kind, state, streamed, transferable, max_attempts, retry_first_ms,
       retry_factor, retry_max_ms, split_context, count, sealed, result, error, started_at,
       ended_at, decision, decision_text, at_most, limits, tags
FROM partita_step WHERE step_id = ?2)sql";

// A listed split that was not sealed begins anew. 1 new run, 2 step
inline constexpr char copy_unfinished_step[] = R"sql(
INSERT INTO partita_step
  (run_id, name, ordinal, kind, state, streamed, transferable, max_attempts, retry_first_ms,
   retry_factor, retry_max_ms, split_context, count, sealed, at_most, limits, tags,
   started_at)
SELECT ?1, name, ordinal, kind, 'RUNNING', streamed, transferable, max_attempts, retry_first_ms,
       retry_factor, retry_max_ms, iif(sealed OR streamed, split_context, '{}'),
       iif(sealed OR streamed, count, 0), sealed, at_most, limits, tags, partita_now()
FROM partita_step WHERE step_id = ?2)sql";

// 1 new step, 2 step, 3 lo, 4 hi
inline constexpr char copy_partitions[] = R"sql(
INSERT INTO partita_partition (step_id, no, key, input)
SELECT ?1, no, key, input FROM partita_partition
WHERE step_id = ?2 AND no BETWEEN ?3 AND ?4 ORDER BY no)sql";

// 1 new step, 2 step, 3 lo, 4 hi
inline constexpr char copy_repeats[] = R"sql(
INSERT INTO partita_checkpoint (step_id, no, lease_id, seq, position, read_count, write_count,
                                filter_count, skip_count, updated_at)
SELECT s.step_id, x.no, x.lease_id, 1,
       json_object('partita_repeat', json_object(
         'run', s.run_id, 'read', x.read_count, 'written', x.write_count,
         'filtered', x.filter_count,
         'items', (SELECT json_group_array(json_array(item, place))
                   FROM (SELECT item, place FROM partita_skipped k
                         WHERE k.step_id = x.step_id AND k.no = x.no ORDER BY item)))),
       0, 0, 0, 0, partita_now()
FROM partita_step s, partita_result x
WHERE s.step_id = ?1 AND x.step_id = ?2 AND x.no BETWEEN ?3 AND ?4 AND x.outcome = 'COMPLETED'
  AND EXISTS (SELECT 1 FROM partita_skipped k WHERE k.step_id = x.step_id AND k.no = x.no)
ORDER BY x.no)sql";

// 1 new step, 2 step, 3 lo, 4 hi
inline constexpr char copy_completed_results[] = R"sql(
INSERT INTO partita_result (step_id, no, lease_id, outcome, output, error, read_count, write_count,
                            filter_count, skip_count, took_us, ended_at, files)
SELECT ?1, no, lease_id, outcome, output, error, read_count, write_count, filter_count, skip_count,
       took_us, ended_at, files
FROM partita_result x
WHERE step_id = ?2 AND no BETWEEN ?3 AND ?4 AND outcome = 'COMPLETED'
  AND NOT EXISTS (SELECT 1 FROM partita_checkpoint c WHERE c.step_id = ?1 AND c.no = x.no)
ORDER BY no)sql";

// 1 new step, 2 step, 3 lo, 4 hi
inline constexpr char copy_names[] = R"sql(
INSERT INTO partita_output_name (run_id, name, step_id, no)
SELECT (SELECT run_id FROM partita_step WHERE step_id = ?1), o.name, ?1, o.no
FROM partita_output_name o
WHERE o.run_id = (SELECT run_id FROM partita_step WHERE step_id = ?2) AND o.step_id = ?2
  AND o.no BETWEEN ?3 AND ?4
  AND EXISTS (SELECT 1 FROM partita_result x WHERE x.step_id = ?1 AND x.no = o.no))sql";

// 1 step, 2 lo, 3 hi
inline const std::string count_results = R"sql(
INSERT INTO partita_step_counter (step_id, node_id, completed, failed, read_count, write_count,
                                  filter_count, skip_count)
SELECT x.step_id, l.node_id, sum(x.outcome = 'COMPLETED'), sum(x.outcome = 'FAILED'),
       sum(x.read_count), sum(x.write_count), sum(x.filter_count), sum(x.skip_count)
FROM partita_result x JOIN partita_lease l ON l.lease_id = x.lease_id
WHERE x.step_id = ?1 AND x.no BETWEEN ?2 AND ?3 GROUP BY x.step_id, l.node_id)sql" +
                                         sum_counts;

// 1 new step, 2 step, 3 lo, 4 hi
inline constexpr char copy_checkpoints[] = R"sql(
INSERT INTO partita_checkpoint
  (step_id, no, lease_id, seq, position, read_count, write_count, filter_count, skip_count,
   progress_done, progress_total, updated_at)
SELECT ?1, c.no, c.lease_id, c.seq, c.position, c.read_count, c.write_count, c.filter_count,
       c.skip_count, c.progress_done, c.progress_total, c.updated_at
FROM partita_checkpoint c
WHERE c.step_id = ?2 AND c.no BETWEEN ?3 AND ?4
  AND NOT EXISTS (SELECT 1 FROM partita_result x WHERE x.step_id = ?1 AND x.no = c.no)
ORDER BY c.no)sql";

// 1 new step, 2 step, 3 lo, 4 hi
inline constexpr char copy_skipped[] = R"sql(
INSERT INTO partita_skipped (step_id, no, item, stage, place, why, at)
SELECT ?1, no, item, stage, place, why, at FROM partita_skipped k
WHERE step_id = ?2 AND no BETWEEN ?3 AND ?4
  AND NOT EXISTS (SELECT 1 FROM partita_checkpoint c WHERE c.step_id = ?1 AND c.no = k.no)
ORDER BY no, item)sql";

}  // namespace partita::sqlite::sql
