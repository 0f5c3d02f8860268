#include "storage/postgres/postgres_database.hpp"

#include <csignal>

#include "storage/audit/table_reader.hpp"
#include "storage/migrate.hpp"
#include "storage/postgres/examine.hpp"
#include "storage/postgres/listening.hpp"
#include "storage/postgres/postgres_store.hpp"
#include "storage/postgres/rows.hpp"
#include "storage/postgres/statements.hpp"

namespace partita {

namespace postgres {
namespace {

/// Creating tables may wait for another process that does the same.
constexpr session_options migrating{"partita migrate", milliseconds{60'000}, milliseconds{3'000}};

/// Reading whole tables takes what it takes.
constexpr session_options auditing{"partita verify", milliseconds{600'000}, milliseconds{3'000}};

/// Runs a SELECT; hands out its rows as text, NULL as nothing.
void each_row(transaction& tx, const std::string& sql,
              const std::function<void(audit::text_row)>& take) {
  std::vector<std::optional<std::string_view>> columns;
  for (const auto& row : tx.exec(sql)) {
    columns.clear();
    for (const auto& field : row) {
      columns.emplace_back();
      if (!field.is_null()) columns.back().emplace(field.c_str(), field.size());
    }
    take(columns);
  }
}

/// The migrations applied so far. Nothing: there are no tables of ours.
std::vector<applied_migration> applied_migrations(transaction& tx) {
  std::vector<applied_migration> applied;
  if (!tx.exec_params1(sql::has_schema)["tables"].as<bool>()) return applied;
  for (const auto& row : tx.exec_params(sql::list_migrations))
    applied.push_back({row["version"].as<int>(), row["checksum"].c_str()});
  return applied;
}

schema_status status_of(transaction& tx) {
  return compare_schema(postgres_migrations(), applied_migrations(tx));
}

/// Applies what is missing. REQUIRES: no other process can do so before this transaction ends.
int apply_missing(transaction& tx, const std::string& address) {
  const auto status = status_of(tx);
  auto damage = status;
  damage.expected = damage.found;  // being too old is no obstacle here
  if (status.found > status.expected) require_fit(status, address);
  if (status.found > 0) require_fit(damage, address);
  if (!tx.exec_params1(sql::has_schema)["namespace"].as<bool>()) tx.exec(sql::create_schema);
  int count = 0;
  for (const auto& migration : postgres_migrations()) {
    if (migration.version() <= status.found) continue;
    tx.exec(std::string{migration.sql});
    tx.exec_params(sql::insert_migration, migration.version(), std::string{migration.name},
                   migration.checksum());
    ++count;
  }
  return count;
}

class postgres_database final : public database {
 public:
  explicit postgres_database(const std::string& text) : where_(text) {}

  std::unique_ptr<store> connect(const session_options& options) override {
    session fresh{where_, options};
    require_fit(fresh.once(status_of), address());
    return std::make_unique<postgres_store>(std::move(fresh));
  }

  std::unique_ptr<wake_up> listen(const std::string& application) override {
    return postgres::listen(where_, application);
  }

  schema_status schema() override { return session{where_, {}}.once(status_of); }

  int migrate() override {
    return session{where_, migrating}.transact([&](transaction& tx) {
      tx.exec(sql::lock_migrations);
      return apply_missing(tx, address());
    });
  }

  memory::tables audit_rows(std::optional<run_id> run) override {
    return session{where_, auditing}.snapshot([&](transaction& tx) {
      require_fit(status_of(tx), address());
      tx.exec(sql::stay_idle);
      return audit::read_tables(
          [&](const std::string& sql, const auto& each) { each_row(tx, sql, each); },
          {"partita.", [](const std::string& column) { return "partita.micros(" + column + ")"; }},
          run);
    });
  }

  std::vector<diagnosis> examine() override {
    return session{where_, {}}.once([&](transaction& tx) { return postgres::examine(tx, where_); });
  }

  std::string address() const override { return where_.address(); }

  bool shared_over_network() const override { return true; }

 private:
  conninfo where_;
};

}  // namespace
}  // namespace postgres

std::shared_ptr<database> open_postgres(const std::string& conninfo) {
  std::signal(SIGPIPE, SIG_IGN);  // a dead connection is an error of a verb, not of the process
  return std::make_shared<postgres::postgres_database>(conninfo);
}

}  // namespace partita
