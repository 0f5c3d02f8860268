#pragma once

#include <string>

// What tells one server, and one history of the database, from another.
namespace partita::postgres::sql {

// What a role may not read, or a standby does not know, is NULL.
inline const std::string sight = R"(
SELECT pg_is_in_recovery() AS standby,
       CASE WHEN has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
            THEN (SELECT system_identifier FROM pg_catalog.pg_control_system()) END AS cluster,
       CASE WHEN NOT pg_is_in_recovery()
                 AND has_function_privilege('pg_catalog.pg_current_wal_lsn()', 'EXECUTE')
            THEN ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint
            END AS timeline)";

// Whether it is there, or may have been purged. $1 event_id, $2 when it was written, in
// microseconds since 1970
inline const std::string has_event = R"(
SELECT EXISTS (SELECT FROM partita.event
               WHERE event_id = $1::bigint AND partita.micros(at) = $2::bigint)
       OR EXISTS (SELECT FROM partita.purge_turn WHERE event_id >= $1::bigint
                  AND NOT EXISTS (SELECT FROM partita.event WHERE event_id = $1::bigint)))";

// Of the newest part of the log, so that it takes no time.
inline const std::string last_loss = R"(
SELECT to_char(max(at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at
FROM (SELECT kind, at FROM partita.event ORDER BY event_id DESC LIMIT 100000) e
WHERE kind = 'HISTORY_LOST')";

// $1 detail
inline const std::string insert_history_lost = R"(
INSERT INTO partita.event (kind, detail) VALUES ('HISTORY_LOST', $1))";

}  // namespace partita::postgres::sql
