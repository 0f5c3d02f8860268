#include "storage/sqlite/sqlite_database.hpp"

#include <mutex>

#include "storage/audit/table_reader.hpp"
#include "storage/migrate.hpp"
#include "storage/sqlite/examine.hpp"
#include "storage/sqlite/sqlite_session.hpp"
#include "storage/sqlite/statements/schema.hpp"

namespace partita {

namespace {

using namespace sqlite;

std::vector<applied_migration> applied_to(connection& db) {
  bool any = false, with_ranges = false;
  for (auto s = db.query(sql::migration_columns); s.next(); any = true)
    with_ranges = with_ranges || s.get<std::string>(0) == "works_with";
  std::vector<applied_migration> applied;
  if (!any) return applied;
  auto s = db.query(with_ranges ? sql::applied_migrations : sql::applied_first_migration);
  while (s.next()) applied.push_back({s.get<int>(0), s.get<std::string>(1), s.get<int>(2)});
  return applied;
}

schema_status read_schema(connection& db) {
  return compare_schema(sqlite_migrations(), applied_to(db));
}

schema_status schema_of(connection& db) {
  transaction_scope tx{db, access::read};
  auto status = read_schema(db);
  tx.commit();
  return status;
}

/// Throws schema_mismatch if the database needs a newer program, or was made from another text.
/// That something is missing is fine: it is about to be applied.
void require_upgradable(schema_status status, const std::string& address) {
  status.found = std::max(status.found, status.expected);
  require_fit(status, address);
}

/// Applies what is missing; returns how many. The rows that tell of it come last, when their table
/// has all its columns.
int apply(connection& db, const schema_status& status) {
  const auto& known = sqlite_migrations();
  std::vector<migration_text> missing;
  for (std::size_t i = 0; i < known.size(); ++i)
    if (!status.migrations[i].applied) missing.push_back(known[i]);
  for (const auto& m : missing) db.run_script(m.sql);
  for (const auto& m : missing)
    db.run(sql::insert_migration, m.version(), m.name, m.checksum(), m.works_with());
  return static_cast<int>(missing.size());
}

class sqlite_database : public database {
 public:
  sqlite_database(std::string path, wall_clock clock, bool alone)
      : path_(std::move(path)), clock_(std::move(clock)), alone_(alone) {}

  std::shared_ptr<session> connect(const session_options& options) override {
    auto how = with_timeout(options.statement_timeout);
    how.purges = options.purges;
    if (!alone_) how.author_limit = options.author_limit;
    auto db = std::make_unique<connection>(how);
    keep_in_memory(false);
    if (!options.elsewhere) require_fit(schema_of(*db), address());
    db->use_wal();
    return std::make_shared<sqlite_session>(std::move(how), std::move(db));
  }

  schema_status schema() override {
    try {
      connection db{with_timeout(session_options{}.statement_timeout)};
      return schema_of(db);
    } catch (const store_error& e) {
      if (e.code() != errc::schema_missing) throw;
      return compare_schema(sqlite_migrations(), {});
    }
  }

  int migrate() override {
    auto how = with_timeout(session_options{}.statement_timeout);
    how.create = true;
    connection db{std::move(how)};
    keep_in_memory(true);
    db.use_wal();
    transaction_scope tx{db, access::write};
    const auto status = read_schema(db);
    require_upgradable(status, address());
    const auto count = apply(db, status);
    tx.commit();
    return count;
  }

  tables audit_rows(std::optional<run_id> run) override {
    connection db{with_timeout(session_options{}.statement_timeout)};
    transaction_scope tx{db, access::read};
    require_fit(read_schema(db), address());
    auto rows =
        audit::read_tables([&](const auto& sql, const auto& each) { db.each_row(sql, each); },
                           {"partita_", [](const std::string& column) { return column; },
                            [](const std::string& column) { return column; }},
                           run);
    tx.commit();
    return rows;
  }

  std::vector<diagnosis> examine() override {
    connection db{with_timeout(session_options{}.statement_timeout)};
    return sqlite::examine(db, path_);
  }

  std::string address() const override { return "sqlite:" + path_; }

  bool shared_over_network() const override { return false; }

 private:
  open_options with_timeout(milliseconds lock_timeout) const {
    open_options how{path_, clock_, lock_timeout};
    how.alone = alone_;
    return how;
  }

  /// A database in memory lives as long as a connection to it: this object holds one.
  void keep_in_memory(bool create) {
    if (!path_.starts_with("file:")) return;
    std::lock_guard lock{guard_};
    if (!anchor_) {
      anchor_ = std::make_unique<connection>(
          open_options{path_, clock_, session_options{}.statement_timeout, create});
    }
  }

  const std::string path_;
  const wall_clock clock_;
  const bool alone_;
  std::mutex guard_;
  std::unique_ptr<connection> anchor_;
};

}  // namespace

std::shared_ptr<database> open_sqlite(const std::string& path, wall_clock clock, bool alone) {
  return std::make_shared<sqlite_database>(path, std::move(clock), alone);
}

}  // namespace partita
