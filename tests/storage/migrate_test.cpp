#include "storage/migrate.hpp"

#include <catch2/catch.hpp>

#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;

namespace {

const std::vector<migration_text> known{{"0001_tables", "CREATE TABLE a (b);"},
                                        {"0002_more", "CREATE TABLE c (d);"},
                                        {"0003_more", "CREATE TABLE e (f);"},
                                        {"0004_more", "CREATE TABLE g (h);"},
                                        {"0005_last", "CREATE TABLE i (j);"}};

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
  CHECK(compare_schema(known, applied(5)).fits());
  CHECK_FALSE(compare_schema(known, applied(4)).fits());  // the program needs version 5
  CHECK_FALSE(compare_schema(known, applied(0)).fits());
  auto newer = applied(5);
  newer.push_back({6, "0123456789abcdef", 5});
  CHECK(compare_schema(known, newer).fits());
  newer.back().works_with = 6;
  CHECK_FALSE(compare_schema(known, newer).fits());
  auto altered = applied(5);
  altered[0].checksum = "0123456789abcdef";
  CHECK_FALSE(compare_schema(known, altered).fits());
  CHECK(compare_schema(known, altered).migrations.at(0).altered);
}

TEST_CASE("a schema that does not fit says what to do") {
  auto refusal = [](const schema_status& status) {
    return std::pair{error_of([&] { require_fit(status, "here"); }),
                     sentence_of([&] { require_fit(status, "here"); })};
  };
  CHECK(refusal(compare_schema(known, applied(5))).first == std::nullopt);
  CHECK(refusal(compare_schema(known, {})).first == errc::schema_missing);
  auto [code, sentence] = refusal(compare_schema(known, applied(4)));
  CHECK(code == errc::schema_mismatch);
  CHECK_THAT(sentence, Catch::Contains("partita schema migrate"));
  auto newer = applied(5);
  newer.push_back({6, "0123456789abcdef", 6});
  CHECK_THAT(refusal(compare_schema(known, newer)).second, Catch::Contains("newer program"));
  auto altered = applied(5);
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
