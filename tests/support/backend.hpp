#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storage/database.hpp"
#include "storage/store.hpp"
#include "storage/tables.hpp"

namespace partita::test {

/// A database of one kind: empty, and its time moves as the test says.
class backend {
 public:
  virtual ~backend() = default;

  virtual std::string name() const = 0;
  virtual database& db() = 0;

  /// Time passes, as far as heartbeats and waiting ranges can tell.
  virtual void pass(milliseconds time) = 0;

  /// All rows as of one moment.
  tables dump() { return db().audit_rows({}); }

  /// Changes rows past the store; `sql` names the tables as this database does.
  virtual void tamper(const std::string& sql) = 0;

  std::unique_ptr<store> connect() { return std::make_unique<store>(db().connect({})); }
};

/// The kinds that can run here: memory, sqlite, and postgres if PARTITA_TEST_PG names a scratch
/// database (its schema `partita` is dropped). PARTITA_TEST_ONLY=memory,sqlite leaves out others.
/// What is left out is said once on stdout: it did not pass, it did not run.
const std::vector<std::string>& backend_names();

std::unique_ptr<backend> make_backend(const std::string& name);

std::unique_ptr<backend> make_memory_backend();
std::unique_ptr<backend> make_sqlite_backend();
std::unique_ptr<backend> make_postgres_backend(const std::string& conninfo);

}  // namespace partita::test
