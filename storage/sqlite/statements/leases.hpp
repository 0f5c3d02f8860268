#pragma once

namespace partita::sqlite::sql {

// --- what waits ----------------------------------------------------------------------------------

// 1 step, 2 lo, 3 hi, 4 node, 5 attempt, 6 available at
inline constexpr char insert_ready[] = R"sql(
INSERT INTO partita_ready (step_id, lo, hi, node_id, attempt, available_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6))sql";

// 1 node, 2 most
inline constexpr char share_ranges[] = R"sql(
UPDATE partita_ready SET node_id = NULL
WHERE ready_id IN (SELECT w.ready_id FROM partita_ready w
                   JOIN partita_step s ON s.step_id = w.step_id
                   WHERE w.node_id = ?1 AND (s.transferable OR s.state <> 'RUNNING')
                   ORDER BY w.ready_id LIMIT ?2))sql";

// 1 node, 2 most. In no order.
inline constexpr char take_bound_ranges[] = R"sql(
DELETE FROM partita_ready
WHERE ready_id IN (SELECT ready_id FROM partita_ready WHERE node_id = ?1
                   ORDER BY ready_id LIMIT ?2)
RETURNING ready_id, step_id, lo, hi, node_id, attempt, available_at)sql";

// 1 node. INDEXED BY makes the planner begin with the steps that are RUNNING: ended steps, and the
// ready ranges of stopped ones, are never deleted.
// Columns: step, run, bound to the node, shared, slots held, attempt of the first bound range,
// attempt of the first shared one, priority, whether it has limits, job and fair key of the run
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
         ORDER BY d.lo LIMIT 1),
       r.priority, s.at_most > 0 OR s.limits <> '[]', r.job, r.fair_key
FROM partita_step s INDEXED BY partita_step_running
JOIN partita_run r ON r.run_id = s.run_id
WHERE s.state = 'RUNNING' AND s.error = '' AND r.state = 'RUNNING' AND r.stop = 'NONE'
  AND r.paused_at IS NULL AND r.job NOT IN (SELECT p.job FROM partita_paused_job p)
  AND (s.tags = '[]' OR NOT EXISTS (
    SELECT 1 FROM json_each(s.tags) wanted
    WHERE wanted.value NOT IN (SELECT t.value FROM partita_node n, json_each(n.tags) t
                               WHERE n.node_id = ?1)))
  AND r.job || '/' || r.job_version IN (SELECT j.value FROM partita_node n, json_each(n.jobs) j
                                         WHERE n.node_id = ?1)
ORDER BY s.step_id)sql";

// Executors that runs of this job and fair key hold. 1 job, 2 fair key
inline constexpr char group_held[] = R"sql(
SELECT coalesce(sum(min(l.hi - l.lo + 1 - l.completed - l.failed - l.returned, n.slots)), 0)
FROM partita_step s INDEXED BY partita_step_running
JOIN partita_run r ON r.run_id = s.run_id
JOIN partita_lease l ON l.step_id = s.step_id AND l.state = 'LIVE'
JOIN partita_node n ON n.node_id = l.node_id
WHERE s.state = 'RUNNING' AND r.job = ?1 AND r.fair_key = ?2)sql";

// 1 step, 2 whether one with limits may be. No row: the step or its run takes no claims. A step
// that is RUNNING with an error is failing.
inline constexpr char open_step[] = R"sql(
SELECT 1 FROM partita_step s JOIN partita_run r ON r.run_id = s.run_id
WHERE s.step_id = ?1 AND s.state = 'RUNNING' AND s.error = ''
  AND (?2 OR (s.at_most = 0 AND s.limits = '[]'))
  AND r.state = 'RUNNING' AND r.stop = 'NONE')sql";

// 1 step, 2 node; none: shared
inline constexpr char first_ready[] = R"sql(
SELECT ready_id, lo, hi, attempt FROM partita_ready
WHERE step_id = ?1 AND node_id IS ?2 AND available_at <= partita_now() ORDER BY lo LIMIT 1)sql";

// 1 ready
inline constexpr char delete_ready[] = "DELETE FROM partita_ready WHERE ready_id = ?1";

// 1 ready, 2 lo
inline constexpr char shorten_ready[] = "UPDATE partita_ready SET lo = ?2 WHERE ready_id = ?1";

// 1 step, 2 lo, 3 hi. What only shows progress (seq 0) is no position to resume from.
inline constexpr char granted_partitions[] = R"sql(
SELECT p.no, p.key, p.input, c.seq, c.position, c.read_count, c.write_count, c.filter_count,
       c.skip_count
FROM partita_partition p
LEFT JOIN partita_checkpoint c ON c.step_id = p.step_id AND c.no = p.no AND c.seq > 0
WHERE p.step_id = ?1 AND p.no BETWEEN ?2 AND ?3 ORDER BY p.no)sql";

// --- who has it ----------------------------------------------------------------------------------

// 1 step, 2 node, 3 lo, 4 hi, 5 attempt
inline constexpr char insert_lease[] = R"sql(
INSERT INTO partita_lease (step_id, node_id, lo, hi, attempt, state, granted_at)
VALUES (?1, ?2, ?3, ?4, ?5, 'LIVE', partita_now()))sql";

// 1 lease, 2 node
inline constexpr char lease_of_node[] = R"sql(
SELECT l.lease_id, l.step_id, l.node_id, l.lo, l.hi, l.attempt, l.state, l.completed, l.failed,
       l.returned, l.granted_at, l.ended_at, s.run_id, s.transferable, s.max_attempts
FROM partita_lease l JOIN partita_step s ON s.step_id = l.step_id
WHERE l.lease_id = ?1 AND l.node_id = ?2)sql";

// 1 node
inline constexpr char live_leases[] = R"sql(
SELECT l.lease_id, l.step_id, l.node_id, l.lo, l.hi, l.attempt, l.state, l.completed, l.failed,
       l.returned, l.granted_at, l.ended_at, s.run_id, s.transferable, s.max_attempts
FROM partita_lease l JOIN partita_step s ON s.step_id = l.step_id
WHERE l.node_id = ?1 AND l.state = 'LIVE' ORDER BY l.lease_id)sql";

// 1 node
inline constexpr char held_leases[] = R"sql(
SELECT l.lease_id, CASE WHEN s.error <> '' AND r.stop = 'NONE' THEN 'STOP' ELSE r.stop END,
       r.paused_at IS NOT NULL OR r.job IN (SELECT p.job FROM partita_paused_job p)
FROM partita_lease l
JOIN partita_step s ON s.step_id = l.step_id
JOIN partita_run r ON r.run_id = s.run_id
WHERE l.node_id = ?1 AND l.state = 'LIVE' ORDER BY l.lease_id)sql";

// 1 lease, 2 hi, 3 state, 4 completed, 5 failed, 6 returned
inline constexpr char save_lease[] = R"sql(
UPDATE partita_lease
SET hi = ?2, state = ?3, completed = ?4, failed = ?5, returned = ?6,
    ended_at = CASE WHEN ?3 <> 'LIVE' THEN partita_now() END
WHERE lease_id = ?1)sql";

// 1 lease, 2 no. No row: the partition may not be worked on under this lease (any more).
inline constexpr char fence_partition[] = R"sql(
SELECT l.step_id FROM partita_lease l
WHERE l.lease_id = ?1 AND l.state = 'LIVE' AND ?2 BETWEEN l.lo AND l.hi
  AND NOT EXISTS (SELECT 1 FROM partita_result x WHERE x.step_id = l.step_id AND x.no = ?2)
  AND NOT EXISTS (SELECT 1 FROM partita_failure f WHERE f.lease_id = l.lease_id AND f.no = ?2))sql";

}  // namespace partita::sqlite::sql
