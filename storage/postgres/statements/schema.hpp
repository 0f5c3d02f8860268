#pragma once

#include <string>

namespace partita::postgres::sql {

// --- migrating and auditing ----------------------------------------------------------------------

inline const std::string has_schema = R"(
SELECT to_regclass('partita.migration') IS NOT NULL AS tables,
       EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'partita') AS namespace)";

// An audit works on what one SELECT gave before it sends the next.
inline const std::string stay_idle = "SET LOCAL idle_in_transaction_session_timeout = 0";

// The column `works_with` came with version 2; a version 1 works with itself only.
inline const std::string list_migrations = R"(
SELECT version, checksum,
       coalesce((to_jsonb(m) ->> 'works_with')::integer, version) AS works_with
FROM partita.migration m ORDER BY version)";

// Several processes may migrate at once: one does, the others wait and find it done.
inline const std::string lock_migrations = "SELECT pg_advisory_xact_lock(7302195)";

inline const std::string create_schema = "CREATE SCHEMA partita";

// $1 version, $2 name, $3 checksum, $4 works_with
inline const std::string insert_migration = R"(
INSERT INTO partita.migration (version, name, checksum, works_with)
VALUES ($1::integer, $2, $3, $4::integer))";

// --- what `doctor` looks at ----------------------------------------------------------------------

// No row of pg_stat_ssl: a link that cannot be encrypted, or a pooler in between.
inline const std::string examine_link = R"(
SELECT coalesce(s.ssl, false) AS ssl, coalesce(s.version, '') AS version,
       coalesce(s.cipher, '') AS cipher
FROM (SELECT) one LEFT JOIN pg_catalog.pg_stat_ssl s ON s.pid = pg_backend_pid())";

inline const std::string may_see_login_rules =
    "SELECT has_function_privilege('pg_catalog.pg_hba_file_rules()', 'EXECUTE')";

inline const std::string weak_login_rules = R"(
SELECT 'line ' || line_number || ' ' || type || ' ' || auth_method
FROM pg_catalog.pg_hba_file_rules
WHERE auth_method IN ('trust', 'password', 'md5') ORDER BY line_number)";

inline const std::string examine_role = R"(
SELECT current_user AS name,
       (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS superuser,
       coalesce((SELECT pg_has_role(nspowner, 'USAGE') FROM pg_catalog.pg_namespace
                 WHERE nspname = 'partita'), false) AS owner,
       coalesce((SELECT has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')
                 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                 WHERE n.nspname = 'partita' AND c.relname = 'event'), false) AS rewrites,
       coalesce((SELECT has_schema_privilege('public', n.oid, 'CREATE')
                 FROM pg_catalog.pg_namespace n WHERE n.nspname = 'public'), false)
         AS anybody_creates)";

inline const std::string unsafe_settings = R"(
SELECT name, setting FROM pg_catalog.pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'
ORDER BY name)";

inline const std::string unlogged_tables = R"(
SELECT 'partita.' || c.relname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'partita' AND c.relkind = 'r' AND c.relpersistence <> 'p' ORDER BY 1)";

inline const std::string examine_replication = R"(
SELECT pg_is_in_recovery() AS is_standby, current_setting('synchronous_standby_names') AS names,
       current_setting('synchronous_commit') AS acknowledged)";

// Not backups, and not subscribers to changes of rows: nobody fails over to them. A role without
// pg_read_all_stats sees NULL.
inline const std::string list_standbys = R"(
SELECT coalesce(nullif(r.application_name, ''), 'without a name') AS name,
       coalesce(r.sync_state, '') AS state
FROM pg_catalog.pg_stat_replication r
WHERE coalesce(r.state, 'streaming') IN ('streaming', 'catchup')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots s
                  WHERE s.active_pid = r.pid AND s.slot_type = 'logical')
ORDER BY 1)";

// $1: names of settings, separated by commas. What has other values in this session.
inline const std::string read_settings = R"(
SELECT name, setting, current_setting(name) AS shown FROM pg_catalog.pg_settings
WHERE name = ANY (string_to_array($1, ',')) ORDER BY name)";

// No address of the client: through a socket of this machine, which knows no settings of TCP.
inline const std::string is_through_tcp = "SELECT inet_client_addr() IS NOT NULL";

// Of the machine: not the time that statements work with.
inline const std::string read_clock =
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

}  // namespace partita::postgres::sql
