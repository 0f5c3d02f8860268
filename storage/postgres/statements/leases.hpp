#pragma once

// Statements are laid out by hand.
// clang-format off

#include "storage/postgres/statements/locking.hpp"

namespace partita::postgres::sql {

// By range: $1 step, $2 lo, $3 hi, $4 node or 0, $5 tries used up, $6 rest in ms
inline const std::string insert_ready = R"(
INSERT INTO partita.ready (step_id, lo, hi, node_id, attempt, available_at)
SELECT w.step_id, w.lo, w.hi, nullif(w.node_id, 0), w.attempt,
       partita.clock() + w.rest_ms * interval '1 millisecond'
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::integer[], $6::bigint[])
     AS w (step_id, lo, hi, node_id, attempt, rest_ms))";

// $1 node, $2 most
inline const std::string share_ranges = R"(
UPDATE partita.ready SET node_id = NULL
WHERE ready_id IN (
  SELECT w.ready_id FROM partita.ready w JOIN partita.step s USING (step_id)
  WHERE w.node_id = $1::bigint AND (s.transferable OR s.state <> 'RUNNING')
  ORDER BY w.ready_id LIMIT $2::bigint))";

// $1 node, $2 most
inline const std::string take_bound_ranges = R"(
WITH taken AS (
  DELETE FROM partita.ready w
  WHERE w.ready_id IN (SELECT ready_id FROM partita.ready WHERE node_id = $1::bigint
                       ORDER BY ready_id LIMIT $2::bigint)
  RETURNING w.ready_id, w.step_id, w.lo, w.hi, w.node_id, w.attempt, w.available_at)
SELECT ready_id, step_id, lo, hi, node_id, attempt, partita.micros(available_at) AS available_at
FROM taken ORDER BY ready_id)";

inline const std::string lease_columns = R"(
SELECT l.lease_id, l.step_id, l.node_id, l.lo, l.hi, l.attempt, l.state, l.completed, l.failed,
       l.returned, partita.micros(l.granted_at) AS granted_at,
       partita.micros(l.ended_at) AS ended_at, s.run_id, s.transferable, s.max_attempts )";

// $1 step, $2 node, $3 lo, $4 hi, $5 attempt
inline const std::string insert_lease = R"(
WITH l AS (
  INSERT INTO partita.lease (step_id, node_id, lo, hi, attempt, state)
  VALUES ($1::bigint, $2::bigint, $3::bigint, $4::bigint, $5::integer, 'LIVE')
  RETURNING *))" + lease_columns + R"(
FROM l, partita.step s WHERE s.step_id = $1::bigint)";

// FOR UPDATE, not less: chunk commits hold FOR KEY SHARE, and none of them may commit beside a
// report of the partition it belongs to.
inline const std::string in_order_for_update = " ORDER BY l.lease_id FOR UPDATE OF l";

// These leases of a node, whatever their state. $1 node, $2 leases
inline const std::string lock_leases = lease_columns + R"(
FROM partita.lease l JOIN partita.step s ON s.step_id = l.step_id
WHERE l.node_id = $1::bigint AND l.lease_id = ANY ($2::bigint[]))" + in_order_for_update;

// $1 node
inline const std::string lock_live_leases = lease_columns + R"(
FROM partita.lease l JOIN partita.step s ON s.step_id = l.step_id
WHERE l.node_id = $1::bigint AND l.state = 'LIVE')" + in_order_for_update;

// Counts are absolute: the leases are locked. The condition on $1 stands twice, so that whatever
// join is made of it, only these leases are read.
// By lease: $1 id, $2 hi, $3 state, $4 completed, $5 failed, $6 returned
inline const std::string save_leases = R"(
UPDATE partita.lease l
SET hi = n.hi, state = n.state, completed = n.completed, failed = n.failed, returned = n.returned,
    ended_at = CASE WHEN n.state <> 'LIVE' THEN partita.clock() END
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
     AS n (lease_id, hi, state, completed, failed, returned)
WHERE l.lease_id = n.lease_id AND l.lease_id = ANY ($1::bigint[]))";

// What has ended of each lease, and the place of the lease in these arrays. REQUIRES: they are
// locked. By lease: $1 id, $2 step, $3 lo, $4 hi
inline const std::string ended_numbers = R"(
WITH asked AS (
  SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
                WITH ORDINALITY AS a (lease_id, step_id, lo, hi, place))
SELECT a.place, ended.no
FROM asked a CROSS JOIN LATERAL (
  SELECT o.no FROM partita.result o
  WHERE o.step_id = a.step_id AND o.no BETWEEN a.lo AND a.hi OFFSET 0) ended
UNION ALL
SELECT a.place, given_back.no
FROM asked a CROSS JOIN LATERAL (
  SELECT f.no FROM partita.failure f WHERE f.lease_id = a.lease_id OFFSET 0) given_back)";

}  // namespace partita::postgres::sql
