#include "apps/partita/run_errors.hpp"

#include <catch2/catch.hpp>

using namespace partita;
using namespace partita::cli;

namespace {

failure_row failed(std::int64_t step, partition_no no, const std::string& error, int second,
                   attempt_outcome outcome = attempt_outcome::failed) {
  failure_row row;
  row.step = step_id{step};
  row.no = no;
  row.error = error;
  row.outcome = outcome;
  row.at = db_time{std::chrono::seconds{second}};
  return row;
}

std::vector<step_summary> two_steps() {
  std::vector<step_summary> steps(2);
  steps[0].row.id = step_id{1};
  steps[0].row.spec.name = "load";
  steps[1].row.id = step_id{2};
  steps[1].row.spec.name = "send";
  return steps;
}

}  // namespace

TEST_CASE("failures that differ in numbers only are one kind, the most frequent first") {
  const auto items =
      group_failures({failed(1, 4, "out of memory", 9), failed(1, 7, "line 17 of /in/3.csv", 5),
                      failed(2, 8, "line 9 of /in/12.csv", 3)},
                     two_steps(), {});
  REQUIRE(items.size() == 2);
  CHECK(items[0]["message"] == "line # of /in/#.csv");
  CHECK(items[0]["count"] == 2);
  CHECK(items[0]["steps"] == document{"load", "send"});
  CHECK(items[0]["first_at"] == "1970-01-01T00:00:03.000Z");
  CHECK(items[0]["last_at"] == "1970-01-01T00:00:05.000Z");
  CHECK(items[0]["example"]["no"] == 7);
  CHECK(items[1]["message"] == "out of memory");
}

TEST_CASE("a message that is always the same is told as it is, with its numbers") {
  const auto items =
      group_failures({failed(1, 1, "code 75", 1), failed(1, 2, "code 75", 2)}, two_steps(), {});
  REQUIRE(items.size() == 1);
  CHECK(items[0]["message"] == "code 75");
}

TEST_CASE("what will be tried again is another kind than what has failed for good") {
  const auto items = group_failures(
      {failed(1, 1, "busy", 1), failed(1, 1, "busy", 0, attempt_outcome::retry)}, two_steps(), {});
  REQUIRE(items.size() == 2);
  CHECK(items[0]["outcome"] != items[1]["outcome"]);
}
