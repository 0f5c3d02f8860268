#include "batch/job.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "batch/registry.hpp"

using namespace partita;

namespace {

partitioned work(const std::string& name) {
  return partitioned{name}
      .split([](split_context&) { return std::vector<partition>{}; })
      .each([](partition_context&) {});
}

tasklet task(const std::string& name) {
  return {name, [](run_context&) {}};
}

std::string refusal(const job& wrong) {
  try {
    registry{wrong};
  } catch (const definition_error& e) {
    return e.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("a job knows its steps, and where it goes on after a failed one") {
  const auto flow =
      job{"flow"}.step(work("a")).step(task("b")).step(task("c")).on_failure("a", go_to{"c"});
  const auto shape = flow.shape();
  REQUIRE(shape.size() == 3);
  CHECK(shape[0].kind == step_kind::partitioned);
  CHECK(shape[0].on_failure == 2);
  CHECK(shape[1].kind == step_kind::tasklet);
  CHECK_FALSE(shape[1].on_failure);
  CHECK(flow.partitioned_step("a"));
  CHECK_FALSE(flow.partitioned_step("b"));
}

TEST_CASE("definitions that cannot work are refused when they are registered") {
  CHECK(refusal(job{"j"}.step(task("a"))) == "none");
  CHECK(refusal(job{"a job"}.step(task("a"))) ==
        "job a job: a name is made of letters, digits, '_', '-' and '.'");
  CHECK(refusal(job{"j"}) == "job j: has no step");
  CHECK(refusal(job{"j"}.version(0).step(task("a"))) == "job j: the version must be 1 or more");
  CHECK(refusal(job{"j"}.step(task("a")).step(work("a"))) ==
        "job j: step a has a used or improper name");
  CHECK(refusal(job{"j"}.step(partitioned{"a"})) == "job j: step a needs one of split and stream");
  CHECK(refusal(job{"j"}.step(tasklet{"a", nullptr})) == "job j: step a has no body");
  CHECK(refusal(job{"j"}.step(work("a").each(nullptr))) ==
        "job j: step a has no body: give each(…)");
  CHECK(refusal(job{"j"}.step(work("a").retry(attempts{0}))) ==
        "job j: step a must allow at least one attempt");
  for (const double factor : {-1.0, std::nan(""), HUGE_VAL, -HUGE_VAL})
    CHECK(refusal(job{"j"}.step(work("a").retry(attempts{3}, {milliseconds{1}, factor}))) ==
          "job j: step a has a backoff factor that is not a number of 0 or more");
  CHECK(refusal(job{"j"}.step(work("a").timeout(milliseconds{-1}))) ==
        "job j: step a has a timeout of less than 0 ms");
  for (const backoff_of negative :
       {backoff_of{milliseconds{-1}}, backoff_of{milliseconds{1}, 2.0, milliseconds{-1}}})
    CHECK(refusal(job{"j"}.step(work("a").retry(attempts{3}, negative))) ==
          "job j: step a has a backoff of less than 0 ms");
  CHECK(refusal(job{"j"}.step(task("a")).step(task("b")).on_failure("b", go_to{"a"})) ==
        "job j: on_failure may only go forward, not to a");
  CHECK(refusal(job{"j"}.step(task("a")).on_failure("a", go_to{"z"})) ==
        "job j: on_failure names step z, which it does not have");
  CHECK(refusal(job{"j"}.parameter<int>("p").parameter<int>("p").step(task("a"))) ==
        "job j: parameter p is declared twice or has no proper name");
  const auto streamed = partitioned{"a"}
                            .stream([](split_context&, const auto&) {})
                            .each([](partition_context&) {})
                            .assign(round_robin{});
  CHECK(refusal(job{"j"}.step(streamed)) ==
        "job j: step a is streamed, so its partitions can only be shared");
}

TEST_CASE("a version continues its own runs, and those of older ones that it names") {
  const auto third = job{"j"}.version(3).step(task("t"));
  CHECK(third.continues(3));
  CHECK_FALSE(third.continues(2));
  const auto fourth = job{"j"}.version(4).can_continue(2).step(task("t"));
  CHECK(fourth.continues(2));
  CHECK(fourth.continues(3));
  CHECK_FALSE(fourth.continues(1));
  CHECK_FALSE(fourth.continues(5));
}

TEST_CASE("a registry finds jobs by name and version") {
  const registry jobs{job{"a"}.step(task("t")), job{"b"}.version(2).step(task("t"))};
  CHECK(jobs.find("a"));
  CHECK_FALSE(jobs.find("c"));
  CHECK(jobs.find(job_ref{"b", 2}));
  CHECK_FALSE(jobs.find(job_ref{"b", 1}));
  CHECK(jobs.refs() == std::vector<job_ref>{{"a", 1}, {"b", 2}});
  CHECK_THROWS_WITH((registry{job{"a"}.step(task("t")), job{"a"}.step(task("t"))}),
                    "two jobs are named a");
}
