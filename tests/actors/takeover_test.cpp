#include <catch2/catch.hpp>

#include "batch/batch.hpp"
#include "tests/support/sim_cluster.hpp"

using namespace partita;
using partita::test::sim_cluster;

namespace {

constexpr int rows = 2;       // partitions
constexpr int positions = 3;  // checkpoints of each

/// A step whose partitions have checkpoints, beside it a tasklet that decides, and a step that
/// streams its partitions: all a master does in the life of a run.
job varied() {
  auto counting =
      partitioned{"count"}
          .split([](split_context&) {
            std::vector<partition> all;
            for (int i = 0; i < rows; ++i) all.push_back({"row", i});
            return all;
          })
          .retry(attempts{5})
          .each([](partition_context& p) {
            for (int at = p.resume_position().value_or(0).get<int>(); at < positions; ++at) {
              ++p.counts().written;
              p.checkpoint(at + 1);
            }
            p.output(p.input<int>() + p.counts().written);
          })
          .aggregate([](const results& r, run_context& run) {
            json outputs = json::array();
            r.for_each([&](const partition_result& one) { outputs.push_back(one.output); });
            run.result(outputs);
          });
  auto streaming =
      partitioned{"stream"}
          .stream([](split_context&, const std::function<void(partition)>& yield) {
            for (int i = 0; i < rows; ++i) yield({"row", i * 10});
          })
          .retry(attempts{5})
          .each([](partition_context& p) { p.output(p.input<int>()); })
          .aggregate([](const results& r, run_context& run) { run.result(r.count()); });
  auto picks = tasklet{"pick", [](run_context& run) { run.result("streams"); }};
  auto never = tasklet{"never", [](run_context&) { FAIL("it was jumped over"); }};
  auto last = tasklet{"last", [](run_context& run) { run.result(run.result_of("count")); }};
  return job{"varied"}
      .step(parallel{flow{counting}, flow{picks, never, streaming}})
      .step(last)
      .decide("pick", [](const outcomes& so_far) {
        return so_far.result_of("pick") == "streams" ? go_to("stream") : next();
      });
}

struct played {
  std::vector<std::string> results;  // of each step, then of the run
  std::vector<std::string> calls;    // of both nodes, each as a fault of `kind`
  int masters = 0;
};

/// Plays the job on two nodes, of which one suffers `faults`.
played play(sim::fate kind, std::set<std::string> faults) {
  sim_cluster cluster{{varied()}, fast_settings(), kind, std::move(faults)};
  cluster.add_node();
  cluster.add_node();
  auto run = cluster.submit("varied");
  CHECK(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::completed);
  CHECK(cluster.violations() == std::vector<std::string>{});
  played p{{}, cluster.offered(), static_cast<int>(cluster.client().find_run(run)->term.value)};
  for (const auto& step : cluster.client().list_steps(run)) p.results.push_back(step.result);
  p.results.push_back(cluster.client().find_run(run)->result);
  return p;
}

}  // namespace

TEST_CASE("whichever call its nodes die at, a run ends with the result of an undisturbed one") {
  for (auto kind : {sim::fate::dies_before, sim::fate::dies_after}) {
    const auto undisturbed = play(kind, {});
    REQUIRE(undisturbed.results ==
            std::vector<std::string>{"[3,4]", "\"streams\"", "2", "[3,4]", "[3,4]"});
    REQUIRE(undisturbed.masters == 1);
    int takeovers = 0;
    for (const auto& call : undisturbed.calls) {
      INFO(call);
      const auto survived = play(kind, {call});
      CHECK(survived.results == undisturbed.results);
      takeovers += survived.masters - 1;
    }
    CHECK(takeovers >= 60);
  }
}
