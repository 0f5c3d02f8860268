#pragma once

#include <string>

namespace partita::sqlite::sql {

inline constexpr char is_balanced[] = "SELECT balanced FROM partita_schedule_balance";
// 1 whether it is
inline constexpr char set_balanced[] = "UPDATE partita_schedule_balance SET balanced = ?1";

// 1 owner
inline constexpr char owns_over[] = R"sql(
SELECT EXISTS (SELECT 1 FROM partita_schedule
               WHERE owner_node_id = ?1 AND next_tick IS NULL))sql";

inline constexpr char token_nodes[] = R"sql(
SELECT node_id, jobs, CASE state WHEN 'ACTIVE' THEN tokens ELSE
         (SELECT count(*) FROM partita_schedule WHERE owner_node_id = node_id) END
FROM partita_node
WHERE left_at IS NULL AND tokens > 0 AND state IN ('ACTIVE', 'UNREACHABLE')
ORDER BY node_id)sql";

inline constexpr char token_schedules[] = R"sql(
SELECT schedule_id, job, owner_node_id, paused_at IS NOT NULL OR next_tick IS NULL
FROM partita_schedule ORDER BY schedule_id)sql";

// 1 schedule, 2 from, 3 to
inline constexpr char move_schedule[] = R"sql(
UPDATE partita_schedule SET owner_node_id = ?3 WHERE schedule_id = ?1 AND owner_node_id IS ?2)sql";

// 1 node
inline constexpr char disown_schedules[] =
    "UPDATE partita_schedule SET owner_node_id = NULL WHERE owner_node_id = ?1";

// 1 name, 2 job, 3 parameters, 4 identity, 5 trigger, 6 zone, 7 overlap, 8 catch-up in ms, 9 next
// tick, 10 paused since, 11 by, 12 note, 13 whether declared
inline constexpr char insert_schedule[] = R"sql(
INSERT INTO partita_schedule (name, job, parameters, identity, trigger, zone, overlap, catch_up_ms,
                              next_tick, paused_at, paused_by, paused_note, declared, created_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, partita_now())
ON CONFLICT DO NOTHING)sql";

inline const std::string schedule_columns = R"sql(
SELECT schedule_id, name, job, parameters, identity, trigger, zone, overlap, catch_up_ms,
       owner_node_id, next_tick, last_tick, last_run_id, missed, created_at, paused_at, paused_by,
       paused_note, declared
FROM partita_schedule s )sql";

// 1 schedule, 2 job, 3 parameters, 4 identity, 5 trigger, 6 zone, 7 overlap, 8 catch-up in ms,
// 9 next tick
inline constexpr char redefine_schedule[] = R"sql(
UPDATE partita_schedule
SET job = ?2, parameters = ?3, identity = ?4, trigger = ?5, zone = ?6, overlap = ?7,
    catch_up_ms = ?8, next_tick = ?9, missed = 0
WHERE schedule_id = ?1)sql";

// 1 name
inline const std::string find_schedule = schedule_columns + "WHERE name = ?1";

// 1 name, 2 limit
inline const std::string list_schedules =
    schedule_columns + "WHERE name > ?1 ORDER BY name LIMIT ?2";

// 1 limit
inline const std::string list_doubtful_schedules = schedule_columns + R"sql(
WHERE paused_at IS NULL
  AND (next_tick < partita_now() - 60000000 OR missed >= 3
       OR next_tick IS NULL AND (last_tick IS NULL OR trigger NOT LIKE 'at %')
       OR next_tick IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM partita_node n
            WHERE n.node_id = s.owner_node_id AND n.state = 'ACTIVE'))
ORDER BY name LIMIT ?1)sql";

// What waits for the end of a run is not due.
inline const std::string not_waiting = R"sql(
  AND (overlap <> 'QUEUE_ONE' OR NOT EXISTS (
    SELECT 1 FROM partita_run r
    WHERE r.schedule_id = s.schedule_id AND r.state IN ('CREATED', 'RUNNING')))
ORDER BY next_tick, schedule_id LIMIT )sql";

// 1 owner, 2 limit
inline const std::string due_schedules = schedule_columns +
                                         "WHERE owner_node_id = ?1 AND next_tick <= partita_now()" +
                                         not_waiting + "?2";

// 1 owner
inline const std::string next_due =
    "SELECT next_tick FROM partita_schedule s WHERE owner_node_id = ?1 AND next_tick IS NOT NULL" +
    not_waiting + "1";

// 1 schedule
inline constexpr char delete_schedule[] = "DELETE FROM partita_schedule WHERE schedule_id = ?1";

// 1 schedule, 2 by, 3 note
inline constexpr char pause_schedule[] = R"sql(
UPDATE partita_schedule
SET owner_node_id = NULL, paused_at = partita_now(), paused_by = ?2, paused_note = ?3
WHERE schedule_id = ?1)sql";

// 1 schedule, 2 next tick
inline constexpr char resume_schedule[] = R"sql(
UPDATE partita_schedule
SET paused_at = NULL, paused_by = '', paused_note = '', next_tick = ?2, missed = 0
WHERE schedule_id = ?1)sql";

// 1 schedule
inline constexpr char has_live_run[] = R"sql(
SELECT 1 FROM partita_run
WHERE schedule_id = ?1 AND schedule_id IS NOT NULL AND state IN ('CREATED', 'RUNNING')
LIMIT 1)sql";

// 1 schedule
inline constexpr char last_ended_run[] = R"sql(
SELECT created_at, ended_at FROM partita_run
WHERE schedule_id = ?1 AND schedule_id IS NOT NULL AND ended_at IS NOT NULL
ORDER BY run_id DESC LIMIT 1)sql";

// 1 schedule, 2 tick
inline constexpr char run_of_tick[] = R"sql(
SELECT run_id FROM partita_run
WHERE schedule_id = ?1 AND tick = ?2 AND schedule_id IS NOT NULL AND restart_of IS NULL)sql";

// 1 schedule, 2 next tick, 3 tick, 4 run, 5 missed
inline constexpr char advance_schedule[] = R"sql(
UPDATE partita_schedule
SET next_tick = ?2, last_tick = coalesce(?3, last_tick), last_run_id = coalesce(?4, last_run_id),
    missed = missed + ?5
WHERE schedule_id = ?1)sql";

}  // namespace partita::sqlite::sql
