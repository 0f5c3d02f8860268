#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/sqlite/connection.hpp"

namespace partita::test {

using text_row = std::vector<std::optional<std::string>>;

/// Reads and changes a database file past the store; it may break what foreign keys protect.
class sqlite_reader {
 public:
  explicit sqlite_reader(const std::string& path);

  /// Rows with every column as text.
  std::vector<text_row> query(const std::string& sql);

  /// Any statements.
  void run(const std::string& sql) { db_.run_script(sql); }

 private:
  sqlite::connection db_;
};

/// What `migrate` makes of an empty file: all statements of sqlite_master, by type and name.
std::string fresh_sqlite_schema();

}  // namespace partita::test
