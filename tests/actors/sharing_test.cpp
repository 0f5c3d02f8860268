#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "batch/batch.hpp"
#include "tests/support/sim_cluster.hpp"

using namespace partita;
using namespace std::chrono_literals;
using partita::test::sim_cluster;

// How runs share a cluster, seen from what its executors do.

namespace {

/// What is in execution now, and what was begun, by run.
struct observed {
  sim_cluster* cluster = nullptr;
  std::map<run_id, int> begun;
  int now = 0;
  int most = 0;

  void work(partition_context& p, milliseconds time) {
    ++begun[p.run()];
    most = std::max(most, ++now);
    cluster->work(time);
    --now;
    p.output(0);
  }
};

/// `count` partitions that each take so long.
partitioned working(observed& seen, milliseconds time, const std::string& name = "work") {
  return partitioned{name}
      .split([](split_context& c) {
        return std::vector<partition>(static_cast<std::size_t>(c.get<int>("count")));
      })
      .each([&seen, time](partition_context& p) { seen.work(p, time); });
}

job working_job(partitioned step, const std::string& name = "working") {
  return job{name}
      .parameter<int>("count", required)
      .parameter<std::string>("tenant", default_value{std::string{"none"}})
      .parameter<int>("n", default_value{0})
      .step(std::move(step));
}

run_id submit(sim_cluster& cluster, int count, int n, const std::string& tenant = "none") {
  return cluster.submit("working", {{"count", count}, {"n", n}, {"tenant", tenant}});
}

}  // namespace

TEST_CASE("a pause acts with the next look of each node: what is under way ends, nothing begins") {
  observed seen;
  const settings limits = fast_settings();
  sim_cluster cluster{{working_job(working(seen, 100ms))}};
  seen.cluster = &cluster;
  for (int i = 0; i < 2; ++i) cluster.add_node();
  const auto run = submit(cluster, 200, 1);
  REQUIRE(cluster.advance_until([&] { return seen.begun[run] > 20; }, 30s));
  cluster.client().pause_run(run, "why");
  cluster.advance(limits.poll + limits.poll / 5);
  const auto begun = seen.begun[run];
  cluster.advance(5s);
  CHECK(seen.begun[run] == begun);
  CHECK(begun < 200);
  CHECK_FALSE(cluster.client().standing(run).held);
  CHECK(cluster.state_of(run) == run_state::running);
  cluster.client().resume_run(run);
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::completed);
  CHECK(seen.begun[run] == 200);  // each once: what was given back had not begun
  CHECK(cluster.violations().empty());
}

TEST_CASE("what a pause gives back is given back also if the database was away for it") {
  observed seen;
  sim_cluster cluster{{working_job(working(seen, 5ms))}};
  seen.cluster = &cluster;
  cluster.add_node();
  const auto run = submit(cluster, 400, 1);
  // Before the next look, the run is resumed: nothing else tells the node of what it still holds.
  int refused = 0;
  cluster.before_verb([&](const verb& v) {
    if (v.name != "give_back" || refused++ > 0) return;
    cluster.client().resume_run(run);
    throw store_error(errc::unavailable, "the database is away");
  });
  REQUIRE(cluster.advance_until([&] { return seen.begun[run] > 20; }, 30s));
  cluster.client().pause_run(run, "why");
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::completed);
  CHECK(refused > 1);
  CHECK(seen.begun[run] == 400);
  CHECK(cluster.violations().empty());
}

TEST_CASE("of a run whose job is paused no step and no tasklet begins") {
  observed seen;
  int tasklets = 0;
  bool paused = false;
  // The last partition of the first run pauses the job that it is of.
  auto step = working(seen, 500ms).each([&](partition_context& p) {
    if (p.no() == 1 && !std::exchange(paused, true))
      seen.cluster->client().pause_job("working", "why");
    seen.work(p, 500ms);
  });
  auto of_two = working_job(std::move(step));
  of_two.step(tasklet{"then", [&](run_context&) { ++tasklets; }});
  sim_cluster cluster{{of_two}};
  seen.cluster = &cluster;
  cluster.add_node();
  const auto run = submit(cluster, 2, 1);
  cluster.advance(20s);
  CHECK(seen.begun[run] == 2);
  CHECK(seen.now == 0);
  CHECK(tasklets == 0);
  CHECK(cluster.state_of(run) == run_state::running);
  const auto later = submit(cluster, 2, 2);
  cluster.advance(5s);
  CHECK(cluster.state_of(later) == run_state::created);
  cluster.client().resume_job("working");
  REQUIRE(cluster.finish(run));
  REQUIRE(cluster.finish(later));
  CHECK(tasklets == 2);
}

TEST_CASE("a paused run that is asked to stop is STOPPED") {
  observed seen;
  sim_cluster cluster{{working_job(working(seen, 100ms))}};
  seen.cluster = &cluster;
  cluster.add_node();
  const auto run = submit(cluster, 100, 1);
  REQUIRE(cluster.advance_until([&] { return seen.begun[run] > 5; }, 30s));
  cluster.client().pause_run(run, "why");
  cluster.client().request_stop(run, stop_mode::stop);
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::stopped);
}

TEST_CASE("a step is executed by no more than it allows, and by as many as it allows") {
  observed seen;
  sim_cluster cluster{{working_job(working(seen, 50ms).at_most(3))}};
  seen.cluster = &cluster;
  for (int i = 0; i < 3; ++i) cluster.add_node(2);
  const auto run = submit(cluster, 60, 1);
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::completed);
  CHECK(seen.most == 3);
  CHECK(cluster.violations().empty());
}

TEST_CASE("a named limit holds for all runs, and can be changed while they go on") {
  observed seen;
  sim_cluster cluster{{working_job(working(seen, 50ms).limited_by("api"))}};
  seen.cluster = &cluster;
  for (int i = 0; i < 3; ++i) cluster.add_node(2);
  cluster.client().set_limit("api", 2);
  const auto one = submit(cluster, 100, 1), two = submit(cluster, 100, 2);
  REQUIRE(cluster.advance_until([&] { return seen.begun[one] + seen.begun[two] > 40; }, 60s));
  CHECK(seen.most == 2);
  cluster.client().set_limit("api", 5);
  REQUIRE(cluster.advance_until([&] { return seen.begun[one] + seen.begun[two] > 120; }, 60s));
  CHECK(seen.most == 5);
  cluster.client().set_limit("api", std::nullopt);
  REQUIRE(cluster.finish(one));
  REQUIRE(cluster.finish(two));
  CHECK(seen.most == 6);
  CHECK(cluster.violations().empty());
}

TEST_CASE("a run of one tenant does not wait behind many runs of another") {
  observed seen;
  constexpr auto time = 200ms;
  sim_cluster cluster{{working_job(working(seen, time)).fair_by("tenant")}};
  seen.cluster = &cluster;
  for (int i = 0; i < 2; ++i) cluster.add_node(2);
  for (int n = 0; n < 60; ++n) submit(cluster, 200, n, "large");
  cluster.advance(20s);
  const auto small = submit(cluster, 1, 99, "small");
  CHECK(cluster.advance_until([&] { return seen.begun[small] == 1; }, time + 1s));
}

TEST_CASE("what has a higher priority goes first, also when that changes on the way") {
  observed seen;
  sim_cluster cluster{{working_job(working(seen, 50ms))}};
  seen.cluster = &cluster;
  cluster.add_node(2);
  const auto first = submit(cluster, 200, 1), second = submit(cluster, 200, 2);
  REQUIRE(cluster.advance_until([&] { return seen.begun[second] > 10; }, 30s));
  cluster.client().set_priority(second, 1);
  cluster.advance(1s);  // what is leased already
  const auto before = seen.begun[first];
  REQUIRE(cluster.finish(second));
  CHECK(seen.begun[first] - before < 10);
  REQUIRE(cluster.finish(first));
}

TEST_CASE("at most so many runs of a job are RUNNING, and all of them come to their end") {
  observed seen;
  sim_cluster cluster{{working_job(working(seen, 100ms)).max_runs(2)}};
  seen.cluster = &cluster;
  for (int i = 0; i < 3; ++i) cluster.add_node(2);
  std::vector<run_id> runs;
  for (int n = 0; n < 8; ++n) runs.push_back(submit(cluster, 4, n));
  std::int64_t most = 0;
  const auto all_ended = [&] {
    most = std::max(most, cluster.client().count_runs({"working", {"RUNNING"}, {}, {}}, 100));
    return std::all_of(runs.begin(), runs.end(),
                       [&](run_id run) { return is_terminal(cluster.state_of(run)); });
  };
  REQUIRE(cluster.advance_until(all_ended, 120s));
  CHECK(most == 2);
  CHECK(cluster.violations().empty());
}
