#include "storage/migrate.hpp"

#include <catch2/catch.hpp>

#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;

namespace {

/// As many as this program needs.
const std::vector<migration_text> known = [] {
  static const auto texts = [] {
    std::vector<std::pair<std::string, std::string>> all;
    for (int i = 1; i <= lowest_schema; ++i)
      all.emplace_back("000" + std::to_string(i) + "_more",
                       "CREATE TABLE t" + std::to_string(i) + " (a);");
    return all;
  }();
  std::vector<migration_text> all;
  for (const auto& [name, sql] : texts) all.push_back({name, sql});
  return all;
}();
constexpr std::size_t needed = lowest_schema;

std::vector<applied_migration> applied(std::size_t count) {
  std::vector<applied_migration> rows;
  for (std::size_t i = 0; i < count; ++i)
    rows.push_back({known[i].version(), known[i].checksum(), known[i].works_with()});
  return rows;
}

}  // namespace

TEST_CASE("a migration is numbered by its name and knows its text by a checksum") {
  CHECK(known[0].version() == 1);
  CHECK(known[1].version() == 2);
  CHECK(known[0].checksum().size() == 16);
  CHECK(known[0].checksum() != known[1].checksum());
  CHECK(migration_text{"0001_x", ""}.checksum() == "cbf29ce484222325");
  CHECK(migration_text{"0001_x", "a"}.checksum() == "af63dc4c8601ec8c");
}

TEST_CASE("a migration says in its first line which programs can work with what it makes") {
  CHECK(known[1].works_with() == 2);
  CHECK(migration_text{"0004_x", "-- works with: 3\nCREATE TABLE g (h);"}.works_with() == 3);
  CHECK(migration_text{"0004_x", "CREATE TABLE g (h); -- works with: 3"}.works_with() == 4);
}

TEST_CASE("a schema fits when program and schema each know enough of the other") {
  CHECK(compare_schema(known, applied(needed)).fits());
  CHECK_FALSE(compare_schema(known, applied(needed - 1)).fits());
  CHECK_FALSE(compare_schema(known, applied(0)).fits());
  auto newer = applied(needed);
  newer.push_back({lowest_schema + 1, "0123456789abcdef", lowest_schema});
  CHECK(compare_schema(known, newer).fits());
  newer.back().works_with = lowest_schema + 1;
  CHECK_FALSE(compare_schema(known, newer).fits());
  auto altered = applied(needed);
  altered[0].checksum = "0123456789abcdef";
  CHECK_FALSE(compare_schema(known, altered).fits());
  CHECK(compare_schema(known, altered).migrations.at(0).altered);
}

TEST_CASE("a schema that does not fit says what to do") {
  auto refusal = [](const schema_status& status) {
    return std::pair{error_of([&] { require_fit(status, "here"); }),
                     sentence_of([&] { require_fit(status, "here"); })};
  };
  CHECK(refusal(compare_schema(known, applied(needed))).first == std::nullopt);
  CHECK(refusal(compare_schema(known, {})).first == errc::schema_missing);
  auto [code, sentence] = refusal(compare_schema(known, applied(needed - 1)));
  CHECK(code == errc::schema_mismatch);
  CHECK_THAT(sentence, Catch::Contains("partita schema migrate"));
  auto newer = applied(needed);
  newer.push_back({lowest_schema + 1, "0123456789abcdef", lowest_schema + 1});
  CHECK_THAT(refusal(compare_schema(known, newer)).second, Catch::Contains("newer program"));
  auto altered = applied(needed);
  altered[1].checksum = "0123456789abcdef";
  CHECK_THAT(refusal(compare_schema(known, altered)).second, Catch::Contains("schema verify"));
}

TEST_CASE("the migrations a program carries are numbered 1, 2, 3") {
  for (const auto* all : {&sqlite_migrations(), &postgres_migrations()}) {
    REQUIRE_FALSE(all->empty());
    for (std::size_t i = 0; i < all->size(); ++i)
      CHECK(all->at(i).version() == static_cast<int>(i) + 1);
  }
}
