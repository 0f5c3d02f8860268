#include "tests/sim/postgres_backing.hpp"

#include <unistd.h>

#include <cstdlib>
#include <pqxx/pqxx>
#include <stdexcept>
#include <string>

#include "storage/audit/table_reader.hpp"
#include "storage/postgres/postgres_database.hpp"

namespace partita::sim {

namespace {

constexpr auto variable = "PARTITA_TEST_PG";

/// Time is a row: every session sees what was written there last.
constexpr auto virtual_time = R"(
CREATE SCHEMA virtual_time;
CREATE UNLOGGED TABLE virtual_time.now (at timestamptz NOT NULL) WITH (fillfactor = 10);
INSERT INTO virtual_time.now VALUES (now());
CREATE OR REPLACE FUNCTION partita.clock() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT at FROM virtual_time.now')";

constexpr auto empty_all = R"(
TRUNCATE partita.node, partita.job, partita.run, partita.step, partita.partition, partita.ready,
         partita.lease, partita.partition_log, partita.result, partita.checkpoint, partita.skipped,
         partita.failure, partita.event, partita.output_name, partita.step_counter,
         partita.tile, partita.paused_job, partita.resource_limit, partita.retention,
         partita.purging
RESTART IDENTITY CASCADE;
UPDATE partita.purge_turn SET next_at = 'epoch', event_id = 0;
DROP TABLE IF EXISTS ledger)";

void execute(pqxx::connection& on, const std::string& sql) {
  pqxx::nontransaction work{on};
  work.exec(sql);
}

/// A database of this process on the server that PARTITA_TEST_PG names; gone with the process.
class scratch_database {
 public:
  static scratch_database& of_this_process() {
    static auto* current = new scratch_database;
    if (current->owner_ != ::getpid()) current = new scratch_database;  // this one was forked
    return *current;
  }

  pqxx::connection& side() { return *side_; }
  const std::string& address() const { return address_; }

 private:
  scratch_database() : owner_(::getpid()), name_("partita_simulation_" + std::to_string(owner_)) {
    pqxx::connection server{std::getenv(variable)};
    drop_orphans(server);
    execute(server, "DROP DATABASE IF EXISTS " + name_);
    execute(server, "CREATE DATABASE " + name_);
    address_ = std::getenv(variable);
    address_ = address_.substr(0, address_.rfind('/') + 1) + name_;
    open_postgres(address_)->migrate();
    side_ = std::make_unique<pqxx::connection>(address_ + "?options=-csynchronous_commit%3Doff");
    execute(*side_, virtual_time);
  }

  /// Databases of processes that are no more.
  static void drop_orphans(pqxx::connection& server) {
    pqxx::nontransaction look{server};
    for (const auto& row :
         look.exec("SELECT datname FROM pg_database WHERE datname LIKE 'partita_simulation_%'")) {
      const std::string name = row[0].c_str();
      if (::access(("/proc/" + name.substr(name.rfind('_') + 1)).c_str(), F_OK) != 0)
        look.exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
    }
  }

  const pid_t owner_;
  const std::string name_;
  std::string address_;
  std::unique_ptr<pqxx::connection> side_;  // past the engine: time, and looking at all rows
};

/// All sessions of the simulated cluster.
class shared_session final : public session {
 public:
  shared_session(std::shared_ptr<session> real, scratch_database& where, wall_clock clock)
      : real_(std::move(real)), where_(where), clock_(std::move(clock)) {}

  void run(verb& v) override {
    execute(where_.side(),
            "UPDATE virtual_time.now SET at = 'epoch'::timestamptz + interval '1 microsecond' * " +
                std::to_string(clock_().time_since_epoch().count()));
    real_->run(v);
  }

 private:
  std::shared_ptr<session> real_;
  scratch_database& where_;
  wall_clock clock_;
};

class postgres_backing final : public database {
 public:
  explicit postgres_backing(wall_clock clock)
      : where_(scratch_database::of_this_process()),
        real_(open_postgres(where_.address() + "?options=-csynchronous_commit%3Doff")) {
    execute(where_.side(), empty_all);
    shared_ = std::make_shared<shared_session>(real_->connect({}), where_, std::move(clock));
  }

  std::shared_ptr<session> connect(const session_options&) override { return shared_; }
  schema_status schema() override { return real_->schema(); }
  int migrate() override { return 0; }
  std::vector<diagnosis> examine() override { return {}; }
  std::string address() const override { return real_->address(); }
  bool shared_over_network() const override { return true; }

  tables audit_rows(std::optional<run_id> run) override {
    pqxx::nontransaction look{where_.side()};
    auto rows_of = [&](const std::string& sql, const std::function<void(audit::text_row)>& take) {
      std::vector<std::optional<std::string_view>> columns;
      for (const auto& row : look.exec(sql)) {
        columns.clear();
        for (const auto& field : row) {
          columns.emplace_back();
          if (!field.is_null()) columns.back().emplace(field.c_str(), field.size());
        }
        take(columns);
      }
    };
    auto micros = [](const std::string& column) { return "partita.micros(" + column + ")"; };
    auto list = [](const std::string& column) { return "to_json(" + column + ")"; };
    return audit::read_tables(rows_of, {"partita.", micros, list}, run);
  }

 private:
  scratch_database& where_;
  std::shared_ptr<database> real_;
  std::shared_ptr<session> shared_;
};

}  // namespace

bool has_postgres() { return std::getenv(variable) != nullptr; }

std::shared_ptr<database> make_postgres_backing(wall_clock clock) {
  if (!has_postgres())
    throw std::invalid_argument(
        "there is no PostgreSQL to simulate on: PARTITA_TEST_PG names none "
        "(pg_virtualenv starts one)");
  return std::make_shared<postgres_backing>(std::move(clock));
}

}  // namespace partita::sim
