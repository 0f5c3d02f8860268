#include "protocol/run_plan.hpp"

#include <catch2/catch.hpp>

using namespace partita;

namespace {

const std::vector<step_shape> two_steps{{"first", step_kind::partitioned, std::nullopt},
                                        {"second", step_kind::partitioned, std::nullopt}};

run_row running(stop_mode stop = stop_mode::none) {
  run_row r;
  r.id = run_id{1};
  r.state = run_state::running;
  r.stop = stop;
  return r;
}

step_row step(int ordinal, step_state state, bool sealed = true,
              step_kind kind = step_kind::partitioned) {
  step_row s;
  s.id = step_id{10 + ordinal};
  s.spec.name = ordinal == 0 ? "first" : "second";
  s.spec.ordinal = ordinal;
  s.spec.kind = kind;
  s.state = state;
  s.sealed = sealed;
  return s;
}

step_progress at(bool open, bool live, bool any_failed = false) {
  return {stop_mode::none, open, live, any_failed};
}

master_action next(const run_row& run, const std::vector<step_row>& steps,
                   const std::optional<step_progress>& progress = std::nullopt,
                   const std::vector<step_shape>& job = two_steps) {
  return next_action(run, steps, job, progress);
}

template <class Action>
Action expect(const master_action& action) {
  REQUIRE(std::holds_alternative<Action>(action));
  return std::get<Action>(action);
}

}  // namespace

TEST_CASE("a run without steps begins the first, and goes on with the one after the last done") {
  CHECK(expect<begin_step>(next(running(), {})).index == 0);
  CHECK(expect<begin_step>(next(running(), {step(0, step_state::completed)})).index == 1);
}

TEST_CASE("a run whose steps all completed is COMPLETED") {
  auto end = expect<end_run>(
      next(running(), {step(1, step_state::completed), step(0, step_state::completed)}));
  CHECK(end.state == run_state::completed);
  CHECK(expect<end_run>(next(running(), {}, std::nullopt, {})).state == run_state::completed);
}

TEST_CASE("a step is split until it is sealed, then watched, then aggregated") {
  auto open = step(0, step_state::running, false);
  CHECK(expect<split_step>(next(running(), {open})).step == open.id);
  auto sealed = step(0, step_state::running);
  CHECK(expect<watch_step>(next(running(), {sealed})).step == sealed.id);
  CHECK(expect<watch_step>(next(running(), {sealed}, at(true, true))).step == sealed.id);
  CHECK(expect<watch_step>(next(running(), {sealed}, at(true, false))).step == sealed.id);
  CHECK(expect<aggregate_step>(next(running(), {sealed}, at(false, false))).step == sealed.id);
}

TEST_CASE("a step with a FAILED partition fails, and so does its run") {
  auto sealed = step(0, step_state::running);
  auto failed = expect<end_step>(next(running(), {sealed}, at(false, false, true)));
  CHECK(failed.state == step_state::failed);
  CHECK(expect<watch_step>(next(running(), {sealed}, at(true, true, true))).step == sealed.id);
  auto end = expect<end_run>(next(running(), {step(0, step_state::failed)}));
  CHECK(end.state == run_state::failed);
  CHECK_THAT(end.error, Catch::Contains("first"));
}

TEST_CASE("a failed step may lead to another one, and the run fails after it all the same") {
  auto job = two_steps;
  job[0].on_failure = 1;
  auto failed = step(0, step_state::failed);
  failed.error = "no such file";
  CHECK(expect<begin_step>(next(running(), {failed}, std::nullopt, job)).index == 1);
  auto end =
      expect<end_run>(next(running(), {failed, step(1, step_state::completed)}, std::nullopt, job));
  CHECK(end.state == run_state::failed);
  CHECK_THAT(end.error, Catch::Contains("no such file"));
}

TEST_CASE("a tasklet runs once, on the master") {
  auto tasklet = step(0, step_state::running, true, step_kind::tasklet);
  CHECK(expect<run_tasklet>(next(running(), {tasklet})).step == tasklet.id);
  auto stopped = expect<end_step>(next(running(stop_mode::stop), {tasklet}));
  CHECK(stopped.state == step_state::stopped);
}

TEST_CASE("a stopping run begins nothing, and ends when no partition is under execution") {
  auto run = running(stop_mode::stop);
  CHECK(expect<end_run>(next(run, {})).state == run_state::stopped);
  auto sealed = step(0, step_state::running);
  CHECK(expect<watch_step>(next(run, {sealed}, at(true, true))).step == sealed.id);
  CHECK(expect<end_step>(next(run, {sealed}, at(true, false))).state == step_state::stopped);
  CHECK(expect<end_run>(next(run, {step(0, step_state::stopped)})).state == run_state::stopped);
}

TEST_CASE("a step that was done when the stop came still counts") {
  auto sealed = step(0, step_state::running);
  CHECK(expect<aggregate_step>(next(running(stop_mode::stop), {sealed}, at(false, false))).step ==
        sealed.id);
}

TEST_CASE("a stopped split is not gone on with; a streamed one first lets its leases end") {
  auto run = running(stop_mode::stop);
  auto open = step(0, step_state::running, false);
  CHECK(expect<end_step>(next(run, {open}, at(true, false))).state == step_state::stopped);
  CHECK(expect<watch_step>(next(run, {open}, at(true, true))).step == open.id);
}
