#pragma once

// Every statement of the SQLite store, by the verb that needs it. Above each: its parameters, and
// what is not obvious. A state is a literal, never a parameter, where a partial index depends on
// it.
namespace partita::sqlite::sql {

// --- transactions and the schema -----------------------------------------------------------------

inline constexpr char begin_read[] = "BEGIN";
inline constexpr char begin_write[] = "BEGIN IMMEDIATE";
inline constexpr char commit[] = "COMMIT";
inline constexpr char sync_each_commit[] = "PRAGMA synchronous = FULL";
inline constexpr char sync_with_the_next[] = "PRAGMA synchronous = NORMAL";

inline constexpr char has_migrations[] =
    "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'partita_migration'";

inline constexpr char applied_migrations[] =
    "SELECT version, checksum FROM partita_migration ORDER BY version";

// 1 version, 2 name, 3 checksum
inline constexpr char insert_migration[] = R"sql(
INSERT INTO partita_migration (version, name, checksum, applied_at)
VALUES (?1, ?2, ?3, partita_now()))sql";

// --- events --------------------------------------------------------------------------------------

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

// --- nodes ---------------------------------------------------------------------------------------

// 1 name, 2 host, 3 pid, 4 slots, 5 version, 6 jobs
inline constexpr char insert_node[] = R"sql(
INSERT INTO partita_node (name, host, pid, slots, version, jobs, state, joined_at, heartbeat_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'ACTIVE', partita_now(), partita_now()))sql";

// 1 node
inline constexpr char find_node[] = R"sql(
SELECT state, heartbeat_at, jobs FROM partita_node WHERE node_id = ?1)sql";

// 1 node, 2 running, 3 state
inline constexpr char renew_node[] = R"sql(
UPDATE partita_node SET heartbeat_at = partita_now(), running = ?2, state = ?3
WHERE node_id = ?1)sql";

// One row if a run is live.
inline constexpr char any_live_run[] = R"sql(
SELECT 1 FROM partita_run WHERE state IN ('CREATED', 'RUNNING') LIMIT 1)sql";

inline constexpr char cluster[] = R"sql(
SELECT node_id, state, slots, running, heartbeat_at FROM partita_node
WHERE state IN ('ACTIVE', 'DRAINING', 'UNREACHABLE') ORDER BY node_id)sql";

// 1 node
inline constexpr char mark_unreachable[] = R"sql(
UPDATE partita_node SET state = 'UNREACHABLE' WHERE node_id = ?1)sql";

// 1 node, 2 state: DEREGISTERED or LEFT
inline constexpr char end_node[] = R"sql(
UPDATE partita_node SET state = ?2, left_at = partita_now() WHERE node_id = ?1)sql";

// 1 whether DEREGISTERED and LEFT ones too
inline constexpr char list_nodes[] = R"sql(
SELECT node_id, name, host, pid, slots, version, jobs, state, running, joined_at, heartbeat_at,
       left_at
FROM partita_node
WHERE ?1 OR state IN ('ACTIVE', 'DRAINING', 'UNREACHABLE') ORDER BY node_id)sql";

// 1 'name/version' of the job
inline constexpr char live_nodes[] = R"sql(
SELECT node_id, slots, running FROM partita_node
WHERE state IN ('ACTIVE', 'DRAINING', 'UNREACHABLE') AND state = 'ACTIVE'
  AND ?1 IN (SELECT value FROM json_each(jobs))
ORDER BY node_id)sql";

// 1 node
inline constexpr char bound_ranges[] = R"sql(
SELECT d.ready_id, d.step_id, d.lo, d.hi, d.attempt
FROM partita_ready d JOIN partita_step s ON s.step_id = d.step_id
WHERE d.node_id = ?1 AND NOT s.transferable ORDER BY d.ready_id)sql";

// 1 node
inline constexpr char unbind_ranges[] =
    "UPDATE partita_ready SET node_id = NULL WHERE node_id = ?1";

// 1 node
inline constexpr char masterships[] = R"sql(
SELECT run_id, term FROM partita_run
WHERE master_node_id = ?1 AND state IN ('CREATED', 'RUNNING') ORDER BY run_id)sql";

// --- runs ----------------------------------------------------------------------------------------

// 1 job, 2 version, 3 parameters, 4 identity, 5 launch key, 6 restart of, 7 result
// No row: a live run has this job and identity.
inline constexpr char insert_run[] = R"sql(
INSERT INTO partita_run
  (job, job_version, parameters, identity, launch_key, state, restart_of, result, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, 'CREATED', ?6, ?7, partita_now())
ON CONFLICT (job, identity) WHERE state IN ('CREATED', 'RUNNING') DO NOTHING)sql";

// 1 run
inline constexpr char find_run[] = R"sql(
SELECT run_id, job, job_version, parameters, identity, launch_key, state, master_node_id, term,
       stop, restart_of, result, error, created_at, started_at, ended_at
FROM partita_run WHERE run_id = ?1)sql";

// 1 before, 2 limit
inline constexpr char list_runs[] = R"sql(
SELECT run_id, job, job_version, parameters, identity, launch_key, state, master_node_id, term,
       stop, restart_of, result, error, created_at, started_at, ended_at
FROM partita_run WHERE run_id < ?1 ORDER BY run_id DESC LIMIT ?2)sql";

// 1 launch key
inline constexpr char run_launched_with[] = "SELECT run_id FROM partita_run WHERE launch_key = ?1";

// 1 job, 2 identity
inline constexpr char live_run[] = R"sql(
SELECT run_id, state FROM partita_run
WHERE job = ?1 AND identity = ?2 AND state IN ('CREATED', 'RUNNING'))sql";

// 1 run
inline constexpr char continuation[] = "SELECT run_id FROM partita_run WHERE restart_of = ?1";

// 1 run, 2 mode
inline constexpr char set_stop[] = "UPDATE partita_run SET stop = ?2 WHERE run_id = ?1";

// 1 run, 2 state, 3 error
inline constexpr char end_run[] = R"sql(
UPDATE partita_run SET state = ?2, error = ?3, ended_at = partita_now() WHERE run_id = ?1)sql";

// 1 run, 2 node, 3 term
inline constexpr char adopt_run[] = R"sql(
UPDATE partita_run
SET master_node_id = ?2, term = ?3, state = 'RUNNING',
    started_at = coalesce(started_at, partita_now())
WHERE run_id = ?1)sql";

// 1 run
inline constexpr char let_go[] = "UPDATE partita_run SET master_node_id = NULL WHERE run_id = ?1";

// 1 run, 2 result
inline constexpr char set_run_result[] = "UPDATE partita_run SET result = ?2 WHERE run_id = ?1";

// --- continuing a run ----------------------------------------------------------------------------

// 1 new run, 2 step
inline constexpr char copy_completed_step[] = R"sql(
INSERT INTO partita_step
  (run_id, name, ordinal, kind, state, streamed, transferable, max_attempts, retry_first_ms,
   retry_factor, retry_max_ms, split_context, count, sealed, result, error, started_at, ended_at)
SELECT ?1, name, ordinal, kind, state, streamed, transferable, max_attempts, retry_first_ms,
       retry_factor, retry_max_ms, split_context, count, sealed, result, error, started_at, ended_at
FROM partita_step WHERE step_id = ?2)sql";

// 1 new run, 2 step
inline constexpr char copy_unfinished_step[] = R"sql(
INSERT INTO partita_step
  (run_id, name, ordinal, kind, state, streamed, transferable, max_attempts, retry_first_ms,
   retry_factor, retry_max_ms, split_context, count, sealed, started_at)
SELECT ?1, name, ordinal, kind, 'RUNNING', streamed, transferable, max_attempts, retry_first_ms,
       retry_factor, retry_max_ms, split_context, count, sealed, partita_now()
FROM partita_step WHERE step_id = ?2)sql";

// 1 new step, 2 step
inline constexpr char copy_partitions[] = R"sql(
INSERT INTO partita_partition (step_id, no, key, input)
SELECT ?1, no, key, input FROM partita_partition WHERE step_id = ?2 ORDER BY no)sql";

// 1 new step, 2 step
inline constexpr char copy_results[] = R"sql(
INSERT INTO partita_result (step_id, no, lease_id, outcome, output, error, read_count, write_count,
                            filter_count, skip_count, took_us, ended_at, has_files)
SELECT ?1, no, lease_id, outcome, output, error, read_count, write_count, filter_count, skip_count,
       took_us, ended_at, has_files
FROM partita_result WHERE step_id = ?2 AND outcome = 'COMPLETED' ORDER BY no)sql";

// 1 new step, 2 step. Of what is not carried over.
inline constexpr char copy_checkpoints[] = R"sql(
INSERT INTO partita_checkpoint
  (step_id, no, lease_id, seq, position, read_count, write_count, filter_count, skip_count,
   progress_done, progress_total, updated_at)
SELECT ?1, c.no, c.lease_id, c.seq, c.position, c.read_count, c.write_count, c.filter_count,
       c.skip_count, c.progress_done, c.progress_total, c.updated_at
FROM partita_checkpoint c
WHERE c.step_id = ?2
  AND NOT EXISTS (SELECT 1 FROM partita_result x WHERE x.step_id = ?1 AND x.no = c.no)
ORDER BY c.no)sql";

// 1 step
inline constexpr char result_numbers[] = "SELECT no FROM partita_result WHERE step_id = ?1";

// 1 step, 2 how many
inline constexpr char set_carried[] = "UPDATE partita_step SET carried = ?2 WHERE step_id = ?1";

// --- driving a run -------------------------------------------------------------------------------

// 1 run, 2 name, 3 ordinal, 4 kind, 5 streamed, 6 transferable, 7 max_attempts, 8 first delay,
// 9 factor, 10 max delay, 11 split context, 12 sealed
inline constexpr char insert_step[] = R"sql(
INSERT INTO partita_step
  (run_id, name, ordinal, kind, state, streamed, transferable, max_attempts, retry_first_ms,
   retry_factor, retry_max_ms, split_context, sealed, started_at)
VALUES (?1, ?2, ?3, ?4, 'RUNNING', ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, partita_now()))sql";

// 1 step
inline constexpr char find_step[] = R"sql(
SELECT step_id, run_id, name, ordinal, kind, state, streamed, transferable, max_attempts,
       retry_first_ms, retry_factor, retry_max_ms, split_context, count, sealed, result, error,
       started_at, ended_at, carried
FROM partita_step WHERE step_id = ?1)sql";

// 1 run
inline constexpr char list_steps[] = R"sql(
SELECT step_id, run_id, name, ordinal, kind, state, streamed, transferable, max_attempts,
       retry_first_ms, retry_factor, retry_max_ms, split_context, count, sealed, result, error,
       started_at, ended_at, carried
FROM partita_step WHERE run_id = ?1 ORDER BY ordinal)sql";

// 1 run
inline constexpr char running_step[] =
    "SELECT step_id FROM partita_step WHERE run_id = ?1 AND state = 'RUNNING' LIMIT 1";

// 1 step
inline constexpr char delete_partitions[] = "DELETE FROM partita_partition WHERE step_id = ?1";

// 1 step, 2 no, 3 key, 4 input
inline constexpr char insert_partition[] =
    "INSERT INTO partita_partition (step_id, no, key, input) VALUES (?1, ?2, ?3, ?4)";

// 1 step, 2 count
inline constexpr char set_count[] = "UPDATE partita_step SET count = ?2 WHERE step_id = ?1";

// 1 step
inline constexpr char seal_step[] = "UPDATE partita_step SET sealed = 1 WHERE step_id = ?1";

// 1 step. Columns: stop of the run, not sealed, anything ready, anything live, anything failed.
// Without the hint the last one reads every result of the step: to the planner, the primary key
// looks as good as the index of the failed ones.
inline constexpr char progress[] = R"sql(
SELECT r.stop, NOT s.sealed,
       EXISTS (SELECT 1 FROM partita_ready d WHERE d.step_id = s.step_id),
       EXISTS (SELECT 1 FROM partita_lease l WHERE l.step_id = s.step_id AND l.state = 'LIVE'),
       EXISTS (SELECT 1 FROM partita_result x INDEXED BY partita_result_failed
                WHERE x.step_id = s.step_id AND x.outcome = 'FAILED')
FROM partita_step s JOIN partita_run r ON r.run_id = s.run_id WHERE s.step_id = ?1)sql";

// 1 step, 2 state, 3 result, 4 error
inline constexpr char end_step[] = R"sql(
UPDATE partita_step SET state = ?2, result = ?3, error = ?4, ended_at = partita_now()
WHERE step_id = ?1)sql";

// 1 step, 2 after, 3 limit
inline constexpr char list_results[] = R"sql(
SELECT no, lease_id, outcome = 'COMPLETED', output, error, read_count, write_count, filter_count,
       skip_count, took_us, ended_at, has_files
FROM partita_result WHERE step_id = ?1 AND no > ?2 ORDER BY no LIMIT ?3)sql";

// As list_results. To the planner, the primary key looks as good as the index of the few.
inline constexpr char list_failed_results[] = R"sql(
SELECT no, lease_id, outcome = 'COMPLETED', output, error, read_count, write_count, filter_count,
       skip_count, took_us, ended_at, has_files
FROM partita_result INDEXED BY partita_result_failed
WHERE outcome = 'FAILED' AND step_id = ?1 AND no > ?2 ORDER BY no LIMIT ?3)sql";

// As list_failed_results.
inline constexpr char list_results_with_files[] = R"sql(
SELECT no, lease_id, outcome = 'COMPLETED', output, error, read_count, write_count, filter_count,
       skip_count, took_us, ended_at, has_files
FROM partita_result INDEXED BY partita_result_files
WHERE has_files = 1 AND step_id = ?1 AND no > ?2 ORDER BY no LIMIT ?3)sql";

// --- claiming ------------------------------------------------------------------------------------

// 1 step, 2 lo, 3 hi, 4 node, 5 attempt, 6 available at
inline constexpr char insert_ready[] = R"sql(
INSERT INTO partita_ready (step_id, lo, hi, node_id, attempt, available_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6))sql";

// 1 ready
inline constexpr char delete_ready[] = "DELETE FROM partita_ready WHERE ready_id = ?1";

// 1 ready, 2 lo
inline constexpr char shorten_ready[] = "UPDATE partita_ready SET lo = ?2 WHERE ready_id = ?1";

// 1 node, 2 its jobs. Driven by the steps that run, whence the hint: ended steps, and the ready
// ranges of stopped ones, stay for ever.
// Columns: step, run, bound to the node, shared, slots held, attempt of the first bound range,
// attempt of the first shared one
inline constexpr char ready_steps[] = R"sql(
SELECT s.step_id, s.run_id,
       (SELECT coalesce(sum(d.hi - d.lo + 1), 0) FROM partita_ready d
         WHERE d.step_id = s.step_id AND d.node_id = ?1 AND d.available_at <= partita_now()),
       (SELECT coalesce(sum(d.hi - d.lo + 1), 0) FROM partita_ready d
         WHERE d.step_id = s.step_id AND d.node_id IS NULL AND d.available_at <= partita_now()),
       (SELECT coalesce(sum(min(l.hi - l.lo + 1 - l.completed - l.failed - l.returned, n.slots)), 0)
          FROM partita_lease l JOIN partita_node n ON n.node_id = l.node_id
         WHERE l.step_id = s.step_id AND l.state = 'LIVE'),
       (SELECT d.attempt FROM partita_ready d
         WHERE d.step_id = s.step_id AND d.node_id = ?1 AND d.available_at <= partita_now()
         ORDER BY d.lo LIMIT 1),
       (SELECT d.attempt FROM partita_ready d
         WHERE d.step_id = s.step_id AND d.node_id IS NULL AND d.available_at <= partita_now()
         ORDER BY d.lo LIMIT 1)
FROM partita_step s INDEXED BY partita_step_running
JOIN partita_run r ON r.run_id = s.run_id
WHERE s.state = 'RUNNING' AND r.state = 'RUNNING' AND r.stop = 'NONE'
  AND r.job || '/' || r.job_version IN (SELECT value FROM json_each(?2))
ORDER BY s.step_id)sql";

// 1 node
inline constexpr char held_leases[] = R"sql(
SELECT l.lease_id, r.stop
FROM partita_lease l
JOIN partita_step s ON s.step_id = l.step_id
JOIN partita_run r ON r.run_id = s.run_id
WHERE l.node_id = ?1 AND l.state = 'LIVE' ORDER BY l.lease_id)sql";

// 1 jobs of the node
inline constexpr char masterless_runs[] = R"sql(
SELECT run_id, term FROM partita_run
WHERE master_node_id IS NULL AND state IN ('CREATED', 'RUNNING')
  AND job || '/' || job_version IN (SELECT value FROM json_each(?1))
ORDER BY run_id)sql";

// 1 step, 2 node. No row: the step, its run or the node takes no claims.
inline constexpr char claimable_step[] = R"sql(
SELECT s.run_id
FROM partita_step s
JOIN partita_run r ON r.run_id = s.run_id
JOIN partita_node n ON n.node_id = ?2
WHERE s.step_id = ?1 AND s.state = 'RUNNING' AND r.state = 'RUNNING' AND r.stop = 'NONE'
  AND n.state = 'ACTIVE')sql";

// 1 step, 2 node; none: shared
inline constexpr char first_ready[] = R"sql(
SELECT ready_id, lo, hi, attempt FROM partita_ready
WHERE step_id = ?1 AND node_id IS ?2 AND available_at <= partita_now() ORDER BY lo LIMIT 1)sql";

// 1 step, 2 node, 3 lo, 4 hi, 5 attempt
inline constexpr char insert_lease[] = R"sql(
INSERT INTO partita_lease (step_id, node_id, lo, hi, attempt, state, granted_at)
VALUES (?1, ?2, ?3, ?4, ?5, 'LIVE', partita_now()))sql";

// 1 step, 2 lo, 3 hi. What only shows progress (seq 0) is no position to resume from.
inline constexpr char granted_partitions[] = R"sql(
SELECT p.no, p.key, p.input, c.seq, c.position, c.read_count, c.write_count, c.filter_count,
       c.skip_count
FROM partita_partition p
LEFT JOIN partita_checkpoint c ON c.step_id = p.step_id AND c.no = p.no AND c.seq > 0
WHERE p.step_id = ?1 AND p.no BETWEEN ?2 AND ?3 ORDER BY p.no)sql";

// --- leases --------------------------------------------------------------------------------------

// 1 lease
inline constexpr char find_lease[] = R"sql(
SELECT l.lease_id, l.step_id, s.run_id, l.node_id, l.lo, l.hi, l.attempt, l.state, l.completed,
       l.failed, l.returned
FROM partita_lease l JOIN partita_step s ON s.step_id = l.step_id WHERE l.lease_id = ?1)sql";

// 1 node
inline constexpr char live_leases[] =
    "SELECT lease_id FROM partita_lease WHERE node_id = ?1 AND state = 'LIVE' ORDER BY lease_id";

// 1 lease, 2 hi, 3 state, 4 completed, 5 failed, 6 returned
inline constexpr char update_lease[] = R"sql(
UPDATE partita_lease
SET hi = ?2, state = ?3, completed = ?4, failed = ?5, returned = ?6,
    ended_at = CASE WHEN ?3 <> 'LIVE' THEN partita_now() END
WHERE lease_id = ?1)sql";

// 1 step, 2 lo, 3 hi, 4 lease. Numbers may come twice.
inline constexpr char ended_numbers[] = R"sql(
SELECT no FROM partita_result WHERE step_id = ?1 AND no BETWEEN ?2 AND ?3
UNION ALL
SELECT no FROM partita_failure WHERE lease_id = ?4 AND no BETWEEN ?2 AND ?3)sql";

// --- reports -------------------------------------------------------------------------------------

// 1 step, 2 no, 3 lease, 4 outcome, 5 output, 6 error, 7 read, 8 written, 9 filtered, 10 skipped,
// 11 took, 12 has files. No row: the partition has its result already.
inline constexpr char insert_result[] = R"sql(
INSERT INTO partita_result (step_id, no, lease_id, outcome, output, error, read_count, write_count,
                            filter_count, skip_count, took_us, ended_at, has_files)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, partita_now(), ?12)
ON CONFLICT (step_id, no) DO NOTHING)sql";

// 1 step, 2 no
inline constexpr char find_result[] =
    "SELECT lease_id, outcome = 'COMPLETED' FROM partita_result WHERE step_id = ?1 AND no = ?2";

// 1 lease, 2 no
inline constexpr char has_failure[] =
    "SELECT 1 FROM partita_failure WHERE lease_id = ?1 AND no = ?2";

// 1 step, 2 no, 3 lease, 4 node, 5 attempt, 6 outcome, 7 error
inline constexpr char insert_failure[] = R"sql(
INSERT INTO partita_failure (step_id, no, lease_id, node_id, attempt, outcome, error, at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, partita_now()))sql";

// 1 step, 2 no
inline constexpr char delete_checkpoint[] =
    "DELETE FROM partita_checkpoint WHERE step_id = ?1 AND no = ?2";

// 1 lease, 2 no. No row: the partition may not be worked on under this lease (any more).
inline constexpr char fence_partition[] = R"sql(
SELECT l.step_id FROM partita_lease l
WHERE l.lease_id = ?1 AND l.state = 'LIVE' AND ?2 BETWEEN l.lo AND l.hi
  AND NOT EXISTS (SELECT 1 FROM partita_result x WHERE x.step_id = l.step_id AND x.no = ?2)
  AND NOT EXISTS (SELECT 1 FROM partita_failure f WHERE f.lease_id = l.lease_id AND f.no = ?2))sql";

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

// 1 step, 2 no, 3 lease, 4 done, 5 total
inline constexpr char save_progress[] = R"sql(
INSERT INTO partita_checkpoint (step_id, no, lease_id, seq, progress_done, progress_total,
                                updated_at)
VALUES (?1, ?2, ?3, 0, ?4, ?5, partita_now())
ON CONFLICT (step_id, no) DO UPDATE
SET lease_id = excluded.lease_id, progress_done = excluded.progress_done,
    progress_total = excluded.progress_total, updated_at = excluded.updated_at)sql";

// --- what people look at -------------------------------------------------------------------------

// 1 step. Columns: completed, failed, claimed
inline constexpr char lease_totals[] = R"sql(
SELECT coalesce(sum(completed), 0), coalesce(sum(failed), 0),
       coalesce(sum(hi - lo + 1 - completed - failed - returned) FILTER (WHERE state = 'LIVE'), 0)
FROM partita_lease WHERE step_id = ?1)sql";

// 1 step. Columns: read, written, filtered, skipped
inline constexpr char item_totals[] = R"sql(
SELECT coalesce(sum(read_count), 0), coalesce(sum(write_count), 0),
       coalesce(sum(filter_count), 0), coalesce(sum(skip_count), 0)
FROM partita_result WHERE step_id = ?1)sql";

// 1 step, 2 after, 3 limit
inline constexpr char list_partitions[] = R"sql(
SELECT v.no, v.key, p.input, v.status, v.attempt, v.node_id, v.lease_id, v.progress_done,
       v.progress_total, coalesce(x.read_count, c.read_count),
       coalesce(x.write_count, c.write_count), coalesce(x.filter_count, c.filter_count),
       coalesce(x.skip_count, c.skip_count), x.output, v.error, x.ended_at
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
