#pragma once

#include "storage/postgres/statements/locking.hpp"
#include "storage/postgres/statements/results.hpp"

namespace partita::postgres::sql {

inline const std::string step_columns = R"(
SELECT s.step_id, s.run_id, s.name, s.ordinal, s.kind, s.state, s.streamed, s.transferable,
       s.max_attempts, s.retry_first_ms, s.retry_factor, s.retry_max_ms, s.split_context, s.count,
       s.sealed, s.after_failure, s.result, s.error, s.decision, s.decision_text, s.at_most,
       s.limits, s.tags,
       partita.micros(s.started_at) AS started_at, partita.micros(s.ended_at) AS ended_at )";

// The master's fence and then the step. FOR NO KEY UPDATE: what changes a split waits for others
// that do. FOR UPDATE: claims wait too, and what the next statement sees of leases is final.
// $1 step
inline std::string find_driven_step(row_lock of_step) {
  return step_columns + R"(
  , r.state AS run_state, coalesce(r.master_node_id, 0) AS master, r.term, r.stop
FROM partita.step s JOIN partita.run r ON r.run_id = s.run_id
WHERE s.step_id = $1::bigint FOR KEY SHARE OF r)" +
         locking(of_step, "s");
}

// $1 run, $2 ordinal
inline const std::string find_step_at = step_columns + R"(
FROM partita.step s WHERE s.run_id = $1::bigint AND s.ordinal = $2::integer)";

// $1 run
inline const std::string list_steps = step_columns + R"(
FROM partita.step s WHERE s.run_id = $1::bigint ORDER BY s.ordinal)";

// $1 step
inline const std::string standing_of = R"(
SELECT r.stop, s.sealed,
       EXISTS (SELECT FROM partita.ready w WHERE w.step_id = $1::bigint) AS ready,
       EXISTS (SELECT FROM partita.lease l
               WHERE l.step_id = $1::bigint AND l.state = 'LIVE') AS live,
       EXISTS (SELECT FROM partita.result o
               WHERE o.step_id = $1::bigint AND o.outcome = 'FAILED') AS failed
FROM partita.step s JOIN partita.run r ON r.run_id = s.run_id
WHERE s.step_id = $1::bigint)";

// No row: the run has a step of this ordinal.
// $1 run, $2 name, $3 ordinal, $4 kind, $5 streamed, $6 transferable, $7 max_attempts,
// $8 retry_first_ms, $9 retry_factor, $10 retry_max_ms, $11 split_context, $12 sealed,
// $13 after_failure, $14 at_most, $15 limits, $16 tags
inline const std::string insert_step = R"(
INSERT INTO partita.step
  (run_id, name, ordinal, kind, state, streamed, transferable, max_attempts, retry_first_ms,
   retry_factor, retry_max_ms, split_context, sealed, after_failure, at_most, limits, tags)
VALUES ($1::bigint, $2, $3::integer, $4, 'RUNNING', $5::boolean, $6::boolean, $7::integer,
        $8::bigint, $9::double precision, $10::bigint, $11, $12::boolean, $13::boolean,
        $14::integer, $15::text[], $16::text[])
ON CONFLICT (run_id, ordinal) DO NOTHING RETURNING step_id)";

// A listed split that was not sealed begins anew.
// $1 step, $2 new run, $3 whether it stays COMPLETED; else it is RUNNING
inline const std::string copy_step = R"(
INSERT INTO partita.step
  (run_id, name, ordinal, kind, state, streamed, transferable, max_attempts, retry_first_ms,
   retry_factor, retry_max_ms, split_context, count, sealed, result, error, started_at, ended_at,
   decision, decision_text, at_most, limits, tags)
SELECT $2::bigint, name, ordinal, kind, CASE WHEN $3::boolean THEN state ELSE 'RUNNING' END,
       streamed, transferable, max_attempts, retry_first_ms, retry_factor, retry_max_ms,
       CASE WHEN sealed OR streamed THEN split_context ELSE '{}' END,
       CASE WHEN sealed OR streamed THEN count ELSE 0 END, sealed,
       CASE WHEN $3::boolean THEN result ELSE '' END,
       CASE WHEN $3::boolean THEN error ELSE '' END,
       CASE WHEN $3::boolean THEN started_at ELSE partita.clock() END,
       CASE WHEN $3::boolean THEN ended_at END,
       CASE WHEN $3::boolean THEN decision END,
       CASE WHEN $3::boolean THEN decision_text ELSE '' END, at_most, limits, tags
FROM partita.step WHERE step_id = $1::bigint
RETURNING step_id)";

// $1 step, $2 decision, $3 its text
inline const std::string set_decision = R"(
UPDATE partita.step SET decision = $2, decision_text = $3 WHERE step_id = $1::bigint)";

// $1 step, $2 count
inline const std::string set_count = R"(
UPDATE partita.step SET count = $2::bigint WHERE step_id = $1::bigint)";

// $1 step, $2 how many results were carried over
inline const std::string set_carried = R"(
UPDATE partita.step SET carried = $2::bigint WHERE step_id = $1::bigint)";

// $1 step
inline const std::string seal_step = R"(
UPDATE partita.step SET sealed = true WHERE step_id = $1::bigint)";

// $1 step, $2 error
inline const std::string set_failing = R"(
UPDATE partita.step SET error = $2 WHERE step_id = $1::bigint)";

// $1 step, $2 state, $3 result, $4 error
inline const std::string end_step = R"(
UPDATE partita.step SET state = $2, result = $3, error = $4, ended_at = partita.clock()
WHERE step_id = $1::bigint)";

// No COPY: a master that is stopped in the middle of one would hold the fence until it goes on, and
// no timeout of the server ends that. $1 step, $2 first no, $3 keys, $4 inputs
inline const std::string insert_partitions = R"(
INSERT INTO partita.partition (step_id, no, key, input)
SELECT $1::bigint, $2::bigint + p.place - 1, p.key, p.input
FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS p (key, input, place))";

// By a function, because the role of a node may delete partitions in no other way.
// $1 step, $2 first no, $3 last no
inline const std::string delete_partitions =
    "SELECT partita.forget_partitions($1::bigint, $2::bigint, $3::bigint)";

// $1 step, $2 its copy, $3 first no, $4 last no
inline const std::string copy_partitions = R"(
INSERT INTO partita.partition (step_id, no, key, input)
SELECT $2::bigint, no, key, input FROM partita.partition
WHERE step_id = $1::bigint AND no BETWEEN $3::bigint AND $4::bigint)";

// $1 step, $2 its copy, $3 first no, $4 last no
inline const std::string copy_repeats = R"(
INSERT INTO partita.checkpoint (step_id, no, lease_id, seq, position, read_count, write_count,
                                filter_count, skip_count)
SELECT s.step_id, r.no, r.lease_id, 1,
       json_build_object('partita_repeat', json_build_object(
         'run', s.run_id, 'read', r.read_count, 'written', r.write_count,
         'filtered', r.filter_count, 'items', k.items))::text, 0, 0, 0, 0
FROM partita.step s, partita.result r
CROSS JOIN LATERAL (SELECT json_agg(json_build_array(item, place) ORDER BY item) AS items
                    FROM partita.skipped k
                    WHERE k.step_id = r.step_id AND k.no = r.no) k
WHERE s.step_id = $2::bigint AND r.step_id = $1::bigint AND r.no BETWEEN $3::bigint AND $4::bigint
  AND r.outcome = 'COMPLETED' AND k.items IS NOT NULL)";

// $1 step, $2 its copy, $3 first no, $4 last no
inline const std::string copy_completed_results = R"(
INSERT INTO partita.result (step_id, no, lease_id, outcome, output, error, read_count, write_count,
                            filter_count, skip_count, took_us, ended_at, files)
SELECT $2::bigint, no, lease_id, outcome, output, error, read_count, write_count,
       filter_count, skip_count, took_us, ended_at, files
FROM partita.result r
WHERE step_id = $1::bigint AND no BETWEEN $3::bigint AND $4::bigint AND outcome = 'COMPLETED'
  AND (SELECT c.no FROM partita.checkpoint c WHERE c.step_id = $2::bigint AND c.no = r.no)
      IS NULL)";

// $1 step, $2 its copy, $3 first no, $4 last no
inline const std::string copy_names = R"(
INSERT INTO partita.output_name (run_id, name, step_id, no)
SELECT (SELECT run_id FROM partita.step WHERE step_id = $2::bigint), n.name, $2::bigint, n.no
FROM partita.output_name n
WHERE n.run_id = (SELECT run_id FROM partita.step WHERE step_id = $1::bigint)
  AND n.step_id = $1::bigint AND n.no BETWEEN $3::bigint AND $4::bigint
  AND (SELECT r.no FROM partita.result r WHERE r.step_id = $2::bigint AND r.no = n.no)
      IS NOT NULL)";

// $1 step, $2 first no, $3 last no
inline const std::string count_results = R"(
INSERT INTO partita.step_counter AS c
SELECT o.step_id, l.node_id, count(*) FILTER (WHERE o.outcome = 'COMPLETED'),
       count(*) FILTER (WHERE o.outcome = 'FAILED'), sum(o.read_count), sum(o.write_count),
       sum(o.filter_count), sum(o.skip_count)
FROM partita.result o JOIN partita.lease l ON l.lease_id = o.lease_id
WHERE o.step_id = $1::bigint AND o.no BETWEEN $2::bigint AND $3::bigint
GROUP BY o.step_id, l.node_id
)" + sum_counts;

// A report that comes late can leave a row without a position for a COMPLETED partition: that of
// copy_repeats stays. $1 step, $2 its copy, $3 first no, $4 last no
inline const std::string copy_checkpoints = R"(
INSERT INTO partita.checkpoint (step_id, no, lease_id, seq, position, read_count, write_count,
                                filter_count, skip_count, progress_done, progress_total, updated_at)
SELECT $2::bigint, no, lease_id, seq, position, read_count, write_count,
       filter_count, skip_count, progress_done, progress_total, updated_at
FROM partita.checkpoint c
WHERE c.step_id = $1::bigint AND c.no BETWEEN $3::bigint AND $4::bigint
  AND (SELECT r.no FROM partita.result r WHERE r.step_id = $2::bigint AND r.no = c.no) IS NULL
ON CONFLICT DO NOTHING)";

// $1 step, $2 new step, $3 lo, $4 hi
inline const std::string copy_skipped = R"(
INSERT INTO partita.skipped (step_id, no, item, stage, place, why, at)
SELECT $2::bigint, no, item, stage, place, why, at FROM partita.skipped s
WHERE step_id = $1::bigint AND no BETWEEN $3::bigint AND $4::bigint
  AND (SELECT c.no FROM partita.checkpoint c WHERE c.step_id = $2::bigint AND c.no = s.no)
      IS NULL)";

}  // namespace partita::postgres::sql
