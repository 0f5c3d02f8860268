#pragma once

namespace partita::sqlite::sql {

// 1 run, 2 priority
inline constexpr char set_priority[] = "UPDATE partita_run SET priority = ?2 WHERE run_id = ?1";

// 1 run, 2 by, 3 note
inline constexpr char pause_run[] = R"sql(
UPDATE partita_run SET paused_at = partita_now(), paused_by = ?2, paused_note = ?3
WHERE run_id = ?1)sql";

// 1 run
inline constexpr char resume_run[] = R"sql(
UPDATE partita_run SET paused_at = NULL, paused_by = '', paused_note = '' WHERE run_id = ?1)sql";

// 1 job, 2 by, 3 note
inline constexpr char pause_job[] = R"sql(
INSERT INTO partita_paused_job (job, at, by, note) VALUES (?1, partita_now(), ?2, ?3)
ON CONFLICT (job) DO UPDATE SET at = excluded.at, by = excluded.by, note = excluded.note)sql";

// 1 job
inline constexpr char resume_job[] = "DELETE FROM partita_paused_job WHERE job = ?1";

inline constexpr char list_paused_jobs[] =
    "SELECT job, at, by, note FROM partita_paused_job ORDER BY job";

// 1 job, 2 version
inline constexpr char max_runs[] =
    "SELECT max_runs FROM partita_job WHERE name = ?1 AND version = ?2";

// 1 job. By the index of live runs.
inline constexpr char count_running[] = R"sql(
SELECT count(*) FROM partita_run
WHERE state IN ('CREATED', 'RUNNING') AND job = ?1 AND state = 'RUNNING')sql";

// 1 name
inline constexpr char insert_limit[] =
    "INSERT INTO partita_resource_limit (name) VALUES (?1) ON CONFLICT DO NOTHING";

// 1 name, 2 slots, or none
inline constexpr char set_limit[] = R"sql(
UPDATE partita_resource_limit
SET slots = ?2, since_lease = (SELECT coalesce(max(lease_id), 0) FROM partita_lease)
WHERE name = ?1)sql";

// Of each limit of a step that is RUNNING, and each node: step, limit, slots, node, unended
// partitions, executors of the node. 1 the step
inline constexpr char limit_uses[] = R"sql(
SELECT '', s.at_most, l.node_id, sum(l.hi - l.lo + 1 - l.completed - l.failed - l.returned),
       n.slots
FROM partita_step s
LEFT JOIN partita_lease l ON l.step_id = s.step_id AND l.state = 'LIVE'
LEFT JOIN partita_node n ON n.node_id = l.node_id
WHERE s.step_id = ?1 AND s.at_most > 0
GROUP BY l.node_id
UNION ALL
SELECT q.name, q.slots, l.node_id, sum(l.hi - l.lo + 1 - l.completed - l.failed - l.returned),
       n.slots
FROM partita_step s
JOIN json_each(s.limits) named
JOIN partita_resource_limit q ON q.name = named.value AND q.slots IS NOT NULL
LEFT JOIN partita_step o INDEXED BY partita_step_running
  ON o.state = 'RUNNING' AND q.name IN (SELECT value FROM json_each(o.limits))
LEFT JOIN partita_lease l ON l.step_id = o.step_id AND l.state = 'LIVE'
LEFT JOIN partita_node n ON n.node_id = l.node_id
WHERE s.step_id = ?1
GROUP BY q.name, l.node_id)sql";

inline constexpr char list_limits[] = R"sql(
SELECT q.name, q.slots, q.since_lease,
       (SELECT coalesce(sum(min(held.unended, held.executors)), 0) FROM (
          SELECT sum(l.hi - l.lo + 1 - l.completed - l.failed - l.returned) AS unended,
                 n.slots AS executors
          FROM partita_step o INDEXED BY partita_step_running
          JOIN partita_lease l ON l.step_id = o.step_id AND l.state = 'LIVE'
          JOIN partita_node n ON n.node_id = l.node_id
          WHERE o.state = 'RUNNING' AND q.name IN (SELECT value FROM json_each(o.limits))
          GROUP BY l.node_id) held)
FROM partita_resource_limit q ORDER BY q.name)sql";

}  // namespace partita::sqlite::sql
