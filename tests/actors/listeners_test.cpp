#include <catch2/catch.hpp>

#include <set>

#include "actors/log_event.hpp"
#include "tests/actors/diary.hpp"

using namespace partita;
using namespace partita::test;
using namespace std::chrono_literals;

namespace {

/// All that was logged under this name.
class log_lines {
 public:
  explicit log_lines(std::string name) : name_(std::move(name)) {
    log::send_to(log::level::info, [this](const log::event& e) { count += e.name == name_; });
  }
  ~log_lines() { log::send_to(log::level::off, {}); }
  int count = 0;

 private:
  std::string name_;
};

}  // namespace

TEST_CASE("listeners hear of each step and of the run, with what came of them") {
  const diary d;
  auto j = job{"heard"}
               .step(counts("load", d))
               .step(tasklet{"check", [](run_context&) { throw permanent_error("dirty"); }})
               .step(writes("last", d))
               .on_failure("check", go_to{"last"})
               .before_step([d](std::string_view step, run_context& run) {
                 d("before " + std::string{step});
                 if (step == "check") CHECK(run.result_of("load") == 2);
               })
               .after_step([d](std::string_view step, const step_outcome& how, run_context& run) {
                 d("after " + std::string{step} + " " + std::string{to_string(how.state)} + " " +
                   std::to_string(how.counts.written) + how.error);
                 CHECK_FALSE(run.so_far().has(std::string{step}));  // what came of it is `how`
               })
               .after_run([d](const run_outcome& how, run_context& run) {
                 d("run " + std::string{to_string(how.state)} + " " + how.error);
                 CHECK(run.so_far().of("load").result == 2);
               });
  sim_cluster cluster{{j}};
  cluster.add_node();
  auto run = cluster.submit("heard");
  REQUIRE(cluster.finish(run));
  REQUIRE(d.lines->size() == 10);
  std::sort(d.lines->begin() + 1, d.lines->begin() + 3);  // partitions go in any order
  CHECK(*d.lines == words{"before load", "load 0", "load 1", "after load COMPLETED 2",
                          "before check", "after check FAILED 0tasklet: dirty", "before last",
                          "last", "after last COMPLETED 0",
                          "run FAILED step check failed: tasklet: dirty"});
}

TEST_CASE("what a listener of an end throws is logged, and changes nothing") {
  log_lines failed{"listener_failed"};
  const diary d;
  auto j = job{"heard"}
               .step(writes("load", d))
               .after_step([](std::string_view, const step_outcome&, run_context& run) {
                 run.result("of the listener");
                 throw std::runtime_error("no");
               })
               .after_run([](const run_outcome&, run_context&) { throw 7; });
  sim_cluster cluster{{j}};
  cluster.add_node();
  auto run = cluster.submit("heard");
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::completed);
  CHECK(cluster.client().find_run(run)->result.empty());
  CHECK(failed.count == 2);
}

TEST_CASE("a listener of a beginning that throws fails its step, by the step's retry policy") {
  for (int failures : {1, 2}) {
    const diary d;
    auto thrown = std::make_shared<int>(0);
    auto j = job{"heard"}
                 .step(writes("load", d).retry(attempts{2}, {10ms, 1.0, 10ms}))
                 .before_step([=](std::string_view, run_context&) {
                   if (++*thrown <= failures) throw std::runtime_error("not yet");
                 });
    sim_cluster cluster{{j}};
    cluster.add_node();
    auto run = cluster.submit("heard");
    REQUIRE(cluster.finish(run));
    CHECK(cluster.state_of(run) == (failures == 1 ? run_state::completed : run_state::failed));
    CHECK(d.count("load") == (failures == 1 ? 1 : 0));
  }
}

TEST_CASE("listeners hear of every end, whichever call fails, or their node dies at") {
  const auto play = [](sim::fate fate, std::set<std::string> faults) {
    const diary d;
    auto j = job{"heard"}
                 .step(counts("load", d))
                 .step(parallel{flow{writes("left", d)}, flow{writes("right", d)}})
                 .after_step([d](std::string_view step, const step_outcome& how, run_context& run) {
                   run.so_far().has("load");  // reads rows
                   if (how.state == step_state::completed) d("after " + std::string{step});
                 })
                 .after_run([d](const run_outcome&, run_context& run) {
                   run.so_far().has("load");
                   d("after run");
                 });
    sim_cluster cluster{{j}, fast_settings(), fate, std::move(faults)};
    cluster.add_node();
    cluster.add_node();
    auto run = cluster.submit("heard");
    CHECK(cluster.finish(run));
    CHECK(cluster.state_of(run) == run_state::completed);
    for (const auto* step : {"load", "left", "right", "run"})
      CHECK(d.has("after " + std::string{step}));
    CHECK(cluster.violations() == words{});
    return cluster.offered();
  };
  for (const auto fate : {sim::fate::dies_after, sim::fate::refused}) {
    const auto calls = play(fate, {});
    CHECK(calls.size() > 20);
    for (const auto& call : calls) {
      INFO(call);
      play(fate, {call});
    }
  }
}

TEST_CASE("a run ends although a step has begun in it since its end was told") {
  // A call of its master that got no answer, and happens while the listeners are told.
  const diary d;
  sim_cluster* playing = nullptr;
  auto j = job{"heard"}
               .step(tasklet{"first",
                             [&](run_context& run) {
                               playing->client().request_stop(run.run(), stop_mode::stop);
                             }})
               .step(writes("second", d))
               .after_run([&, d](const run_outcome& how, run_context& run) {
                 d("run " + std::string{to_string(how.state)});
                 if (d.lines->size() > 1) return;
                 const auto row = playing->client().find_run(run.run());
                 step_spec second;
                 second.name = "second";
                 second.ordinal = 1;
                 second.kind = step_kind::tasklet;
                 playing->client().begin_step(run.run(), row->master, row->term, second);
               });
  sim_cluster cluster{{j}};
  playing = &cluster;
  cluster.add_node();
  auto run = cluster.submit("heard");
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::stopped);
  CHECK(*d.lines == words{"run STOPPED", "run STOPPED"});
  CHECK(cluster.violations() == words{});
}
