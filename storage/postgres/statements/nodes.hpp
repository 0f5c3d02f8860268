#pragma once

#include "storage/postgres/statements/locking.hpp"

namespace partita::postgres::sql {

// $1 name, $2 host, $3 pid, $4 slots, $5 version, $6 jobs, $7 unreachable_after and $8
// deregister_after in ms, $9 tokens, $10 tags
inline const std::string insert_node = R"(
INSERT INTO partita.node (name, host, pid, slots, version, jobs, state, unreachable_ms,
                          deregister_ms, tokens, tags)
VALUES ($1, $2, $3::bigint, $4::integer, $5, $6::text[], 'ACTIVE', $7::bigint, $8::bigint,
        $9::integer, $10::text[])
RETURNING node_id)";

// One order for all, or nodes that join together would wait for each other. Of several descriptions
// of one job the last one. $1 names, $2 versions, $3 descriptions, $4 fair by, $5 max runs
inline const std::string describe_jobs = R"(
INSERT INTO partita.job (name, version, description, fair_by, max_runs)
SELECT DISTINCT ON (j.name, j.version) j.name, j.version, j.description, j.fair_by, j.max_runs
FROM unnest($1::text[], $2::integer[], $3::text[], $4::text[], $5::integer[])
     WITH ORDINALITY AS j (name, version, description, fair_by, max_runs, place)
ORDER BY j.name, j.version, j.place DESC
ON CONFLICT (name, version) DO UPDATE
SET description = excluded.description, fair_by = excluded.fair_by, max_runs = excluded.max_runs,
    last_seen = partita.clock())";

inline const std::string node_standing = R"(
SELECT node_id, state, slots, running, stuck, unreachable_ms, deregister_ms, tokens,
       (extract(epoch FROM partita.clock() - heartbeat_at) * 1000000)::bigint AS silence
FROM partita.node )";

// Under FOR UPDATE, what follows in the same transaction sees every claim that was made before.
// $1 node
inline std::string find_node(row_lock lock) {
  return node_standing + "WHERE node_id = $1::bigint" + locking(lock);
}

// $1 nodes
inline std::string active_among(row_lock lock) {
  return R"(
SELECT node_id FROM partita.node
WHERE node_id = ANY ($1::bigint[]) AND state = 'ACTIVE' ORDER BY node_id)" +
         locking(lock);
}

inline const std::string present_nodes = node_standing + "WHERE left_at IS NULL ORDER BY node_id";

// $1 node, $2 running, $3 stuck, $4 doing, $5 state
inline const std::string renew_node = R"(
UPDATE partita.node SET heartbeat_at = partita.clock(), running = $2::integer,
                        stuck = $3::integer, doing = $4, state = $5
WHERE node_id = $1::bigint)";

// $1 node, $2 DRAINING, UNREACHABLE or CONDEMNED
inline const std::string mark_node = R"(
UPDATE partita.node SET state = $2 WHERE node_id = $1::bigint)";

// $1 node, $2 DEREGISTERED or LEFT
inline const std::string end_node = R"(
UPDATE partita.node SET state = $2, left_at = partita.clock() WHERE node_id = $1::bigint)";

// $1 whether ended ones too
inline const std::string list_nodes = R"(
SELECT node_id, name, host, pid, slots, version, jobs, state, running, stuck, doing,
       partita.micros(joined_at) AS joined_at, partita.micros(heartbeat_at) AS heartbeat_at,
       partita.micros(left_at) AS left_at, unreachable_ms, deregister_ms, tokens, tags,
       (extract(epoch FROM partita.clock() - heartbeat_at) * 1000000)::bigint AS silence
FROM partita.node
WHERE $1::boolean OR left_at IS NULL ORDER BY node_id)";

// $1 'job/version'
inline const std::string live_nodes = R"(
SELECT node_id, slots, running, tags FROM partita.node
WHERE state = 'ACTIVE' AND $1 = ANY (jobs) ORDER BY node_id)";

inline const std::string list_known_jobs = R"(
SELECT name, version, description, partita.micros(first_seen) AS first_seen,
       partita.micros(last_seen) AS last_seen, fair_by, max_runs
FROM partita.job ORDER BY name COLLATE "C", version)";

}  // namespace partita::postgres::sql
