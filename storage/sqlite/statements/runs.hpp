#pragma once

#include <string>

namespace partita::sqlite::sql {

// 1 run
inline constexpr char find_run[] = R"sql(
SELECT run_id, job, job_version, parameters, identity, launch_key, state, master_node_id, term,
       stop, restart_of, result, error, created_at, started_at, ended_at, abandoned,
       trace_parent, schedule_id, tick, priority, fair_key, paused_at, paused_by, paused_note,
       EXISTS (SELECT 1 FROM partita_paused_job p WHERE p.job = partita_run.job), purged_at
FROM partita_run WHERE run_id = ?1)sql";

// 1 before, 2 limit, 3 job or '', 4 states as they are shown as a JSON list, or '[]', 5 since, 6
// until, 7 master, or none
inline constexpr char chosen_runs[] = R"sql(
  AND purged_at IS NULL
  AND (?4 = '[]' OR CASE abandoned WHEN 0 THEN state ELSE 'ABANDONED' END IN
                    (SELECT value FROM json_each(?4)))
  AND (?5 IS NULL OR created_at >= ?5) AND (?6 IS NULL OR created_at < ?6)
  AND (?7 IS NULL OR master_node_id = ?7))sql";

// Only what is asked for is a condition, so that an index serves it.
inline std::string list_runs(bool of_job, bool only_live) {
  return std::string{R"sql(
SELECT run_id, job, job_version, parameters, identity, launch_key, state, master_node_id, term,
       stop, restart_of, result, error, created_at, started_at, ended_at, abandoned,
       trace_parent, schedule_id, tick, priority, fair_key, paused_at, paused_by, paused_note,
       EXISTS (SELECT 1 FROM partita_paused_job p WHERE p.job = partita_run.job), purged_at
FROM partita_run WHERE run_id < ?1)sql"} +
         (of_job ? " AND job = ?3" : "") +
         (only_live ? " AND state IN ('CREATED', 'RUNNING')" : "") + chosen_runs +
         " ORDER BY run_id DESC LIMIT ?2";
}
inline std::string count_runs(bool of_job, bool only_live) {
  return std::string{"SELECT count(*) FROM (SELECT 1 FROM partita_run WHERE run_id < ?1"} +
         (of_job ? " AND job = ?3" : "") +
         (only_live ? " AND state IN ('CREATED', 'RUNNING')" : "") + chosen_runs + " LIMIT ?2)";
}

// 1 run
inline constexpr char set_abandoned[] = "UPDATE partita_run SET abandoned = 1 WHERE run_id = ?1";

// 1 schedule, 2 limit
inline constexpr char runs_of_schedule[] = R"sql(
SELECT run_id, job, job_version, parameters, identity, launch_key, state, master_node_id, term,
       stop, restart_of, result, error, created_at, started_at, ended_at, abandoned,
       trace_parent, schedule_id, tick, priority, fair_key, paused_at, paused_by, paused_note,
       EXISTS (SELECT 1 FROM partita_paused_job p WHERE p.job = partita_run.job), purged_at
FROM partita_run WHERE schedule_id = ?1 AND purged_at IS NULL ORDER BY run_id DESC LIMIT ?2)sql";

// 1 launch key
inline constexpr char run_of_launch[] = "SELECT run_id FROM partita_run WHERE launch_key = ?1";

// 1 run
inline constexpr char run_that_continues[] = "SELECT run_id FROM partita_run WHERE restart_of = ?1";

// 1 job, 2 identity
inline constexpr char live_run_of[] = R"sql(
SELECT run_id FROM partita_run
WHERE job = ?1 AND identity = ?2 AND state IN ('CREATED', 'RUNNING'))sql";

// One row if a run is live.
inline constexpr char any_live_run[] =
    "SELECT 1 FROM partita_run WHERE state IN ('CREATED', 'RUNNING') LIMIT 1";

// 1 job, 2 version, 3 parameters, 4 identity, 5 launch key, 6 restart of, 7 result, 8 trace parent
// or '', 9 schedule, 10 tick, 11 priority
// No row: one of the unique indexes refused it.
inline constexpr char insert_run[] = R"sql(
INSERT INTO partita_run
  (job, job_version, parameters, identity, launch_key, state, restart_of, result, trace_parent,
   schedule_id, tick, priority, fair_key, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, 'CREATED', ?6, ?7, nullif(?8, ''), ?9, ?10, ?11,
        coalesce((SELECT ?3 ->> j.fair_by FROM partita_job j
                  WHERE j.name = ?1 AND j.version = ?2 AND j.fair_by <> ''), ''), partita_now())
ON CONFLICT DO NOTHING)sql";

// 1 run, 2 mode
inline constexpr char set_stop[] = "UPDATE partita_run SET stop = ?2 WHERE run_id = ?1";

// 1 run, 2 node, 3 term
inline constexpr char take_run[] = R"sql(
UPDATE partita_run
SET master_node_id = ?2, term = ?3, state = 'RUNNING',
    started_at = coalesce(started_at, partita_now()),
    fair_key = coalesce((SELECT parameters ->> j.fair_by FROM partita_job j
                         WHERE j.name = job AND j.version = job_version AND j.fair_by <> ''), '')
WHERE run_id = ?1)sql";

// 1 run
inline constexpr char release_run[] =
    "UPDATE partita_run SET master_node_id = NULL WHERE run_id = ?1";

// 1 run, 2 result
inline constexpr char set_run_result[] = "UPDATE partita_run SET result = ?2 WHERE run_id = ?1";

// 1 run, 2 state, 3 error
inline constexpr char end_run[] = R"sql(
UPDATE partita_run SET state = ?2, error = ?3, ended_at = partita_now() WHERE run_id = ?1)sql";

// 1 node
inline constexpr char runs_driven_by[] = R"sql(
SELECT run_id, term FROM partita_run
WHERE master_node_id = ?1 AND state IN ('CREATED', 'RUNNING') ORDER BY run_id)sql";

// By the index of live runs. Columns: job, fair key, highest priority
inline constexpr char driven_groups[] = R"sql(
SELECT job, fair_key, max(priority) FROM partita_run
WHERE state IN ('CREATED', 'RUNNING') AND state = 'RUNNING' AND master_node_id IS NOT NULL
GROUP BY job, fair_key)sql";

// 1 node. By the index of live runs: ended ones stay for ever.
// Columns: run, term, job, fair key, priority
inline constexpr char masterless_runs[] = R"sql(
SELECT run_id, term, job, fair_key, priority FROM partita_run
WHERE master_node_id IS NULL AND state IN ('CREATED', 'RUNNING')
  AND job || '/' || job_version IN (SELECT j.value FROM partita_node n, json_each(n.jobs) j
                                     WHERE n.node_id = ?1)
  AND (state = 'RUNNING' OR (
    paused_at IS NULL AND job NOT IN (SELECT p.job FROM partita_paused_job p)
    AND (job, job_version) NOT IN (
      SELECT q.name, q.version FROM partita_job q
      WHERE q.max_runs > 0 AND q.max_runs <= (
        SELECT count(*) FROM partita_run o
        WHERE o.state IN ('CREATED', 'RUNNING') AND o.job = q.name AND o.state = 'RUNNING')))))sql";

}  // namespace partita::sqlite::sql
