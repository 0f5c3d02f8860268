#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "apps/jobs/marc/bulk_endpoint.hpp"
#include "batch/errors.hpp"

using namespace partita;
using namespace partita::marc;
using Catch::Contains;

TEST_CASE("an answer of a bulk endpoint tells how many were refused, and where") {
  CHECK(parse_answer(R"({"errorsNumber": 0})").errors == 0);
  const auto some = parse_answer(
      R"({"errorsNumber": 2, "errorRecordsFileName": "a", "errorsFileName": "dir/b", "more": 1})");
  CHECK(some.errors == 2);
  CHECK(some.errors_file == "dir/b");
}

TEST_CASE("half an answer of a bulk endpoint is none") {
  for (const auto* text :
       {"", "null", "[]", "{}", R"({"errorsNum)", R"({"errorsNumber": -1})",
        R"({"errorsNumber": "2", "errorsFileName": "b"})", R"({"errorsNumber": 2})",
        R"({"errorsNumber": 2, "errorsFileName": ""})", R"({"errorsNumber": 2.5})"}) {
    INFO(text);
    CHECK_THROWS_AS(parse_answer(text), transient_error);
  }
  CHECK_THROWS_WITH(parse_answer(""), Contains("it is empty"));
}

TEST_CASE("lines of errors are told of the entities that they name") {
  const std::vector<entity> all{{"a", "{}"}, {"b", "{}"}, {"c", "{}"}};
  const auto told = refused_entities(all, "c,no room, today\r\n\na,late\nc,and closed", 2, "FILE");
  REQUIRE(told.size() == 2);
  CHECK(told[0].index == 0);
  CHECK(told[0].why == "late");
  CHECK(told[1].index == 2);
  CHECK(told[1].why == "no room, today; and closed");
}

TEST_CASE("two entities with one id are both refused, and one may be refused for two reasons") {
  const std::vector<entity> all{{"a", "{}"}, {"b", "{}"}, {"a", "{}"}};
  const auto both = refused_entities(all, "a,one\na,two\n", 2, "FILE");
  REQUIRE(both.size() == 2);
  CHECK(both[0].index == 0);
  CHECK(both[1].index == 2);
  for (const std::size_t counted : {1, 2}) {  // entities, or messages
    const auto reasons = refused_entities(all, "b,one\nb,two\n", counted, "FILE");
    REQUIRE(reasons.size() == 1);
    CHECK(reasons[0].why == "one; two");
  }
}

TEST_CASE("a file of errors that is not whole, or of another chunk, is no answer") {
  const std::vector<entity> all{{"a", "{}"}, {"b", "{}"}};
  const auto refused = [&](const char* lines) { refused_entities(all, lines, 1, "FILE"); };
  CHECK_THROWS_WITH(refused(""), "the answer tells of 1 errors, and FILE of 0");
  CHECK_THROWS_WITH(refused("a,x\nb,y\n"), Contains("of 1 errors, and FILE of 2"));
  CHECK_THROWS_WITH(refused("d,x\n"), Contains("FILE has a line") && Contains("d,x"));
  CHECK_THROWS_AS(refused("a\n"), transient_error);
}

TEST_CASE("headers for a bulk endpoint are lines, and none that the job sets itself") {
  CHECK(extra_headers("", "FILE").empty());
  CHECK(extra_headers("\r\nX-A: 1\r\n\nX-B:2", "FILE") ==
        std::vector<std::string>{"X-A: 1", "X-B:2"});
  for (const auto* line : {"X-A", ": 1", "X-A: \x01", "\t"})
    CHECK_THROWS_WITH(extra_headers("X-A: 1\n\n" + std::string{line} + "\n", "FILE"),
                      "FILE: line 3 is no header, as \"X-Okapi-Token: abc\" is");
  for (const auto* name : {"Content-Length", "content-type", "HOST", "Idempotency-Key ",
                           "Transfer-Encoding", "X-Okapi-Tenant"})
    CHECK_THROWS_WITH(extra_headers("\n" + std::string{name} + ": 1", "FILE"),
                      Contains("FILE: line 2 sets ") && Contains(", which the job sets itself"));
}
