#pragma once

#include <optional>
#include <string>
#include <vector>

struct sqlite3;

namespace partita::test {

using text_row = std::vector<std::optional<std::string>>;

/// Reads a database file past the store.
class sqlite_reader {
 public:
  explicit sqlite_reader(const std::string& path);
  sqlite_reader(const sqlite_reader&) = delete;
  sqlite_reader& operator=(const sqlite_reader&) = delete;
  ~sqlite_reader();

  /// Rows with every column as text.
  std::vector<text_row> query(const std::string& sql);

  /// Any statements.
  void run(const std::string& sql);

 private:
  sqlite3* db_ = nullptr;
};

/// What `migrate` makes of an empty file: all statements of sqlite_master, by type and name.
std::string fresh_sqlite_schema();

}  // namespace partita::test
