#pragma once

#include <string>

namespace partita::postgres::sql {

// $1 run, $2 priority
inline const std::string set_priority =
    "UPDATE partita.run SET priority = $2::integer WHERE run_id = $1::bigint";

// $1 run, $2 by, $3 note
inline const std::string pause_run = R"(
UPDATE partita.run SET paused_at = partita.clock(), paused_by = $2, paused_note = $3
WHERE run_id = $1::bigint)";

// $1 run
inline const std::string resume_run = R"(
UPDATE partita.run SET paused_at = NULL, paused_by = '', paused_note = ''
WHERE run_id = $1::bigint)";

// $1 job, $2 by, $3 note
inline const std::string pause_job = R"(
INSERT INTO partita.paused_job (job, by, note) VALUES ($1, $2, $3)
ON CONFLICT (job) DO UPDATE SET at = partita.clock(), by = excluded.by, note = excluded.note)";

// $1 job
inline const std::string resume_job = "DELETE FROM partita.paused_job WHERE job = $1";

inline const std::string list_paused_jobs = R"(
SELECT job, partita.micros(at) AS at, by, note FROM partita.paused_job ORDER BY job COLLATE "C")";

// All versions of a job wait for each other. $1 job
inline const std::string lock_max_runs = R"(
SELECT version, max_runs FROM partita.job WHERE name = $1 AND max_runs > 0
ORDER BY version FOR NO KEY UPDATE)";

// $1 job
inline const std::string count_running =
    "SELECT count(*) FROM partita.run WHERE job = $1 AND state = 'RUNNING'";

// Versions of jobs, as `job/version`, of which as many runs are RUNNING as may be.
inline const std::string full_jobs = R"(
SELECT q.name || '/' || q.version AS program FROM partita.job q
WHERE q.max_runs > 0 AND q.max_runs <= (
  SELECT count(*) FROM partita.run r WHERE r.state = 'RUNNING' AND r.job = q.name))";

// Of runs that have a master, by job and fair key.
inline const std::string driven_groups = R"(
SELECT job, fair_key, max(priority) AS priority FROM partita.run
WHERE state = 'RUNNING' AND master_node_id IS NOT NULL GROUP BY job, fair_key)";

// Executors that the runs of a job with one fair key hold. $1 jobs, $2 fair keys
inline const std::string groups_held = R"(
SELECT g.job, g.fair_key, (
  SELECT coalesce(sum(least(l.hi - l.lo + 1 - l.completed - l.failed - l.returned, n.slots)), 0)
  FROM partita.run r
  JOIN partita.step s ON s.run_id = r.run_id AND s.state = 'RUNNING'
  JOIN partita.lease l ON l.step_id = s.step_id AND l.state = 'LIVE'
  JOIN partita.node n ON n.node_id = l.node_id
  WHERE r.state = 'RUNNING' AND r.job = g.job AND r.fair_key = g.fair_key)::integer AS slots
FROM unnest($1::text[], $2::text[]) AS g (job, fair_key))";

// $1 names
inline const std::string insert_limits = R"(
INSERT INTO partita.resource_limit (name) SELECT DISTINCT unnest($1::text[]) ORDER BY 1
ON CONFLICT DO NOTHING)";

// $1 name
inline const std::string lock_limit =
    "SELECT FROM partita.resource_limit WHERE name = $1 FOR UPDATE";

// $1 name, $2 slots, or NULL
inline const std::string set_limit = R"(
UPDATE partita.resource_limit
SET slots = $2::integer,
    since_lease = coalesce((SELECT lease_id FROM partita.lease ORDER BY lease_id DESC LIMIT 1), 0)
WHERE name = $1)";

// The step, then the node, then its limits. Who claims of a step with limits waits for who does the
// same of it. $1 node, $2 step
inline const std::string lock_limits = R"(
SELECT partita.lock_limits(limits), slots FROM (
  SELECT s.limits, n.slots
  FROM partita.step s JOIN partita.node n ON n.node_id = $1::bigint
  WHERE s.step_id = $2::bigint
  FOR NO KEY UPDATE OF s FOR KEY SHARE OF n OFFSET 0) locked)";

inline const std::string unended_of_nodes = R"(
  SELECT l.node_id, sum(l.hi - l.lo + 1 - l.completed - l.failed - l.returned)::bigint AS unended
  FROM partita.lease l WHERE l.state = 'LIVE' AND )";

// $1 steps
inline const std::string limit_uses = R"(
WITH bound AS MATERIALIZED (
  SELECT s.step_id, '' AS name, s.at_most AS slots
  FROM partita.step s WHERE s.step_id = ANY ($1::bigint[]) AND s.at_most > 0
  UNION ALL
  SELECT s.step_id, q.name, q.slots
  FROM partita.step s CROSS JOIN unnest(s.limits) AS named (name)
  JOIN partita.resource_limit q ON q.name = named.name AND q.slots IS NOT NULL
  WHERE s.step_id = ANY ($1::bigint[])),
shared AS MATERIALIZED (
  SELECT s.step_id, named.name
  FROM partita.step s CROSS JOIN unnest(s.limits) AS named (name)
  WHERE s.state = 'RUNNING' AND s.limits <> '{}' AND named.name IN (SELECT name FROM bound)),
used AS MATERIALIZED (
  SELECT b.step_id, b.name, l.node_id, l.unended
  FROM bound b CROSS JOIN LATERAL ()" +
                                      unended_of_nodes + R"(
    l.step_id = b.step_id GROUP BY l.node_id) l
  WHERE b.name = ''
  UNION ALL
  SELECT b.step_id, b.name, l.node_id, sum(l.unended)::bigint
  FROM bound b JOIN shared o ON o.name = b.name CROSS JOIN LATERAL ()" +
                                      unended_of_nodes + R"(
    l.step_id = o.step_id GROUP BY l.node_id) l
  WHERE b.name <> ''
  GROUP BY b.step_id, b.name, l.node_id)
SELECT b.step_id, b.name, b.slots, coalesce(u.node_id, 0) AS node_id,
       coalesce(u.unended, 0) AS unended, coalesce(n.slots, 0) AS executors
FROM bound b
LEFT JOIN used u ON u.step_id = b.step_id AND u.name = b.name
LEFT JOIN partita.node n ON n.node_id = u.node_id)";

inline const std::string list_limits = R"(
SELECT q.name, q.slots, q.since_lease,
       (SELECT coalesce(sum(least(held.unended, n.slots)), 0)::integer
        FROM (SELECT l.node_id, sum(l.unended) AS unended
              FROM partita.step o CROSS JOIN LATERAL ()" +
                                       unended_of_nodes + R"(
                l.step_id = o.step_id GROUP BY l.node_id) l
              WHERE o.state = 'RUNNING' AND o.limits <> '{}' AND q.name = ANY (o.limits)
              GROUP BY l.node_id) held
        JOIN partita.node n ON n.node_id = held.node_id) AS in_use
FROM partita.resource_limit q ORDER BY q.name COLLATE "C")";

}  // namespace partita::postgres::sql
