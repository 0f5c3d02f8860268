#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>

#include "storage/postgres/postgres_session.hpp"
#include "tests/support/backend.hpp"

using namespace partita;
using namespace partita::postgres;

TEST_CASE("a session whose prepared statements are lost goes on without them") {
  const auto& kinds = test::backend_names();
  if (std::find(kinds.begin(), kinds.end(), "postgres") == kinds.end()) return;
  postgres_session server{conninfo{std::getenv("PARTITA_TEST_PG")}, {}};
  const std::string statement =
      "SELECT 2 * $1::bigint, (SELECT count(*) FROM pg_prepared_statements)";
  const auto ask = [&] {
    return server.once([&](pqxx::transaction_base& tx) {
      const auto row = planned_once(tx, statement, 21).front();
      return std::pair{row[0].as<int>(), row[1].as<int>()};
    });
  };
  CHECK(ask() == std::pair{42, 1});
  // As behind a pooler that gives each transaction another connection.
  server.once([](pqxx::transaction_base& tx) { tx.exec("DEALLOCATE ALL"); });
  CHECK(ask() == std::pair{42, 0});
  CHECK(ask() == std::pair{42, 0});
}
