#include "protocol/run_plan.hpp"

#include <catch2/catch.hpp>

using namespace partita;

namespace {

const std::vector<step_shape> two_steps{{"load", step_kind::partitioned},
                                        {"check", step_kind::tasklet, {0}}};

run_row live_run(stop_mode stop = stop_mode::none) {
  run_row run;
  run.state = run_state::running;
  run.stop = stop;
  return run;
}

step_row a_step(int ordinal, step_state state, bool sealed = true) {
  step_row s;
  s.id = step_id{ordinal + 1};
  s.spec.ordinal = ordinal;
  s.spec.name = two_steps.at(static_cast<std::size_t>(ordinal)).name;
  s.spec.kind = two_steps.at(static_cast<std::size_t>(ordinal)).kind;
  s.state = state;
  s.sealed = sealed;
  return s;
}

using steps = std::vector<step_row>;

/// The one action that follows; `progress`: of the step that is RUNNING.
master_action next_action(const run_row& run, const steps& rows,
                          const std::vector<step_shape>& plan,
                          const std::optional<step_progress>& progress) {
  std::map<step_id, step_progress> known;
  for (const auto& s : rows)
    if (s.state == step_state::running && progress) known[s.id] = *progress;
  const auto actions = next_actions(run, rows, plan, known);
  REQUIRE(actions.size() == 1);
  return actions.front();
}

template <class Action>
bool is(const master_action& action) {
  return std::holds_alternative<Action>(action);
}

}  // namespace

TEST_CASE("a master begins, splits, watches and aggregates a partitioned step, in this order") {
  auto run = live_run();
  CHECK(is<begin_step>(next_action(run, steps{}, two_steps, {})));
  steps rows{a_step(0, step_state::running, false)};
  CHECK(is<split_step>(next_action(run, rows, two_steps, step_progress{})));
  rows[0].sealed = true;
  step_progress open{stop_mode::none, true, true, false};
  CHECK(is<watch_step>(next_action(run, rows, two_steps, open)));
  CHECK(is<aggregate_step>(next_action(run, rows, two_steps, step_progress{})));
}

TEST_CASE("the steps run in order, and the run completes after the last") {
  auto run = live_run();
  steps rows{a_step(0, step_state::completed)};
  auto next = next_action(run, rows, two_steps, {});
  REQUIRE(is<begin_step>(next));
  CHECK(std::get<begin_step>(next).index == 1);
  rows.push_back(a_step(1, step_state::running));
  CHECK(is<run_tasklet>(next_action(run, rows, two_steps, {})));
  rows[1].state = step_state::completed;
  next = next_action(run, rows, two_steps, {});
  REQUIRE(is<end_run>(next));
  CHECK(std::get<end_run>(next).state == run_state::completed);
}

TEST_CASE("a failed partition fails the step once nothing of it is open, and then the run") {
  auto run = live_run();
  steps rows{a_step(0, step_state::running)};
  step_progress failing{stop_mode::none, true, true, true};
  CHECK(is<watch_step>(next_action(run, rows, two_steps, failing)));
  failing.open = failing.live = false;
  auto next = next_action(run, rows, two_steps, failing);
  REQUIRE(is<end_step>(next));
  CHECK(std::get<end_step>(next).state == step_state::failed);
  rows[0].state = step_state::failed;
  next = next_action(run, rows, two_steps, {});
  REQUIRE(is<end_run>(next));
  CHECK(std::get<end_run>(next).state == run_state::failed);
}

TEST_CASE("a stop waits for live leases, not for what is merely ready") {
  auto run = live_run(stop_mode::stop);
  steps rows{a_step(0, step_state::running)};
  step_progress live{stop_mode::stop, true, true, false};
  CHECK(is<watch_step>(next_action(run, rows, two_steps, live)));
  live.live = false;
  auto next = next_action(run, rows, two_steps, live);
  REQUIRE(is<end_step>(next));
  CHECK(std::get<end_step>(next).state == step_state::stopped);
  rows[0].state = step_state::stopped;
  next = next_action(run, rows, two_steps, {});
  REQUIRE(is<end_run>(next));
  CHECK(std::get<end_run>(next).state == run_state::stopped);
}

TEST_CASE("work that is all done when a stop comes is still aggregated; no further step begins") {
  auto run = live_run(stop_mode::stop);
  steps rows{a_step(0, step_state::running)};
  CHECK(is<aggregate_step>(next_action(run, rows, two_steps, step_progress{})));
  rows[0].state = step_state::completed;
  auto next = next_action(run, rows, two_steps, {});
  REQUIRE(is<end_run>(next));
  CHECK(std::get<end_run>(next).state == run_state::stopped);
}

TEST_CASE("a stop before the split is sealed ends the step, after the live leases of a stream") {
  auto run = live_run(stop_mode::stop);
  steps rows{a_step(0, step_state::running, false)};
  CHECK(is<end_step>(next_action(run, rows, two_steps, step_progress{})));
  step_progress live{stop_mode::stop, true, true, false};
  CHECK(is<watch_step>(next_action(run, rows, two_steps, live)));
}

TEST_CASE("a failure with a way on runs the named step, and the run is FAILED after all") {
  auto job = two_steps;
  job[0].on_failure = 1;
  auto run = live_run();
  steps rows{a_step(0, step_state::failed)};
  auto next = next_action(run, rows, job, {});
  REQUIRE(is<begin_step>(next));
  CHECK(std::get<begin_step>(next).index == 1);
  rows.push_back(a_step(1, step_state::completed));
  next = next_action(run, rows, job, {});
  REQUIRE(is<end_run>(next));
  CHECK(std::get<end_run>(next).state == run_state::failed);
}

TEST_CASE("a step whose split failed ends FAILED as soon as nothing of it is at work") {
  auto run = live_run();
  steps rows{a_step(0, step_state::running, false)};
  rows[0].error = "the source is gone";
  const step_progress at_work{stop_mode::none, true, true, false};
  CHECK(is<watch_step>(next_action(run, rows, two_steps, at_work)));
  const step_progress rest{stop_mode::none, true, false, false};
  for (const auto& asked : {stop_mode::none, stop_mode::stop}) {
    run.stop = asked;
    const auto next = next_action(run, rows, two_steps, rest);
    REQUIRE(is<end_step>(next));
    CHECK(std::get<end_step>(next).state == step_state::failed);
    CHECK(std::get<end_step>(next).error == "the source is gone");
  }
}

TEST_CASE("of a run that is held back nothing begins, and what is under way goes on") {
  auto run = live_run();
  run.job_paused = true;
  CHECK(next_actions(run, steps{}, two_steps, {}).empty());
  steps rows{a_step(0, step_state::running, false)};
  CHECK(next_actions(run, rows, two_steps, {{rows[0].id, {}}}).empty());
  rows[0].sealed = true;
  step_progress open{stop_mode::none, true, true, false};
  CHECK(is<watch_step>(next_action(run, rows, two_steps, open)));
  CHECK(is<aggregate_step>(next_action(run, rows, two_steps, step_progress{})));
  rows = {a_step(0, step_state::completed), a_step(1, step_state::running)};
  CHECK(next_actions(run, rows, two_steps, {}).empty());
  rows[1].state = step_state::completed;
  CHECK(is<end_run>(next_action(run, rows, two_steps, {})));
}

TEST_CASE("a run that is held back can be stopped") {
  auto run = live_run(stop_mode::stop);
  run.paused = pause_mark{};
  CHECK(is<end_run>(next_action(run, steps{}, two_steps, {})));
}
