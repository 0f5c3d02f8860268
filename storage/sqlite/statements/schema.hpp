#pragma once

// Statements of the SQLite dialect, one header a kind of rows. Above each: its parameters, and what
// is not obvious. A state is a literal, never a parameter, where a partial index depends on it.
namespace partita::sqlite::sql {

inline constexpr char begin_read[] = "BEGIN";
inline constexpr char begin_write[] = "BEGIN IMMEDIATE";
inline constexpr char commit[] = "COMMIT";
inline constexpr char sync_each_commit[] = "PRAGMA synchronous = FULL";
inline constexpr char sync_with_the_next[] = "PRAGMA synchronous = NORMAL";

// One row for each column of the table of migrations; none: there is no such table. The column
// works_with came with version 2.
inline constexpr char migration_columns[] =
    "SELECT name FROM pragma_table_info('partita_migration')";

inline constexpr char applied_migrations[] =
    "SELECT version, checksum, works_with FROM partita_migration";

inline constexpr char applied_first_migration[] =
    "SELECT version, checksum, version FROM partita_migration";

// 1 version, 2 name, 3 checksum, 4 works with
inline constexpr char insert_migration[] = R"sql(
INSERT INTO partita_migration (version, name, checksum, applied_at, works_with)
VALUES (?1, ?2, ?3, partita_now(), ?4))sql";

// 1 name
inline constexpr char temporary_table[] = "SELECT 1 FROM temp.sqlite_master WHERE name = ?1";

}  // namespace partita::sqlite::sql
