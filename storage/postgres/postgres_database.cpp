#include "storage/postgres/postgres_database.hpp"

#include <csignal>

#include "storage/audit/table_reader.hpp"
#include "storage/migrate.hpp"
#include "storage/postgres/examine.hpp"
#include "storage/postgres/listening.hpp"
#include "storage/postgres/postgres_session.hpp"
#include "storage/postgres/statements/schema.hpp"

namespace partita {

namespace postgres {
namespace {

/// Creating tables may wait for another process that does the same.
const session_options migrating{"partita migrate", milliseconds{60'000}, milliseconds{3'000}};

/// Reading whole tables takes what it takes.
const session_options auditing{"partita verify", milliseconds{600'000}, milliseconds{3'000}};

/// Runs a SELECT; hands out its rows as text, NULL as nothing.
void each_row(pqxx::transaction_base& tx, const std::string& sql,
              const std::function<void(audit::text_row)>& take) {
  std::vector<std::optional<std::string_view>> columns;
  connection_of(tx).expect_answer();
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
std::vector<applied_migration> applied_migrations(pqxx::transaction_base& tx) {
  std::vector<applied_migration> applied;
  if (!tx.exec_params1(sql::has_schema)["tables"].as<bool>()) return applied;
  for (const auto& row : tx.exec_params(sql::list_migrations))
    applied.push_back(
        {row["version"].as<int>(), row["checksum"].c_str(), row["works_with"].as<int>()});
  return applied;
}

schema_status status_of(pqxx::transaction_base& tx) {
  return compare_schema(postgres_migrations(), applied_migrations(tx));
}

/// Applies what is missing. REQUIRES: no other process can do so before this transaction ends.
int apply_missing(pqxx::transaction_base& tx, const std::string& address) {
  auto status = status_of(tx);
  status.lowest = 0;  // being too old is no obstacle here
  if (status.found > 0) require_fit(status, address);
  if (!tx.exec_params1(sql::has_schema)["namespace"].as<bool>()) tx.exec(sql::create_schema);
  std::vector<const migration_text*> missing;
  for (const auto& migration : postgres_migrations())
    if (migration.version() > status.found) missing.push_back(&migration);
  for (const auto* migration : missing) {
    connection_of(tx).expect_answer();
    tx.exec(std::string{migration->sql});
  }
  // Only then: the table of migrations has all its columns now.
  for (const auto* migration : missing)
    tx.exec_params(sql::insert_migration, migration->version(), std::string{migration->name},
                   migration->checksum(), migration->works_with());
  return static_cast<int>(missing.size());
}

class postgres_database final : public database {
 public:
  explicit postgres_database(const std::string& text)
      : dial_(std::make_shared<dialer>(conninfo{text})) {}

  std::shared_ptr<session> connect(const session_options& options) override {
    auto fresh = std::make_shared<postgres_session>(dial_, options);
    if (options.elsewhere)
      fresh->once([](pqxx::transaction_base& tx) { tx.exec("SELECT 1"); });
    else
      require_fit(fresh->once(status_of), address());
    return fresh;
  }

  std::unique_ptr<wake_up> listen(const std::string& application) override {
    return postgres::listen(dial_, application);
  }

  schema_status schema() override { return postgres_session{dial_, {}}.once(status_of); }

  int migrate() override {
    return postgres_session{dial_, migrating}.transact([&](pqxx::transaction_base& tx) {
      tx.exec(sql::lock_migrations);
      return apply_missing(tx, address());
    });
  }

  tables audit_rows(std::optional<run_id> run) override {
    return postgres_session{dial_, auditing}.snapshot([&](pqxx::transaction_base& tx) {
      require_fit(status_of(tx), address());
      tx.exec(sql::stay_idle);
      return audit::read_tables(
          [&](const std::string& sql, const auto& each) { each_row(tx, sql, each); },
          {"partita.", [](const std::string& column) { return "partita.micros(" + column + ")"; },
           [](const std::string& column) { return "to_json(" + column + ")"; }},
          run);
    });
  }

  void begin_anew() override { dial_->history().begin_anew(); }

  std::vector<diagnosis> examine() override {
    return postgres_session{dial_, {}}.once(
        [&](pqxx::transaction_base& tx) { return postgres::examine(tx, dial_->where()); });
  }

  std::string address() const override { return dial_->where().address(); }

  bool shared_over_network() const override { return true; }

 private:
  const std::shared_ptr<dialer> dial_;
};

}  // namespace
}  // namespace postgres

std::shared_ptr<database> open_postgres(const std::string& conninfo) {
  std::signal(SIGPIPE, SIG_IGN);  // a dead connection is an error of a verb, not of the process
  return std::make_shared<postgres::postgres_database>(conninfo);
}

}  // namespace partita
