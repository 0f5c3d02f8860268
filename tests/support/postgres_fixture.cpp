// The one file of the tests that speaks to PostgreSQL past the store.
#include <pqxx/pqxx>

#include "storage/postgres/postgres_database.hpp"
#include "tests/support/backend.hpp"

/// When a connection ends under a statement, libpqxx 6.4 loses the result it has got: it asks the
/// dead connection for its encoding, which throws.
// NOLINTBEGIN(bugprone-reserved-identifier): the sanitizer asks for it by this name
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libpqxx\n"; }
// NOLINTEND(bugprone-reserved-identifier)

namespace partita::test {

namespace {

void execute(pqxx::connection& on, const std::string& sql) {
  pqxx::work work{on};
  work.exec(sql);
  work.commit();
}

/// A schema made by the first of them in this process, emptied by each later one. With
/// PARTITA_TEST_PG_AS the store logs in with that address, and has the rights of its roles only.
class postgres_backend final : public backend {
 public:
  explicit postgres_backend(const std::string& conninfo)
      : side_(conninfo), db_(open_postgres(login(conninfo))) {
    static bool made = false;
    if (!made) execute(side_, "DROP SCHEMA IF EXISTS partita CASCADE");
    if (!made) open_postgres(conninfo)->migrate();
    if (!made && login(conninfo) != conninfo) execute(side_, std::string{postgres_roles()});
    made = true;
    execute(side_,
            "TRUNCATE partita.partition_log, partita.node, partita.run, partita.step, "
            "partita.partition, partita.ready, "
            "partita.lease, partita.result, partita.checkpoint, partita.skipped, partita.failure, "
            "partita.event, "
            "partita.output_name, partita.step_counter, partita.tile, "
            "partita.job, partita.paused_job, partita.resource_limit, partita.retention, "
            "partita.purging, partita.schedule RESTART IDENTITY CASCADE; "
            "UPDATE partita.purge_turn SET next_at = 'epoch', event_id = 0; "
            "UPDATE partita.schedule_balance SET balanced = true");
    set_clock("SELECT now()");
  }

  static std::string login(const std::string& otherwise) {
    const auto* as = std::getenv("PARTITA_TEST_PG_AS");
    return as != nullptr ? as : otherwise;
  }

  std::string name() const override { return "postgres"; }
  database& db() override { return *db_; }

  /// The clock of the engine is that of the server and so much more.
  void pass(milliseconds time) override {
    passed_ += time;
    set_clock("SELECT now() + interval '" + std::to_string(passed_.count()) + " milliseconds'");
  }

  void tamper(const std::string& sql) override { execute(side_, sql); }

 private:
  void set_clock(const std::string& body) {
    execute(side_,
            "CREATE OR REPLACE FUNCTION partita.clock() RETURNS timestamptz LANGUAGE sql "
            "STABLE PARALLEL SAFE AS $$" +
                body + "$$");
  }

  pqxx::connection side_;  // past the store
  std::shared_ptr<database> db_;
  milliseconds passed_{0};
};

}  // namespace

std::unique_ptr<backend> make_postgres_backend(const std::string& conninfo) {
  return std::make_unique<postgres_backend>(conninfo);
}

}  // namespace partita::test
