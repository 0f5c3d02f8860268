#include "protocol/waiting.hpp"

#include <catch2/catch.hpp>

using namespace partita;
using namespace std::chrono_literals;

namespace {

const db_time now{1000h};

node_row knowing(std::vector<job_ref> jobs, int slots = 2, int running = 0) {
  node_row node;
  node.id = node_id{1};
  node.info.jobs = std::move(jobs);
  node.info.slots = slots;
  node.load = running;
  node.heartbeat_at = now - 1s;
  return node;
}

run_row run_of(run_state state, node_id master = {}) {
  run_row run;
  run.id = run_id{7};
  run.job = {"sum", 2};
  run.state = state;
  run.master = master;
  return run;
}

const run_row fresh = run_of(run_state::created);
const run_row driven = run_of(run_state::running, node_id{1});
const node_row able = knowing({{"other", 1}, {"sum", 2}});
const run_standing idle;
const run_standing held{true, {}, false};
const run_standing ready{false, now - 1s, true};

obstacle why(const run_row& run, const run_standing& standing, const std::vector<node_row>& nodes) {
  return why_waiting(run, standing, nodes, now).what;
}

}  // namespace

TEST_CASE("a run that has ended waits for nothing") {
  for (auto state : {run_state::completed, run_state::failed, run_state::stopped})
    CHECK(why(run_of(state), idle, {}) == obstacle::none);
}

TEST_CASE("without a node at work every live run waits for one") {
  CHECK(why(fresh, idle, {}) == obstacle::no_node);
  CHECK(why(driven, held, {}) == obstacle::no_node);
  auto silent = able;
  silent.heartbeat_at = now - long_silence - 1s;
  CHECK(why(fresh, idle, {silent}) == obstacle::no_node);
  auto unreachable = able;
  unreachable.state = node_state::unreachable;
  CHECK(why(driven, held, {unreachable}) == obstacle::no_node);
}

TEST_CASE("a run waits for a node that knows its job, and its version") {
  CHECK(why(fresh, idle, {knowing({{"other", 1}})}) == obstacle::unknown_job);
  const auto found = why_waiting(
      fresh, idle, {knowing({{"sum", 3}}), knowing({{"sum", 1}, {"other", 2}}), knowing({})}, now);
  CHECK(found.what == obstacle::unknown_version);
  CHECK(found.versions == std::vector<int>{1, 3});
  CHECK(why(driven, ready, {knowing({{"sum", 1}})}) == obstacle::unknown_version);
}

TEST_CASE("a run without a master waits for one of the nodes that know it") {
  const auto found = why_waiting(fresh, idle, {able, knowing({{"sum", 2}}), knowing({})}, now);
  CHECK(found.what == obstacle::not_adopted);
  CHECK(found.nodes == 2);
  CHECK(why(run_of(run_state::running), idle, {able}) == obstacle::not_adopted);
}

TEST_CASE("a run under way waits for nothing") {
  CHECK(why(driven, held, {able}) == obstacle::none);
  CHECK(why(driven, idle, {able}) == obstacle::none);  // a split, or an aggregate
  CHECK(why(driven, ready, {able}) == obstacle::none);
  auto draining = able;
  draining.state = node_state::draining;
  CHECK(why(driven, held, {draining}) == obstacle::none);
  CHECK(why(driven, ready, {draining}) == obstacle::no_node);
}

TEST_CASE("a run waits for a free executor of a node that knows it") {
  const auto busy = knowing({{"sum", 2}}, 2, 2);
  const auto found = why_waiting(driven, ready, {busy, busy, knowing({}, 8, 0)}, now);
  CHECK(found.what == obstacle::no_slot);
  CHECK(found.nodes == 2);
  CHECK(found.slots == 4);
  CHECK(why(driven, ready, {busy, able}) == obstacle::none);
}

TEST_CASE("what is left may wait for its next try") {
  const auto found = why_waiting(driven, {false, now + 20s, false}, {able}, now);
  CHECK(found.what == obstacle::backoff);
  CHECK(found.until == now + 20s);
  auto stopping = driven;
  stopping.stop = stop_mode::stop;
  CHECK(why(stopping, {false, now + 20s, false}, {able}) == obstacle::none);
}

TEST_CASE("a paused run waits for somebody, also while partitions of it end") {
  auto run = driven;
  run.paused = pause_mark{now, "ann", "why"};
  CHECK(why(run, held, {able}) == obstacle::paused);
  run.stop = stop_mode::stop;
  CHECK(why(run, held, {able}) == obstacle::none);
  auto of_job = fresh;
  of_job.job_paused = true;
  CHECK(why(of_job, idle, {able}) == obstacle::job_paused);
}

TEST_CASE("a run that is held back waits for what its job, its steps and the limits say") {
  CHECK(why_held_back(fresh, {}, {able}, {}, 2, 2).what == obstacle::queued);
  CHECK(why_held_back(fresh, {}, {able}, {}, 1, 2).what == obstacle::none);
  step_row step;
  step.spec.tags = {"gpu"};
  step.spec.limits = {"api"};
  auto found = why_held_back(driven, {step}, {able}, {}, 0, 0);
  CHECK(found.what == obstacle::no_tag);
  CHECK(found.name == "gpu");
  auto tagged = able;
  tagged.info.tags = {"gpu"};
  CHECK(why_held_back(driven, {step}, {tagged}, {}, 0, 0).what == obstacle::none);
  auto other = tagged;
  other.info.tags = {"ssd"};
  step.spec.tags = {"gpu", "ssd"};  // no single node has both
  CHECK(why_held_back(driven, {step}, {tagged, other}, {}, 0, 0).name == "gpu, ssd");
  step.spec.tags = {"gpu"};
  const std::vector<limit_row> limits{{"api", 3, {}, 3}, {"disk", 1, {}, 1}};
  found = why_held_back(driven, {step}, {tagged}, limits, 0, 0);
  CHECK(found.what == obstacle::limit_reached);
  CHECK(found.slots == 3);
  CHECK(why_held_back(driven, {step}, {tagged}, {{"api", 3, {}, 2}}, 0, 0).what == obstacle::none);
}
