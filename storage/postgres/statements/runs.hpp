#pragma once

#include "storage/postgres/statements/locking.hpp"

namespace partita::postgres::sql {

inline const std::string run_values = R"(
       run_id, job, job_version, parameters, identity, launch_key, state,
       coalesce(master_node_id, 0) AS master, term, stop, coalesce(restart_of, 0) AS restart_of,
       result, error, partita.micros(created_at) AS created_at,
       partita.micros(started_at) AS started_at, partita.micros(ended_at) AS ended_at, abandoned,
       coalesce(trace_parent, '') AS trace_parent, coalesce(schedule_id, 0) AS schedule_id,
       partita.micros(tick) AS tick, priority, fair_key, partita.micros(paused_at) AS paused_at,
       paused_by, paused_note, partita.micros(purged_at) AS purged_at,
       job IN (SELECT p.job FROM partita.paused_job p) AS job_paused)";
inline const std::string run_columns = "SELECT" + run_values + " FROM partita.run ";

// FOR KEY SHARE is the fence of a master: whoever takes the run away waits for it. Under FOR UPDATE
// conflicting requests wait for each other. $1 run
inline std::string find_run(row_lock lock) {
  return run_columns + "WHERE run_id = $1::bigint" + locking(lock);
}

// $1 launch key
inline const std::string find_launch = run_columns + "WHERE launch_key = $1";

// $1 run
inline const std::string find_continuation = run_columns + "WHERE restart_of = $1::bigint";

// $1 schedule, $2 tick in microseconds
inline const std::string find_run_of_tick = run_columns + R"(
WHERE schedule_id = $1::bigint AND schedule_id IS NOT NULL AND restart_of IS NULL
  AND tick = )" + moment("$2");

// $1 job, $2 identity
inline const std::string find_live_run = run_columns + R"(
WHERE job = $1 AND md5(identity) = md5($2) AND state IN ('CREATED', 'RUNNING'))";

/// Only what is asked for is a condition, so that an index serves it. $2 job, $3 states as they are
/// shown, $4 since and $5 until in microseconds, or NULL, $6
/// master
struct asked_of_runs {
  bool job = false;
  bool states = false;
  bool only_live = false;  // those of `states` are CREATED and RUNNING
  bool master = false;
};
inline const std::string is_in_states =
    "CASE WHEN abandoned THEN 'ABANDONED' ELSE state END = ANY ($3::text[])";
inline std::string chosen_runs(const asked_of_runs& asked) {
  return std::string{"purged_at IS NULL AND "} + (asked.job ? "job = $2" : "$2::text IS NOT NULL") +
         (asked.only_live ? " AND state IN ('CREATED', 'RUNNING')" : "") + " AND " +
         (asked.states ? is_in_states : "$3::text[] IS NOT NULL") +
         (asked.master ? " AND master_node_id = $6::bigint" : " AND $6::bigint IS NOT NULL") +
         R"(
  AND ($4::bigint IS NULL OR created_at >= to_timestamp($4::bigint / 1e6))
  AND ($5::bigint IS NULL OR created_at < to_timestamp($5::bigint / 1e6)))";
}

// $1 at most, $7 below this id, or 0
inline std::string page_of_runs(const asked_of_runs& asked, bool before) {
  return "WHERE " + chosen_runs(asked) +
         (before ? " AND run_id < $7::bigint" : " AND $7::bigint IS NOT NULL") +
         " ORDER BY run_id DESC LIMIT $1::integer";
}
inline std::string list_runs(const asked_of_runs& asked, bool before) {
  return run_columns + page_of_runs(asked, before);
}
inline std::string list_parameters(const asked_of_runs& asked, bool before) {
  return "SELECT run_id, parameters FROM partita.run " + page_of_runs(asked, before);
}

// $1 at most of each, $2 jobs, $3 states as they are shown. The planner expects runs of every job
// among the newest ones, and would look for those of a job that has none through all there are: as
// a range of (job, run_id), only the index of jobs gives them in this order.
inline std::string list_runs_of(bool states) {
  return "SELECT r.* FROM unnest($2::text[]) asked (name) CROSS JOIN LATERAL (" + run_columns +
         R"(WHERE (job, run_id) >= (asked.name, 0)
    AND (job, run_id) <= (asked.name, 9223372036854775807) AND purged_at IS NULL AND )" +
         (states ? is_in_states : "$3::text[] IS NOT NULL") +
         " ORDER BY job DESC, run_id DESC LIMIT $1::integer) r";
}

// $1 schedule, $2 at most
inline const std::string list_runs_of_schedule =
    run_columns +
    "WHERE schedule_id = $1::bigint AND purged_at IS NULL ORDER BY run_id DESC LIMIT $2::integer";

// $1 runs
inline const std::string find_runs = run_columns + "WHERE run_id = ANY ($1::bigint[])";

// $1 at most
inline std::string count_runs(const asked_of_runs& asked) {
  return "SELECT count(*) FROM (SELECT FROM partita.run WHERE " + chosen_runs(asked) +
         " LIMIT $1::integer) counted";
}

// $1 run
inline const std::string set_abandoned =
    "UPDATE partita.run SET abandoned = true WHERE run_id = $1::bigint";

// A column for the answer of a statement: whether a run is live.
inline const std::string has_live_runs =
    "EXISTS (SELECT FROM partita.run WHERE state IN ('CREATED', 'RUNNING')) AS live_runs";

// No row: one of the unique indexes has it already; a new look tells which.
// $1 job, $2 version, $3 parameters, $4 identity, $5 launch key, $6 run it continues or 0,
// $7 result so far, $8 trace parent or '', $9 schedule or 0, $10 tick in microseconds or NULL,
// $11 priority. A trigger writes the fair key.
inline const std::string insert_run = R"(
INSERT INTO partita.run
  (job, job_version, parameters, identity, launch_key, restart_of, result, trace_parent,
   schedule_id, tick, priority, state)
VALUES ($1, $2::integer, $3, $4, $5, nullif($6::bigint, 0), $7, nullif($8, ''),
        nullif($9::bigint, 0), )" + moment("$10") +
                                      R"(, $11::integer, 'CREATED')
ON CONFLICT DO NOTHING RETURNING run_id)";

// $1 run, $2 mode
inline const std::string set_stop = R"(
UPDATE partita.run SET stop = $2 WHERE run_id = $1::bigint)";

// $1 run, $2 master, $3 term
inline const std::string take_run = R"(
UPDATE partita.run
SET master_node_id = $2::bigint, term = $3::bigint, state = 'RUNNING',
    started_at = coalesce(started_at, partita.clock()),
    fair_key = partita.fair_key(job, job_version, parameters)
WHERE run_id = $1::bigint)";

// $1 run
inline const std::string release_run = R"(
UPDATE partita.run SET master_node_id = NULL WHERE run_id = $1::bigint)";

// $1 run, $2 result
inline const std::string set_run_result = R"(
UPDATE partita.run SET result = $2 WHERE run_id = $1::bigint)";

// $1 run, $2 state, $3 error
inline const std::string end_run = R"(
UPDATE partita.run SET state = $2, error = $3, ended_at = partita.clock()
WHERE run_id = $1::bigint)";

// $1 node
inline const std::string driven_by = R"(
SELECT run_id, term FROM partita.run
WHERE master_node_id = $1::bigint AND state IN ('CREATED', 'RUNNING')
ORDER BY run_id FOR UPDATE)";

// A hint for nodes that listen (`--wake-up`): heard when the transaction has committed.
inline const std::string channel_of_work = "partita_work";
inline const std::string tell_of_work = "NOTIFY partita_work";

}  // namespace partita::postgres::sql
