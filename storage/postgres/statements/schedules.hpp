#pragma once

#include "storage/postgres/statements/locking.hpp"

namespace partita::postgres::sql {

inline std::string is_balanced(row_lock lock) {
  return "SELECT balanced FROM partita.schedule_balance" + locking(lock);
}
// $1 whether it is
inline const std::string set_balanced =
    "UPDATE partita.schedule_balance SET balanced = $1::boolean";

/// Whether a node owns what has no tick left.
inline std::string owns_over(std::string_view node) {
  return "SELECT EXISTS (SELECT FROM partita.schedule WHERE owner_node_id = " + std::string{node} +
         "::bigint AND next_tick IS NULL)";
}

inline const std::string token_nodes = R"(
SELECT n.node_id, n.jobs,
       CASE n.state WHEN 'ACTIVE' THEN n.tokens ELSE
         (SELECT count(*) FROM partita.schedule s WHERE s.owner_node_id = n.node_id) END AS tokens
FROM partita.node n
WHERE n.left_at IS NULL AND n.tokens > 0 AND n.state IN ('ACTIVE', 'UNREACHABLE')
ORDER BY n.node_id)";

inline const std::string token_schedules = R"(
SELECT schedule_id, job, coalesce(owner_node_id, 0) AS owner,
       paused_at IS NOT NULL OR next_tick IS NULL AS rests
FROM partita.schedule ORDER BY schedule_id)";

// By move: $1 schedule, $2 from or 0, $3 to or 0
inline const std::string move_schedules = R"(
UPDATE partita.schedule s SET owner_node_id = nullif(m.receiver, 0)
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS m (schedule_id, giver, receiver)
WHERE s.schedule_id = m.schedule_id AND coalesce(s.owner_node_id, 0) = m.giver)";

// $1 node
inline const std::string disown_schedules =
    "UPDATE partita.schedule SET owner_node_id = NULL WHERE owner_node_id = $1::bigint";

// $1 name, $2 job, $3 parameters, $4 identity, $5 trigger, $6 zone, $7 overlap, $8 catch-up in ms,
// $9 next tick or NULL, $10 whether paused, $11 by, $12 note, $13 whether declared
inline const std::string insert_schedule = R"(
INSERT INTO partita.schedule (name, job, parameters, identity, trigger, zone, overlap, catch_up_ms,
                              next_tick, paused_at, paused_by, paused_note, declared)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::bigint, )" +
                                           moment("$9") + R"(,
        CASE WHEN $10::boolean THEN partita.clock() END, $11, $12, $13::boolean)
ON CONFLICT DO NOTHING RETURNING schedule_id)";

inline const std::string schedule_columns = R"(
SELECT s.schedule_id, s.name, s.job, s.parameters, s.identity, s.trigger, s.zone, s.overlap,
       s.catch_up_ms, coalesce(s.owner_node_id, 0) AS owner,
       partita.micros(s.next_tick) AS next_tick, partita.micros(s.last_tick) AS last_tick,
       coalesce(s.last_run_id, 0) AS last_run, s.missed,
       partita.micros(s.created_at) AS created_at, partita.micros(s.paused_at) AS paused_at,
       s.paused_by, s.paused_note, s.declared )";

// $1 schedule, $2 job, $3 parameters, $4 identity, $5 trigger, $6 zone, $7 overlap, $8 catch-up in
// ms, $9 next tick or NULL
inline const std::string redefine_schedule = R"(
UPDATE partita.schedule
SET job = $2, parameters = $3, identity = $4, trigger = $5, zone = $6, overlap = $7,
    catch_up_ms = $8::bigint, missed = 0, next_tick = )" +
                                             moment("$9") + R"(
WHERE schedule_id = $1::bigint)";

// $1 name
inline std::string find_schedule(row_lock lock) {
  return schedule_columns + "FROM partita.schedule s WHERE s.name = $1" + locking(lock);
}

// $1 name, $2 limit
inline const std::string list_schedules = schedule_columns + R"(
FROM partita.schedule s WHERE s.name COLLATE "C" > $1 COLLATE "C"
ORDER BY s.name COLLATE "C" LIMIT $2::integer)";

// $1 limit
inline const std::string list_doubtful_schedules = schedule_columns + R"(
FROM partita.schedule s
WHERE s.paused_at IS NULL
  AND (s.next_tick < partita.clock() - interval '1 minute' OR s.missed >= 3
       OR s.next_tick IS NULL AND (s.last_tick IS NULL OR s.trigger NOT LIKE 'at %')
       OR s.next_tick IS NOT NULL AND NOT EXISTS (
            SELECT FROM partita.node n
            WHERE n.node_id = s.owner_node_id AND n.state = 'ACTIVE'))
ORDER BY s.name COLLATE "C" LIMIT $1::integer)";

// $1 schedule
inline const std::string delete_schedule =
    "DELETE FROM partita.schedule WHERE schedule_id = $1::bigint";

// $1 schedule, $2 by, $3 note
inline const std::string pause_schedule = R"(
UPDATE partita.schedule
SET owner_node_id = NULL, paused_at = partita.clock(), paused_by = $2, paused_note = $3
WHERE schedule_id = $1::bigint)";

// $1 schedule, $2 next tick or NULL
inline const std::string resume_schedule = R"(
UPDATE partita.schedule
SET paused_at = NULL, paused_by = '', paused_note = '', missed = 0, next_tick = )" +
                                           moment("$2") + R"(
WHERE schedule_id = $1::bigint)";

// A live run of a schedule, or NULL.
inline const std::string live_run = R"(
(SELECT r.run_id FROM partita.run r
 WHERE r.schedule_id = s.schedule_id AND r.schedule_id IS NOT NULL
   AND r.state IN ('CREATED', 'RUNNING') LIMIT 1))";

// What waits for the end of a run is not due.
inline const std::string not_waiting =
    " AND (s.overlap <> 'QUEUE_ONE' OR " + live_run + " IS NULL)";

// One that somebody else has locked is left for the next look: to wait for it, with others locked,
// might be a deadlock. $1 owner, $2 limit
inline const std::string due_schedules = schedule_columns + ", " + live_run + R"( AS live_run,
       partita.micros(l.created_at) AS run_began, partita.micros(l.ended_at) AS run_ended
FROM partita.schedule s LEFT JOIN LATERAL (
  SELECT r.created_at, r.ended_at FROM partita.run r
  WHERE r.schedule_id = s.schedule_id AND r.schedule_id IS NOT NULL AND r.ended_at IS NOT NULL
  ORDER BY r.run_id DESC LIMIT 1 OFFSET 0) l ON true
WHERE s.owner_node_id = $1::bigint AND s.next_tick <= partita.clock())" +
                                         not_waiting + R"(
ORDER BY s.next_tick, s.schedule_id LIMIT $2::integer FOR UPDATE OF s SKIP LOCKED)";

// The next tick of what a node owns. $1 node
inline const std::string next_tick = R"(
(SELECT s.next_tick FROM partita.schedule s
 WHERE s.owner_node_id = $1::bigint AND s.next_tick IS NOT NULL)" +
                                     not_waiting + R"(
 ORDER BY s.next_tick LIMIT 1))";
inline const std::string next_due = "SELECT partita.micros(" + next_tick + ") AS at";

// Columns for the answer of a heartbeat. $1 node
inline const std::string sees_schedules = R"(
(SELECT balanced FROM partita.schedule_balance) AND NOT ()" +
                                          owns_over("$1") + R"() AS balanced,
(extract(epoch FROM )" + next_tick + R"( - partita.clock()) * 1000000)::bigint AS tick_in)";

// By tick, in order: $1 schedule, $2 version of the job, $3 tick. $4 owner
inline const std::string fire_ticks = R"(
SELECT partita.fire_ticks($1::bigint[], $4::bigint, $2::integer[], $3::bigint[]) AS run_id)";

// By schedule: $1 schedule, $2 next tick or NULL, $3 tick or NULL, $4 run or 0, $5 missed
inline const std::string advance_schedules = R"(
UPDATE partita.schedule s
SET next_tick = )" + moment("a.next_tick") + R"(,
    last_tick = coalesce()" + moment("a.tick") +
                                             R"(, s.last_tick),
    last_run_id = coalesce(nullif(a.run_id, 0), s.last_run_id), missed = s.missed + a.missed
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
     AS a (schedule_id, next_tick, tick, run_id, missed)
WHERE s.schedule_id = a.schedule_id)";

}  // namespace partita::postgres::sql
