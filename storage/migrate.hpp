#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "storage/database.hpp"

namespace partita {

/// One numbered SQL file, compiled in: "0001_tables", and its text. Forward only; a file that has
/// been released is never edited, or its checksum no longer fits.
struct migration_text {
  std::string_view name;
  std::string_view sql;
  int version() const;           // the number its name starts with
  int works_with() const;        // its first line says: "-- works with: N"; else its own version
  std::string checksum() const;  // 64-bit FNV-1a of the text, as 16 hex digits
};

/// By version: 1, 2, 3, …
const std::vector<migration_text>& sqlite_migrations();
const std::vector<migration_text>& postgres_migrations();

struct applied_migration {
  int version = 0;
  std::string checksum;
  int works_with = 0;  // lowest version a program must know to work with it
};

/// The lowest version this program can work with.
constexpr int lowest_schema = 15;

/// Compares what a database says it has with what the program carries.
schema_status compare_schema(const std::vector<migration_text>& known,
                             const std::vector<applied_migration>& applied);

/// Throws schema_missing or schema_mismatch, with a sentence that says what to do, unless it fits.
void require_fit(const schema_status& status, const std::string& address);

}  // namespace partita
