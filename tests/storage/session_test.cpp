#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>

#include "storage/audit/audit.hpp"
#include "storage/postgres/postgres_session.hpp"
#include "storage/store.hpp"
#include "tests/support/backend.hpp"

using namespace partita;
using namespace partita::postgres;

namespace {

bool has_postgres() {
  const auto& kinds = test::backend_names();
  return std::find(kinds.begin(), kinds.end(), "postgres") != kinds.end();
}

std::shared_ptr<dialer> dial(const std::string& extra = "") {
  conninfo where{std::getenv("PARTITA_TEST_PG")};
  return std::make_shared<dialer>(conninfo{where.with({}) + extra});
}

/// Ends the server's side of every session with that name, and returns when they are gone.
void end_sessions(const std::string& application) {
  postgres_session past{dial(), {}};
  past.once([&](pqxx::transaction_base& tx) {
    tx.exec_params(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
        "WHERE application_name = $1",
        application);
  });
}

std::optional<errc> refusal_of(store& db) {
  try {
    db.list_nodes(true);
    return std::nullopt;
  } catch (const store_error& e) {
    return e.code();
  }
}

}  // namespace

TEST_CASE("a session whose prepared statements are lost goes on without them") {
  if (!has_postgres()) return;
  postgres_session server{dial(), {}};
  const std::string statement =
      "SELECT 2 * $1::bigint, (SELECT count(*) FROM pg_prepared_statements)";
  const auto ask = [&] {
    return server.once([&](pqxx::transaction_base& tx) {
      const auto row = planned_once(tx, statement, 21).front();
      return std::pair{row[0].as<int>(), row[1].as<int>()};
    });
  };
  CHECK(ask() == std::pair{42, 1});
  CHECK(ask() == std::pair{42, 1});
  // As behind a pooler that gives each transaction another connection.
  server.once([](pqxx::transaction_base& tx) { tx.exec("DEALLOCATE ALL"); });
  CHECK(ask() == std::pair{42, 0});
  CHECK(ask() == std::pair{42, 0});
}

TEST_CASE("a server that does not answer in time is given up, and the next verb connects anew") {
  if (!has_postgres()) return;
  session_options options;
  options.statement_timeout = milliseconds{200};
  // As if the server could not end the statement itself.
  postgres_session server{dial(" options='-c statement_timeout=0'"), options};
  const auto begun = std::chrono::steady_clock::now();
  try {
    server.once([](pqxx::transaction_base& tx) { tx.exec("SELECT pg_sleep(60)"); });
    FAIL("it was answered");
  } catch (const store_error& e) {
    CHECK(e.code() == errc::unavailable);
    CHECK_THAT(e.what(), Catch::Contains("did not answer for 400 ms"));
  }
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds{30});
  CHECK(server.once([](pqxx::transaction_base& tx) { return tx.exec1("SELECT 7")[0].as<int>(); }) ==
        7);
}

TEST_CASE("a server that lacks what it acknowledged is noticed when the link is made anew") {
  if (!has_postgres()) return;
  const auto backend = test::make_backend("postgres");
  session_options options;
  options.application = "witness";
  store db{backend->db().connect(options)};
  db.register_node({});
  SECTION("all is there: no alarm") {
    end_sessions(options.application);
    CHECK(refusal_of(db) == errc::unavailable);
    CHECK(refusal_of(db) == std::nullopt);
  }
  SECTION("it may have been purged: no alarm") {
    backend->tamper(
        "UPDATE partita.purge_turn SET event_id = (SELECT max(event_id) FROM "
        "partita.event); TRUNCATE partita.event");
    end_sessions(options.application);
    CHECK(refusal_of(db) == errc::unavailable);
    CHECK(refusal_of(db) == std::nullopt);
  }
  SECTION("it is not: told to every session, until the process has dropped what it remembers") {
    backend->tamper("TRUNCATE partita.event");
    end_sessions(options.application);
    CHECK(refusal_of(db) == errc::unavailable);
    CHECK(refusal_of(db) == errc::history_lost);
    CHECK(refusal_of(db) == errc::history_lost);
    CHECK_THROWS_AS(backend->db().connect(options), store_error);
    backend->db().begin_anew();
    CHECK(refusal_of(db) == std::nullopt);
    const auto rows = backend->db().audit_rows(std::nullopt);
    REQUIRE(rows.events.size() == 1);
    CHECK(rows.events.front().kind == "HISTORY_LOST");
    CHECK(audit::audit(rows).losses.size() == 1);
  }
}
