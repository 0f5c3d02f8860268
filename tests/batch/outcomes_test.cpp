#include "batch/outcomes.hpp"

#include <catch2/catch.hpp>

#include "batch/batch.hpp"

using namespace partita;

namespace {

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const permanent_error& e) {
    return e.what();
  }
  return "none";
}

outcomes some() {
  return outcomes{std::map<std::string, step_outcome>{
      {"load", {step_state::completed, {{"rows", 7}}, "", 3, 0, {10, 7, 2, 1}}},
      {"index", {step_state::failed, nullptr, "no room"}},
      {"sort", {step_state::completed}}}};
}

}  // namespace

TEST_CASE("an outcome tells how a step ended, and what came of it") {
  const auto so_far = some();
  CHECK(so_far.of("load").result.at("rows") == 7);
  CHECK(so_far.of("load").counts.skipped == 1);
  CHECK(so_far.of("index").state == step_state::failed);
  CHECK(so_far.of("index").error == "no room");
  CHECK(so_far.has("sort"));
  CHECK_FALSE(so_far.has("merge"));
}

TEST_CASE("a result that is not there is told in a sentence") {
  const auto so_far = some();
  CHECK(so_far.result_of("load") == json{{"rows", 7}});
  CHECK(refusal([&] { so_far.result_of("merge"); }) ==
        "there is no outcome of step merge: it does not come before this place, or it was jumped "
        "over");
  CHECK(refusal([&] { so_far.result_of("index"); }) ==
        "there is no result of step index: it is FAILED");
  CHECK(refusal([&] { so_far.result_of("sort"); }) ==
        "there is no result of step sort: it has COMPLETED without one; its tasklet or aggregator "
        "sets it");
  CHECK(refusal([] { outcomes{}.of("load"); }) != "none");
}

TEST_CASE("outcomes are read when they are first asked for, once") {
  int reads = 0;
  const outcomes so_far{[&] {
    ++reads;
    return std::map<std::string, step_outcome>{{"load", {}}};
  }};
  CHECK(reads == 0);
  CHECK(so_far.has("load"));
  CHECK_FALSE(so_far.has("index"));
  CHECK(reads == 1);
}

TEST_CASE("a split, a tasklet and an aggregator read the results of earlier steps") {
  const split_context split{parameters{}, {}, {}, some()};
  CHECK(split.result_of("load").at("rows") == 7);
  run_context run{run_id{1}, parameters{}, {}, some()};
  CHECK(run.result_of("load").at("rows") == 7);
  CHECK(run.so_far().of("load").completed == 3);
}

TEST_CASE("what a decider may choose") {
  const decider chooses = [](const outcomes& so_far) {
    return so_far.of("load").result.at("rows") > 5 ? next() : go_to("repair");
  };
  CHECK(chooses(some()) == next());
  CHECK(static_cast<decision>(go_to{"repair"}) == decision{decision_kind::go_to, "repair"});
  CHECK(complete().how == decision_kind::complete);
  CHECK(fail("why").text == "why");
}

TEST_CASE("rows of a step become its outcome; a result that is no JSON is none") {
  step_summary step;
  step.row.state = step_state::completed;
  step.row.result = R"({"rows":7})";
  step.totals.completed = 3;
  CHECK(outcome_of(step).result.at("rows") == 7);
  CHECK(outcome_of(step).completed == 3);
  for (const auto* none : {"", "{", "null"}) {
    step.row.result = none;
    CHECK(outcome_of(step).result.is_null());
  }
}
