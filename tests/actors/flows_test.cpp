#include <catch2/catch.hpp>

#include "tests/actors/diary.hpp"

using namespace partita;
using namespace partita::test;
using namespace std::chrono_literals;

TEST_CASE("the flows of a group run side by side, and what follows waits for all of them") {
  const diary d;
  sim_cluster* playing = nullptr;
  auto lasting = [&](const std::string& name, milliseconds time) {
    return tasklet{name, [&, name, time, d](run_context&) {
                     d(name + " begins");
                     playing->work(time);
                     d(name + " ends");
                   }};
  };
  auto j = job{"nightly"}
               .step(writes("load", d))
               .step(parallel{flow{lasting("slow", 2s), writes("after_slow", d)},
                              flow{writes("quick", d), counts("enrich", d)}})
               .step(writes("last", d));
  sim_cluster cluster{{j}};
  playing = &cluster;
  cluster.add_node();
  auto run = cluster.submit("nightly");
  REQUIRE(cluster.finish(run, 10s));
  CHECK(cluster.state_of(run) == run_state::completed);
  CHECK(d.place("quick") < d.place("slow ends"));
  CHECK(d.place("enrich 1") < d.place("slow ends"));  // partitions too, meanwhile
  CHECK(d.place("last") == std::ssize(*d.lines) - 1);
  CHECK(d.lines->size() == 8);
  CHECK(cluster.violations() == words{});
}

TEST_CASE("later steps read what earlier ones set: tasklets, splits and deciders") {
  const diary d;
  auto j = job{"chain"}
               .step(counts("load", d))
               .step(partitioned{"enrich"}
                         .split([](split_context& s) {
                           return std::vector<partition>(s.result_of("load").get<std::size_t>());
                         })
                         .each([](partition_context&) {}))
               .step(tasklet{"check",
                             [](run_context& run) {
                               run.result({{"partitions", run.so_far().of("enrich").completed},
                                           {"written", run.result_of("load")}});
                             }})
               .step(writes("clean", d))
               .step(writes("repair", d))
               .decide("check", [](const outcomes& so_far) {
                 return so_far.of("check").result == json{{"partitions", 2}, {"written", 2}} &&
                                so_far.of("load").counts.written == 2
                            ? go_to("repair")
                            : next();
               });
  sim_cluster cluster{{j}};
  cluster.add_node();
  auto run = cluster.submit("chain");
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::completed);
  CHECK(begun(cluster, run) == words{"load", "enrich", "check", "repair"});
  CHECK_FALSE(d.has("clean"));
  CHECK(cluster.client().list_steps(run).at(2).decided == decision{decision_kind::go_to, "repair"});
  CHECK(cluster.violations() == words{});
}

TEST_CASE("a step sees nothing of what runs beside it or comes after it") {
  auto looks = [](const std::string& name, const std::string& at) {
    return tasklet{name, [at](run_context& run) { run.result_of(at); }};
  };
  const diary d;
  for (const auto* hidden : {"beside", "last", "nowhere", "looks"}) {
    auto j = job{"hidden"}
                 .step(parallel{flow{writes("beside", d)}, flow{looks("looks", hidden)}})
                 .step(writes("last", d));
    sim_cluster cluster{{j}};
    cluster.add_node();
    auto run = cluster.submit("hidden");
    REQUIRE(cluster.finish(run));
    CHECK_THAT(cluster.client().find_run(run)->error,
               Catch::Contains("there is no outcome of step " + std::string{hidden}));
    CHECK(begun(cluster, run) == words{"beside", "looks"});
  }
}

TEST_CASE("a decider is asked once, also in a run that goes on; `fail` is mended by its step") {
  for (const bool fails : {false, true}) {
    const diary d;
    auto broken = std::make_shared<bool>(true);
    auto j = job{"decides"}
                 .step(writes("check", d))
                 .step(writes("clean", d))
                 .step(tasklet{"repair",
                               [=](run_context&) {
                                 if (*broken) throw permanent_error("no tools");
                                 d("repair");
                               }})
                 .decide("check", [=](const outcomes&) -> decision {
                   d("asked");
                   if (fails && *broken) return fail("too dirty");
                   return go_to("repair");
                 });
    sim_cluster cluster{{j}};
    cluster.add_node();
    auto run = cluster.submit("decides");
    REQUIRE(cluster.finish(run));
    CHECK(cluster.state_of(run) == run_state::failed);
    CHECK(cluster.client().find_run(run)->error ==
          (fails ? "after step check: too dirty" : "step repair failed: tasklet: no tools"));
    *broken = false;
    auto again = cluster.client().restart(run, "again").id;
    REQUIRE(cluster.finish(again));
    CHECK(cluster.state_of(again) == run_state::completed);
    CHECK(d.count("asked") == (fails ? 2 : 1));
    CHECK(d.count("check") == (fails ? 2 : 1));
    CHECK(d.count("repair") == 1);
    CHECK_FALSE(d.has("clean"));
    CHECK(cluster.violations() == words{});
  }
}

TEST_CASE("a decider that ends the run, throws, or names what cannot come next") {
  auto asked = std::make_shared<int>(0);
  auto decided_by = [&](decider chooses) {
    const diary d;
    auto j = job{"decides"}
                 .step(tasklet{"check", [](run_context& run) { run.result("done"); }}.retry(
                     attempts{3}, {10ms, 1.0, 10ms}))
                 .step(parallel{flow{writes("left", d)}, flow{writes("right", d)}})
                 .decide("check", [=](const outcomes& so_far) {
                   ++*asked;
                   return chooses(so_far);
                 });
    sim_cluster cluster{{j}};
    cluster.add_node();
    auto run = cluster.submit("decides");
    REQUIRE(cluster.finish(run));
    CHECK(begun(cluster, run) == words{"check"});
    CHECK(cluster.result_of(run) == "done");
    CHECK(cluster.violations() == words{});
    return std::pair{cluster.state_of(run), cluster.client().find_run(run)->error};
  };
  using end = std::pair<run_state, std::string>;
  CHECK(decided_by([](const outcomes&) { return complete(); }) == end{run_state::completed, ""});
  CHECK(*asked == 1);
  CHECK(decided_by([](const outcomes&) -> decision { return go_to("left"); }) ==
        end{run_state::failed,
            "after step check: decide: it chose step left, which is no later step of the job, or "
            "of the same flow"});
  *asked = 0;
  CHECK(decided_by([](const outcomes&) -> decision { throw std::runtime_error("no idea"); }) ==
        end{run_state::failed, "after step check: decide: no idea"});
  CHECK(*asked == 3);
}

TEST_CASE("a step that fails in a flow lets its neighbours end, and `restart` goes on with all") {
  const diary d;
  auto broken = std::make_shared<bool>(true);
  sim_cluster* playing = nullptr;
  auto j = job{"fails"}
               .step(parallel{flow{tasklet{"breaks",
                                           [=](run_context&) {
                                             if (*broken) throw permanent_error("no");
                                             d("breaks");
                                           }},
                                   writes("after", d)},
                              flow{tasklet{"lasts",
                                           [&, d](run_context&) {
                                             playing->work(1s);
                                             d("lasts");
                                           }},
                                   writes("never", d)}})
               .step(writes("last", d));
  sim_cluster cluster{{j}};
  playing = &cluster;
  cluster.add_node();
  auto run = cluster.submit("fails");
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::failed);
  CHECK(*d.lines == words{"lasts"});
  *broken = false;
  auto again = cluster.client().restart(run, "again").id;
  REQUIRE(cluster.finish(again));
  CHECK(cluster.state_of(again) == run_state::completed);
  CHECK(d.lines->size() == 5);
  CHECK(d.count("lasts") == 1);
  CHECK(cluster.violations() == words{});
}

TEST_CASE("what a failure led to is done anew by the run that continues it") {
  const diary d;
  auto broken = std::make_shared<bool>(true);
  auto j =
      job{"handled"}
          .step(tasklet{"load",
                        [=](run_context&) {
                          if (*broken) throw permanent_error("no");
                          d("load");
                        }})
          .step(writes("index", d))
          .step(counts("check", d))
          .step(writes("publish", d))
          .step(writes("clean_up", d))
          .on_failure("load", go_to{"check"})
          .decide("check", [](const outcomes& so_far) {
            return so_far.of("load").state == step_state::completed ? next() : go_to("clean_up");
          });
  sim_cluster cluster{{j}};
  cluster.add_node();
  auto run = cluster.submit("handled");
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::failed);
  CHECK(d.lines->size() == 3);
  CHECK(d.has("check 0"));
  CHECK(d.has("check 1"));
  CHECK(d.place("clean_up") == 2);
  *broken = false;
  d.lines->clear();
  auto again = cluster.client().restart(run, "again").id;
  REQUIRE(cluster.finish(again));
  CHECK(cluster.state_of(again) == run_state::completed);
  CHECK(*d.lines == words{"load", "index", "check 0", "check 1", "publish", "clean_up"});
  CHECK(cluster.violations() == words{});
}

TEST_CASE("a run that a decider ended goes on with what had failed beside it") {
  const diary d;
  auto broken = std::make_shared<bool>(true);
  auto j = job{"ended"}
               .step(parallel{flow{writes("decides", d), writes("never", d)},
                              flow{tasklet{"breaks",
                                           [=](run_context&) {
                                             if (*broken) throw permanent_error("no");
                                             d("breaks");
                                           }},
                                   writes("after", d)}})
               .decide("decides", [](const outcomes&) { return complete(); });
  sim_cluster cluster{{j}};
  cluster.add_node();
  auto run = cluster.submit("ended");
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::failed);
  *broken = false;
  auto again = cluster.client().restart(run, "again").id;
  REQUIRE(cluster.finish(again));
  CHECK(cluster.state_of(again) == run_state::completed);
  CHECK(*d.lines == words{"decides", "breaks"});
  CHECK(cluster.violations() == words{});
}

TEST_CASE("a node whose master lost its run leaves only when the master's last code has ended") {
  const diary d;
  sim_cluster* playing = nullptr;
  std::size_t node = 0;
  auto j = job{"lost"}.step(
      parallel{flow{tasklet{"quick", [&](run_context&) { playing->work(100ms); }}},
               flow{tasklet{"slow", [&, d](run_context&) {
                              playing->work(5s);
                              d(playing->has_left(node) ? "its node has left" : "its node is here");
                            }}}});
  sim_cluster cluster{{j}};
  playing = &cluster;
  node = cluster.add_node();
  bool lost = false;
  cluster.before_verb([&](const verb& v) {
    if (v.name != "end_step" || std::exchange(lost, true)) return;
    cluster.drain(node);
    throw store_error(errc::term_lost, "the test says so");
  });
  cluster.submit("lost");
  REQUIRE(cluster.advance_until([&] { return cluster.has_left(node); }, 20s));
  CHECK(lost);
  CHECK(*d.lines == words{"its node is here"});
}

namespace {

/// Two tasklets side by side that last until they are asked to stop; when both have begun, `then`.
job two_that_last(sim_cluster*& playing, const diary& d, const std::function<void(run_id)>& then) {
  auto lasts = [=, &playing](const std::string& name) {
    return tasklet{name, [=, &playing](run_context& run) {
                     d(name + " begins");
                     playing->work(20ms);
                     if (d.lines->size() == 2) then(run.run());
                     const auto again = d.count(name + " begins") > 1;
                     for (int i = 0; i < 200 && !again; ++i) {
                       playing->work(20ms);
                       run.stop_if_requested();
                     }
                     d(name + " ends");
                   }};
  };
  return job{"lasts"}.step(parallel{flow{lasts("left")}, flow{lasts("right")}});
}

}  // namespace

TEST_CASE("a drain hands over a run with several works, and each goes on elsewhere") {
  const diary d;
  sim_cluster* playing = nullptr;
  settings limits = fast_settings();
  limits.drain_grace = 100ms;
  sim_cluster cluster{{two_that_last(playing, d, [&](run_id) { playing->drain(0); })}, limits};
  playing = &cluster;
  cluster.add_node();
  auto run = cluster.submit("lasts");
  REQUIRE(cluster.advance_until([&] { return cluster.has_left(0); }, 5s));
  cluster.add_node();
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::completed);
  for (const auto* name : {"left", "right"}) {
    CHECK(d.count(name + std::string{" begins"}) == 2);
    CHECK(d.count(name + std::string{" ends"}) == 1);
  }
  CHECK(cluster.violations() == words{});
}

TEST_CASE("a stop reaches every work of a master, and the run is STOPPED") {
  const diary d;
  sim_cluster* playing = nullptr;
  sim_cluster cluster{{two_that_last(
      playing, d, [&](run_id run) { playing->client().request_stop(run, stop_mode::stop); })}};
  playing = &cluster;
  cluster.add_node();
  auto run = cluster.submit("lasts");
  REQUIRE(cluster.finish(run, 3s));
  CHECK(cluster.state_of(run) == run_state::stopped);
  for (const auto& s : cluster.client().list_steps(run)) CHECK(s.state == step_state::stopped);
  CHECK(d.lines->size() == 2);  // neither ends
}
