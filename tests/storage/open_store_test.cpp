#include <catch2/catch.hpp>

#include "tests/support/contract.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using namespace partita::test;

TEST_CASE("an address names a database without opening it") {
  CHECK_FALSE(open_database("sqlite:/no/such/folder/partita.db")->shared_over_network());
  CHECK(open_database("postgresql://user@host.invalid/name")->shared_over_network());
  CHECK(open_database("postgres://host.invalid/name")->shared_over_network());
  CHECK(open_database("host=host.invalid dbname=name")->shared_over_network());
  CHECK(open_database("dbname = 'my name'")->shared_over_network());
}

TEST_CASE("an address that is none is refused with a sentence that says what to write") {
  for (const auto* text :
       {"", "partita.db", "sqlite", "mysql://host/db", "=x", "/tmp/a=b", "Host=x", "sqlite:"}) {
    INFO("for '" << text << "'");
    auto open = [&] { open_database(text); };
    CHECK(error_of(open) == errc::bad_request);
    CHECK_THAT(sentence_of(open), Catch::Contains("sqlite:"));
  }
}

TEST_CASE("an address as it may be shown holds no password") {
  for (const auto* text : {"postgresql://user:s3cret@host.invalid/name",
                           "postgresql://host.invalid/name?user=u&password=s3cret",
                           "host=host.invalid password=s3cret dbname=name",
                           "host=host.invalid password='s3cret x' dbname=name"})
    CHECK(open_database(text)->address().find("s3cret") == std::string::npos);
  CHECK(sentence_of([] { open_database("mysql://user:s3cret@host/db"); }).find("s3cret") ==
        std::string::npos);
}

TEST_CASE("a database without tables says how to make them") {
  temp_dir folder;
  auto empty = open_database("sqlite:" + (folder / "empty.db").string());
  auto connect = [&] { empty->connect({}); };
  CHECK(error_of(connect) == errc::schema_missing);
  CHECK_THAT(sentence_of(connect), Catch::Contains("partita schema migrate"));
  CHECK(empty->schema().found == 0);
  CHECK(empty->migrate() == empty->schema().expected);
  CHECK_FALSE(error_of(connect));
}
