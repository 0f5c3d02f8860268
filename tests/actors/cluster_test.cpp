#include <catch2/catch.hpp>

#include <functional>
#include <map>
#include <set>

#include "batch/batch.hpp"
#include "protocol/events.hpp"
#include "tests/support/sim_cluster.hpp"

using namespace partita;
using namespace std::chrono_literals;
using partita::test::sim_cluster;

namespace {

/// Counts how often each partition was started, over all nodes of a test.
using starts = std::map<partition_no, int>;

/// `count` partitions, each outputs its number; the aggregator adds them.
job adding(int count, std::shared_ptr<starts> started = std::make_shared<starts>()) {
  return job{"adding"}.step(
      partitioned{"add"}
          .split([count](split_context&) {
            std::vector<partition> all;
            for (int i = 0; i < count; ++i) all.push_back({"p" + std::to_string(i), i});
            return all;
          })
          .each([started](partition_context& p) {
            ++(*started)[p.no()];
            p.output(p.input<int>());
          })
          .aggregate([](const results& r, run_context& run) {
            std::int64_t sum = 0;
            r.for_each([&](const partition_result& one) { sum += one.output.get<int>(); });
            run.result({{"sum", sum}, {"count", r.count()}});
          }));
}

json expected(int count) {
  return {{"sum", static_cast<std::int64_t>(count) * (count - 1) / 2}, {"count", count}};
}

}  // namespace

TEST_CASE("a run over three nodes completes with every partition exactly once") {
  for (int count : {0, 1, 7, 100, 2500}) {
    auto started = std::make_shared<starts>();
    sim_cluster cluster{{adding(count, started)}};
    for (int i = 0; i < 3; ++i) cluster.add_node();
    auto run = cluster.submit("adding");
    REQUIRE(cluster.finish(run));
    CHECK(cluster.state_of(run) == run_state::completed);
    CHECK(cluster.result_of(run) == expected(count));
    CHECK(static_cast<int>(started->size()) == count);
    for (const auto& [no, times] : *started) CHECK(times == 1);
    CHECK(cluster.violations().empty());
  }
}

TEST_CASE("a run submitted before any node exists is adopted by the first that knows its job") {
  sim_cluster cluster{{adding(5)}};
  auto run = cluster.submit("adding");
  cluster.advance(2s);
  CHECK(cluster.state_of(run) == run_state::created);
  cluster.add_node(2, {job{"another"}.step(tasklet{"t", [](run_context&) {}})});
  cluster.advance(2s);
  CHECK(cluster.state_of(run) == run_state::created);
  cluster.add_node();
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::completed);
}

TEST_CASE("nodes send half as many heartbeats while no run is live") {
  sim_cluster cluster{{adding(5)}};
  cluster.add_node(2, {job{"another"}.step(tasklet{"t", [](run_context&) {}})});
  auto heartbeats_in_10s = [&] {
    std::set<db_time> seen;
    for (int i = 0; i < 1000; ++i) {
      cluster.advance(10ms);
      seen.insert(cluster.client().list_nodes(false).front().heartbeat_at);
    }
    return static_cast<double>(seen.size());
  };
  const auto at_rest = heartbeats_in_10s();
  cluster.submit("adding");  // which the node does not know
  const auto with_a_run = heartbeats_in_10s();
  const auto pace = fast_settings().heartbeat / 1.0s;
  CHECK(with_a_run == Approx(10 / pace).epsilon(0.1));
  CHECK(at_rest == Approx(5 / pace).epsilon(0.1));
}

namespace {

/// A cluster whose partitions take virtual time: an attempt "runs" until the test lets it end. The
/// first try of each partition asks for another one, so that leases stay live over several rounds.
job retrying(int count, int failures_each, int max_attempts) {
  return job{"retrying"}.step(partitioned{"try"}
                                  .split([count](split_context&) {
                                    return std::vector<partition>(static_cast<std::size_t>(count));
                                  })
                                  .retry(attempts{max_attempts}, {100ms, 2.0, 1s})
                                  .each([failures_each](partition_context& p) {
                                    if (p.attempt() <= failures_each)
                                      throw std::runtime_error("not yet");
                                    p.output(p.attempt());
                                  }));
}

}  // namespace

TEST_CASE("failed attempts are retried with backoff until they succeed") {
  sim_cluster cluster{{retrying(10, 2, 3)}};
  cluster.add_node();
  auto run = cluster.submit("retrying");
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::completed);
  CHECK(cluster.client().list_failures(run, 100).size() == 20);
  CHECK(cluster.violations().empty());
}

TEST_CASE("a partition whose attempts are used up fails its step and its run, with the reason") {
  sim_cluster cluster{{retrying(10, 5, 3)}};
  cluster.add_node();
  auto run = cluster.submit("retrying");
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::failed);
  CHECK_THAT(cluster.client().find_run(run)->error,
             Catch::Contains("10 of 10 partitions failed") && Catch::Contains("not yet"));
  CHECK(cluster.violations().empty());
}

TEST_CASE("the survivors finish what a killed master and its executors left") {
  for (auto killed_after : {0ms, 20ms, 100ms, 150ms, 200ms, 300ms}) {
    sim_cluster cluster{{retrying(40, 1, 5)}};
    cluster.add_node();
    cluster.add_node();
    cluster.add_node();
    auto run = cluster.submit("retrying");
    cluster.advance(killed_after);
    auto master = cluster.client().find_run(run)->master;
    auto victim = master ? static_cast<std::size_t>(master.value - 1) : 0;
    cluster.kill(victim);
    REQUIRE(cluster.finish(run));
    CHECK(cluster.state_of(run) == run_state::completed);
    CHECK(cluster.client().summarize(run).front().totals.completed == 40);
    CHECK(cluster.violations() == std::vector<std::string>{});
  }
}

TEST_CASE("a node paused for longer than deregistration comes back as a new incarnation") {
  sim_cluster cluster{{retrying(40, 1, 5)}};
  cluster.add_node();
  cluster.add_node();
  auto run = cluster.submit("retrying");
  cluster.advance(100ms);
  cluster.pause(0);
  cluster.advance(5s);
  cluster.resume(0);
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::completed);
  cluster.advance(2s);
  auto nodes = cluster.client().list_nodes(true);
  REQUIRE(nodes.size() == 3);
  CHECK(nodes[0].state == node_state::deregistered);
  CHECK(nodes[2].state == node_state::active);
  CHECK(nodes[2].info.name == nodes[0].info.name);
  CHECK(cluster.violations() == std::vector<std::string>{});
}

TEST_CASE("a drained node hands its runs over and leaves; the run completes elsewhere") {
  sim_cluster cluster{{retrying(40, 1, 5)}};
  cluster.add_node();
  cluster.add_node();
  auto run = cluster.submit("retrying");
  cluster.advance(50ms);
  auto master = static_cast<std::size_t>(cluster.client().find_run(run)->master.value - 1);
  cluster.drain(master);
  REQUIRE(cluster.advance_until([&] { return cluster.has_left(master); }, 2s));
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::completed);
  CHECK(cluster.client().find_run(run)->term == term{2});
  for (const auto& node : cluster.client().list_nodes(true))
    CHECK(node.state != node_state::deregistered);
  CHECK(cluster.violations() == std::vector<std::string>{});
}

TEST_CASE("a stop ends the run STOPPED, and restart completes it without redoing what is done") {
  auto started = std::make_shared<starts>();
  auto gate = std::make_shared<bool>(false);
  auto gated =
      job{"gated"}.step(partitioned{"work"}
                            .split([](split_context&) { return std::vector<partition>(6); })
                            .retry(attempts{100}, {100ms, 1.0, 100ms})
                            .each([started, gate](partition_context& p) {
                              if (p.no() >= 3 && !*gate) throw std::runtime_error("closed");
                              ++(*started)[p.no()];
                            }));
  sim_cluster cluster{{gated}};
  cluster.add_node();
  auto run = cluster.submit("gated");
  cluster.advance(1s);
  cluster.client().request_stop(run, stop_mode::stop);
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::stopped);
  *gate = true;
  auto again = cluster.client().restart(run, "again").id;
  REQUIRE(cluster.finish(again));
  CHECK(cluster.state_of(again) == run_state::completed);
  CHECK(started->size() == 6);
  for (const auto& [no, times] : *started) CHECK(times == 1);
  CHECK(cluster.violations() == std::vector<std::string>{});
}

TEST_CASE("a tasklet runs once, after the step before it, and its result is the run's") {
  auto order = std::make_shared<std::vector<std::string>>();
  auto j = job{"two"}
               .step(partitioned{"first"}
                         .split([](split_context&) { return std::vector<partition>(3); })
                         .each([order](partition_context&) { order->push_back("partition"); }))
               .step(tasklet{"second", [order](run_context& run) {
                               order->push_back("tasklet");
                               run.result("done");
                             }});
  sim_cluster cluster{{j}};
  cluster.add_node();
  auto run = cluster.submit("two");
  REQUIRE(cluster.finish(run));
  CHECK(*order == std::vector<std::string>{"partition", "partition", "partition", "tasklet"});
  CHECK(cluster.result_of(run) == "done");
}

TEST_CASE("a failed step with on_failure goes to the named step, and the run is FAILED after it") {
  auto reported = std::make_shared<bool>(false);
  auto j = job{"flow"}
               .step(tasklet{"breaks", [](run_context&) { throw std::runtime_error("broken"); }})
               .step(tasklet{"skipped", [](run_context&) { FAIL("must not run"); }})
               .step(tasklet{"report", [reported](run_context&) { *reported = true; }})
               .on_failure("breaks", go_to("report"));
  sim_cluster cluster{{j}};
  cluster.add_node();
  auto run = cluster.submit("flow");
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::failed);
  CHECK(*reported);
  CHECK_THAT(cluster.client().find_run(run)->error, Catch::Contains("broken"));
}

TEST_CASE("streamed partitions are worked on before the stream has ended") {
  auto early = std::make_shared<int>(0);
  settings limits = fast_settings();
  limits.split_batch = 10;
  auto j = job{"stream"}.step(
      partitioned{"s"}
          .stream([](split_context&, const std::function<void(partition)>& yield) {
            for (int i = 0; i < 95; ++i) yield({"k", i});
          })
          .each([early](partition_context&) { ++*early; }));
  sim_cluster cluster{{j}, limits};
  cluster.add_node();
  auto run = cluster.submit("stream");
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::completed);
  CHECK(*early == 95);
  CHECK(cluster.violations() == std::vector<std::string>{});
}

TEST_CASE("cancel --now ends a run although its code does not listen, and drops what it brings") {
  auto j = job{"deaf"}.step(partitioned{"work"}
                                .split([](split_context&) { return std::vector<partition>(4); })
                                .retry(attempts{1000}, {50ms, 1.0, 50ms})
                                .each([](partition_context&) { throw std::runtime_error("no"); }));
  sim_cluster cluster{{j}};
  cluster.add_node();
  auto run = cluster.submit("deaf");
  cluster.advance(1s);
  cluster.client().request_stop(run, stop_mode::now);
  REQUIRE(cluster.finish(run, 5s));
  CHECK(cluster.state_of(run) == run_state::stopped);
  CHECK(cluster.violations() == std::vector<std::string>{});
}

TEST_CASE("a partition that takes its node with it each time ends FAILED, and the cluster lives") {
  auto poison = std::make_shared<std::function<void()>>();
  auto j = job{"poison"}.step(partitioned{"work"}
                                  .split([](split_context&) { return std::vector<partition>(3); })
                                  .retry(attempts{3})
                                  .each([poison](partition_context& p) {
                                    if (p.no() == 1) (*poison)();
                                  }));
  sim_cluster cluster{{j}};
  auto last = cluster.add_node(1);
  bool fatal = false;
  *poison = [&] {
    fatal = true;
    cluster.pause(last);  // before it can report
  };
  auto run = cluster.submit("poison");
  for (int kills = 0; kills < 3; ++kills) {
    REQUIRE(cluster.advance_until([&] { return fatal; }, 20s));
    cluster.kill(last);
    fatal = false;
    last = cluster.add_node(1);
  }
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::failed);
  CHECK_THAT(cluster.client().find_run(run)->error, Catch::Contains("3 times"));
  CHECK(cluster.client().summarize(run).front().totals.failed >= 1);
  CHECK(cluster.violations() == std::vector<std::string>{});
}

TEST_CASE("long inputs and outputs reach the database in pieces that one statement can hold") {
  constexpr std::size_t long_text = 1'000'000;
  constexpr int count = 40;
  auto j = job{"large"}.step(
      partitioned{"work"}
          .split([](split_context&) {
            return std::vector<partition>(count, {"", std::string(long_text, 'i')});
          })
          .each([](partition_context& p) { p.output(std::string(long_text, 'o')); }));
  settings limits = fast_settings();
  limits.report_delay = 1s;  // all outputs wait for others
  sim_cluster cluster{{j}, limits};
  cluster.add_node();
  auto run = cluster.submit("large");
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::completed);
  int appended = 0, reported = 0;
  for (const auto& row : cluster.rows().events) {
    appended += row.kind == event::split_appended;
    reported += row.kind == event::lease_reported;
  }
  CHECK(appended == 3);  // 17 MB, 17 MB, 6 MB
  CHECK(reported >= 3);
  CHECK(cluster.violations() == std::vector<std::string>{});
}

TEST_CASE("an author's document may hold any key, and reaches the aggregator as it was given") {
  const json document{{"$files", {{"/etc/passwd", "/tmp/.passwd.part"}}}, {"$output", 1}};
  sim_cluster cluster{{job{"keys"}.step(partitioned{"one"}
                                            .split([](split_context&) {
                                              return std::vector<partition>{{"p", 1}};
                                            })
                                            .each([&](partition_context& p) { p.output(document); })
                                            .aggregate([](const results& all, run_context& run) {
                                              all.for_each([&](const partition_result& r) {
                                                CHECK(r.files.empty());
                                                run.result(r.output);
                                              });
                                            }))}};
  cluster.add_node();
  auto run = cluster.submit("keys");
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::completed);
  CHECK(cluster.result_of(run) == document);
}
