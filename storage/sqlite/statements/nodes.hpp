#pragma once

namespace partita::sqlite::sql {

// 1 name, 2 host, 3 pid, 4 slots, 5 version, 6 jobs, 7 unreachable_after and 8 deregister_after in
// ms, 9 tokens, 10 tags
inline constexpr char insert_node[] = R"sql(
INSERT INTO partita_node (name, host, pid, slots, version, jobs, state, joined_at, heartbeat_at,
                          unreachable_ms, deregister_ms, tokens, tags)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'ACTIVE', partita_now(), partita_now(), ?7, ?8, ?9, ?10))sql";

// 1 name, 2 version, 3 description, 4 fair by, 5 max runs
inline constexpr char describe_job[] = R"sql(
INSERT INTO partita_job (name, version, description, fair_by, max_runs, first_seen, last_seen)
VALUES (?1, ?2, ?3, ?4, ?5, partita_now(), partita_now())
ON CONFLICT (name, version) DO UPDATE
SET description = excluded.description, fair_by = excluded.fair_by,
    max_runs = excluded.max_runs, last_seen = excluded.last_seen)sql";

// 1 node
inline constexpr char find_node[] = R"sql(
SELECT node_id, state, slots, running, stuck, heartbeat_at, unreachable_ms, deregister_ms, tokens
FROM partita_node WHERE node_id = ?1)sql";

inline constexpr char present_nodes[] = R"sql(
SELECT node_id, state, slots, running, stuck, heartbeat_at, unreachable_ms, deregister_ms, tokens
FROM partita_node
WHERE left_at IS NULL ORDER BY node_id)sql";

// 1 node, 2 running, 3 stuck, 4 doing, 5 state
inline constexpr char renew_node[] = R"sql(
UPDATE partita_node
SET heartbeat_at = partita_now(), running = ?2, stuck = ?3, doing = ?4, state = ?5
WHERE node_id = ?1)sql";

// 1 node, 2 state: DRAINING, UNREACHABLE or CONDEMNED
inline constexpr char mark_node[] = "UPDATE partita_node SET state = ?2 WHERE node_id = ?1";

// 1 node, 2 state: DEREGISTERED or LEFT
inline constexpr char end_node[] =
    "UPDATE partita_node SET state = ?2, left_at = partita_now() WHERE node_id = ?1";

// 1 whether DEREGISTERED and LEFT ones too
inline constexpr char list_nodes[] = R"sql(
SELECT node_id, name, host, pid, slots, version, jobs, state, running, stuck, joined_at,
       heartbeat_at, left_at, unreachable_ms, deregister_ms, doing, tokens, tags
FROM partita_node
WHERE ?1 OR left_at IS NULL ORDER BY node_id)sql";

// 1 'name/version' of the job. The first condition is that of the index.
inline constexpr char live_nodes[] = R"sql(
SELECT node_id, slots, running, tags FROM partita_node
WHERE left_at IS NULL AND state = 'ACTIVE'
  AND ?1 IN (SELECT value FROM json_each(jobs))
ORDER BY node_id)sql";

inline constexpr char list_known_jobs[] = R"sql(
SELECT name, version, description, first_seen, last_seen, fair_by, max_runs FROM partita_job
ORDER BY name, version)sql";

}  // namespace partita::sqlite::sql
