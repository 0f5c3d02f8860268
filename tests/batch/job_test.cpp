#include "batch/job.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "batch/description.hpp"
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

TEST_CASE(
    "flows of a group come after what is before it, and what follows comes after all of them") {
  const auto j = job{"nightly"}
                     .step(work("load"))
                     .step(parallel{flow{task("index"), task("sort")}, flow{work("enrich")}})
                     .step(parallel{flow{task("left")}, flow{task("right")}})
                     .step(task("last"))
                     .on_failure("index", go_to{"sort"})
                     .decide("load", [](const outcomes&) { return next(); });
  const auto plan = j.shape();
  std::map<std::string, std::vector<std::size_t>> after;
  std::map<std::string, int> flows;
  for (const auto& s : plan) after[s.name] = s.after, flows[s.name] = s.flow;
  using list = std::vector<std::size_t>;
  CHECK(after == std::map<std::string, list>{{"load", {}},
                                             {"index", {0}},
                                             {"sort", {1}},
                                             {"enrich", {0}},
                                             {"left", {2, 3}},
                                             {"right", {2, 3}},
                                             {"last", {4, 5}}});
  CHECK(flows == std::map<std::string, int>{{"load", 0},
                                            {"index", 1},
                                            {"sort", 1},
                                            {"enrich", 2},
                                            {"left", 3},
                                            {"right", 4},
                                            {"last", 0}});
  CHECK(plan[0].decides);
  CHECK(plan[1].on_failure == 2);
  CHECK(j.decider_of("load"));
  CHECK_FALSE(j.decider_of("index"));
}

TEST_CASE("the plan of a job can be told and understood") {
  const auto j = job{"nightly"}
                     .step(work("load"))
                     .step(parallel{flow{task("index"), task("sort")}, flow{work("enrich")}})
                     .step(task("last"))
                     .on_failure("index", go_to{"sort"})
                     .decide("load", [](const outcomes&) { return next(); });
  const auto plan = j.shape();
  const auto told = plan_of(describe(j));
  REQUIRE(told.size() == plan.size());
  for (std::size_t i = 0; i < plan.size(); ++i) {
    CHECK(told[i].name == plan[i].name);
    CHECK(told[i].kind == plan[i].kind);
    CHECK(told[i].after == plan[i].after);
    CHECK(told[i].on_failure == plan[i].on_failure);
    CHECK(told[i].flow == plan[i].flow);
    CHECK(told[i].decides == plan[i].decides);
  }
  // What older programs told, and what none tells.
  const auto older = plan_of(json::parse(R"({"steps": [{"name": "a"}, {"name": "b"}]})"));
  REQUIRE(older.size() == 2);
  CHECK(older[0].after.empty());
  CHECK(older[1].after == std::vector<std::size_t>{0});
  for (const auto* strange :
       {"3", "{}", R"({"steps": 7})", R"({"steps": [3]})",
        R"({"steps": [{"name": 1, "after": 2}]})",
        R"({"steps": [{"name": "a", "after": ["a", "b"], "on_failure": "a", "flow": "x"}]})"})
    for (const auto& step : plan_of(json::parse(strange))) CHECK(step.after.empty());
}

TEST_CASE("definitions that cannot work are refused when they are registered") {
  CHECK(refusal(job{"j"}.step(task("a"))) == "none");
  CHECK(refusal(job{"a job"}.step(task("a"))) ==
        "job a job: a name is made of at most 100 letters, digits, '_', '-' and '.'");
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
  const auto in_flow = parallel{flow{task("a"), task("b")}, flow{task("c")}};
  CHECK(refusal(job{"j"}.step(in_flow).step(task("d")).on_failure("a", go_to{"c"})) ==
        "job j: on_failure may not leave its flow: step c is in another one than step a");
  CHECK(refusal(job{"j"}.step(in_flow).step(task("d")).on_failure("a", go_to{"d"})) ==
        "job j: on_failure may not leave its flow: step d is in another one than step a");
  CHECK(refusal(job{"j"}.step(task("d")).step(in_flow).on_failure("d", go_to{"b"})) ==
        "job j: on_failure may not leave its flow: step b is in another one than step d");
  CHECK(refusal(job{"j"}.step(in_flow).step(task("c"))) ==
        "job j: step c has a used or improper name");
  CHECK(refusal(job{"j"}.step(parallel{std::vector<flow>{}})) ==
        "job j: a parallel group has 1 to 64 flows, not 0");
  CHECK(refusal(job{"j"}.step(parallel{std::vector<flow>(65, flow{task("a")})})) ==
        "job j: a parallel group has 1 to 64 flows, not 65");
  CHECK(refusal(job{"j"}.step(parallel{flow{task("a")}, flow{}})) ==
        "job j: a flow of a parallel group has no step");
  const auto chooses = [](const outcomes&) { return next(); };
  CHECK(refusal(job{"j"}.step(task("a")).decide("z", chooses)) ==
        "job j: decide names step z, which it does not have");
  CHECK(refusal(job{"j"}.step(task("a")).decide("a", chooses).decide("a", chooses)) ==
        "job j: step a has two deciders");
  const auto twice = job{"j"}.step(task("a")).step(task("b")).on_failure("a", go_to{"b"});
  CHECK(refusal(job{twice}.on_failure("a", go_to{"b"})) == "job j: step a has two on_failure");
  CHECK(refusal(job{"j"}.step(task("a")).decide("a", nullptr)) ==
        "job j: decide of step a has no function");
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
                    "two jobs are named a, both of version 1");
  const registry versions{job{"a"}.version(2).step(task("t")), job{"ab"}.step(task("t")),
                          job{"a"}.step(task("t"))};
  CHECK(versions.find("a")->version() == 2);
  CHECK(versions.find(job_ref{"a", 1}));
  CHECK_FALSE(versions.find(job_ref{"a", 3}));
  CHECK(versions.find("ab"));
  CHECK_FALSE(versions.find("b"));
  CHECK_FALSE(versions.find("aa"));
  CHECK(versions.refs() == std::vector<job_ref>{{"a", 1}, {"a", 2}, {"ab", 1}});
}
