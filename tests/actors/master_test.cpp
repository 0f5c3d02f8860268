#include <catch2/catch.hpp>

#include <fstream>
#include <map>
#include <set>

#include "actors/log_event.hpp"
#include "batch/batch.hpp"
#include "storage/transaction.hpp"
#include "tests/support/sim_cluster.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using namespace std::chrono_literals;
using partita::test::sim_cluster;

namespace {

using yields = std::function<void(partition)>;

/// How often an event of this name was logged, while this object lives.
class log_count {
 public:
  explicit log_count(std::string name) : name_(std::move(name)) {
    log::send_to(log::level::info, [this](const log::event& e) { count_ += e.name == name_; });
  }
  ~log_count() { log::send_to(log::level::off, {}); }
  int count() const { return count_; }

 private:
  std::string name_;
  int count_ = 0;
};

/// Fails so often, and then works.
struct flaky {
  std::shared_ptr<int> tries = std::make_shared<int>(0);
  int failures = 0;
  void operator()() const {
    if (++*tries <= failures) throw std::runtime_error("not yet");
  }
};

std::vector<partition> three(split_context&) { return std::vector<partition>(3); }
constexpr backoff_of short_rest{100ms, 2.0, 1s};

}  // namespace

TEST_CASE("when the split of a stream fails, nothing more of it is begun") {
  auto begun = std::make_shared<int>(0);
  settings limits = fast_settings();
  limits.split_batch = 100;
  sim_cluster* playing = nullptr;
  auto j = job{"stream"}.step(partitioned{"s"}
                                  .stream([](split_context&, const yields& yield) {
                                    for (int i = 0; i < 5000; ++i) yield({"k", i});
                                    throw permanent_error("the source is gone");
                                  })
                                  .each([&, begun](partition_context&) {
                                    ++*begun;
                                    playing->work(50ms);
                                  }));
  sim_cluster cluster{{j}, limits};
  playing = &cluster;
  cluster.add_node(1);
  cluster.add_node(1);
  auto run = cluster.submit("stream");
  REQUIRE(cluster.finish(run, 10s));
  CHECK(cluster.state_of(run) == run_state::failed);
  CHECK_THAT(cluster.client().find_run(run)->error, Catch::Contains("the source is gone"));
  CHECK(*begun < 100);
  CHECK(cluster.violations() == std::vector<std::string>{});
}

TEST_CASE("a slow stream hands over what it has every 50 ms") {
  auto early = std::make_shared<int>(0);
  sim_cluster* playing = nullptr;
  auto j = job{"stream"}.step(partitioned{"s"}
                                  .stream([&](split_context&, const yields& yield) {
                                    for (int i = 0; i < 50; ++i) {
                                      playing->work(20ms);
                                      yield({"k", i});
                                    }
                                    CHECK(*early > 20);
                                  })
                                  .each([early](partition_context&) { ++*early; }));
  sim_cluster cluster{{j}};
  playing = &cluster;
  cluster.add_node();
  auto run = cluster.submit("stream");
  REQUIRE(cluster.finish(run));
  CHECK(*early == 50);
}

TEST_CASE("a stream goes on in the continued run, where it was cut off") {
  auto source = std::make_shared<flaky>();
  source->failures = 1;
  auto done = std::make_shared<std::multiset<int>>();
  settings limits = fast_settings();
  limits.split_batch = 10;
  auto j =
      job{"stream"}.step(partitioned{"s"}
                             .retry(attempts{1})
                             .stream([source](split_context&, const yields& yield) {
                               for (int i = 0; i < 20; ++i) yield({"k", i});
                               (*source)();
                               for (int i = 20; i < 30; ++i) yield({"k", i});
                             })
                             .each([done](partition_context& p) { done->insert(p.input<int>()); }));
  sim_cluster cluster{{j}, limits};
  cluster.add_node();
  auto run = cluster.submit("stream");
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::failed);
  auto again = cluster.client().restart(run, "again").id;
  REQUIRE(cluster.finish(again));
  CHECK(cluster.state_of(again) == run_state::completed);
  CHECK(done->size() == 30);
  CHECK(std::set<int>(done->begin(), done->end()).size() == 30);
  CHECK(cluster.violations() == std::vector<std::string>{});
}

TEST_CASE("a stream whose source changes goes on behind what is stored") {
  auto done = std::make_shared<std::multiset<int>>();
  auto begun = std::make_shared<int>(0);
  auto source = std::make_shared<std::vector<int>>(std::vector<int>{10, 20, 30, 40});
  auto fails = std::make_shared<bool>(true);
  settings limits = fast_settings();
  limits.split_batch = 1;
  auto j =
      job{"stream"}.step(partitioned{"s"}
                             .retry(attempts{1})
                             .stream([=](split_context& s, const yields& yield) {
                               ++*begun;
                               const auto last = s.last_stored();
                               for (const auto n : *source) {
                                 if (last && n <= last->get<int>()) continue;
                                 if (n == 30 && std::exchange(*fails, false))
                                   throw std::runtime_error("away");
                                 yield({"k", n});
                               }
                             })
                             .each([done](partition_context& p) { done->insert(p.input<int>()); }));
  sim_cluster cluster{{j}, limits};
  cluster.add_node();
  auto run = cluster.submit("stream");
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::failed);
  *source = {5, 15, 20, 30, 40, 50};  // 5 and 15 are new, and behind
  auto again = cluster.client().restart(run, "again").id;
  REQUIRE(cluster.finish(again));
  CHECK(cluster.state_of(again) == run_state::completed);
  CHECK(*begun == 2);
  CHECK(*done == std::multiset<int>{10, 20, 30, 40, 50});
  CHECK(cluster.violations() == std::vector<std::string>{});
}

TEST_CASE("split, tasklet and aggregation are tried as often as their step says") {
  for (int failures : {0, 2, 3}) {
    for (int broken = 0; broken < 4; ++broken) {
      const flaky fails{std::make_shared<int>(0), failures}, works;
      auto code = [&](int place) { return place == broken ? fails : works; };
      auto j = job{"flaky"}
                   .step(partitioned{"listed"}
                             .retry(attempts{3}, short_rest)
                             .split([c = code(0)](split_context& s) {
                               c();
                               return three(s);
                             })
                             .each([](partition_context&) {})
                             .aggregate([c = code(1)](const results&, run_context&) { c(); }))
                   .step(partitioned{"streamed"}
                             .retry(attempts{3}, short_rest)
                             .stream([c = code(2)](split_context&, const yields& yield) {
                               yield({"k", 1});
                               c();
                               yield({"k", 2});
                             })
                             .each([](partition_context&) {}))
                   .step(tasklet{"tasklet", [c = code(3)](run_context&) { c(); }}.retry(
                       attempts{3}, short_rest));
      sim_cluster cluster{{j}};
      cluster.add_node();
      auto run = cluster.submit("flaky");
      const auto rest = failures == 0 ? 0ms : 250ms;  // of 100 ms and 200 ms
      cluster.advance(rest);
      if (failures > 0) CHECK(cluster.state_of(run) == run_state::running);
      REQUIRE(cluster.finish(run));
      INFO(broken << " fails " << failures << " times");
      CHECK(cluster.state_of(run) == (failures < 3 ? run_state::completed : run_state::failed));
      CHECK(*fails.tries == std::min(failures + 1, 3));
      CHECK(cluster.violations() == std::vector<std::string>{});
    }
  }
}

TEST_CASE("a permanent error of the code on the master fails its step at once") {
  auto tries = std::make_shared<int>(0);
  auto j = job{"broken"}.step(tasklet{"t", [tries](run_context&) {
                                        ++*tries;
                                        throw permanent_error("never");
                                      }});
  sim_cluster cluster{{j}};
  cluster.add_node();
  auto run = cluster.submit("broken");
  REQUIRE(cluster.finish(run, 1s));
  CHECK(*tries == 1);
  CHECK_THAT(cluster.client().find_run(run)->error, Catch::Contains("never"));
}

TEST_CASE("a stop is heard while the code on the master rests between two tries") {
  auto j =
      job{"broken"}.step(tasklet{"t", [](run_context&) { throw std::runtime_error("no"); }}.retry(
          attempts{5}, {60'000ms, 1.0, 60'000ms}));
  sim_cluster cluster{{j}};
  cluster.add_node();
  auto run = cluster.submit("broken");
  cluster.advance(1s);
  cluster.client().request_stop(run, stop_mode::stop);
  REQUIRE(cluster.finish(run, 1s));
  CHECK(cluster.state_of(run) == run_state::stopped);
}

TEST_CASE("an aggregation that heeds a stop ends the run STOPPED, and restart aggregates") {
  auto called = std::make_shared<int>(0);
  sim_cluster* playing = nullptr;
  auto j = job{"sum"}.step(partitioned{"s"}
                               .split(three)
                               .each([](partition_context&) {})
                               .aggregate([&, called](const results&, run_context& run) {
                                 if (++*called > 1) return;
                                 playing->client().request_stop(run.run(), stop_mode::stop);
                                 playing->work(2s);
                                 run.stop_if_requested();
                                 FAIL("the stop was not passed on");
                               }));
  sim_cluster cluster{{j}};
  playing = &cluster;
  cluster.add_node();
  auto run = cluster.submit("sum");
  REQUIRE(cluster.finish(run, 10s));
  CHECK(cluster.state_of(run) == run_state::stopped);
  CHECK(*called == 1);
  auto again = cluster.client().restart(run, "again").id;
  REQUIRE(cluster.finish(again));
  CHECK(cluster.state_of(again) == run_state::completed);
  CHECK(*called == 2);
}

// Another engine's aggregator got an empty list here: spring-batch #5158.
TEST_CASE("after a restart an aggregator sees what the run before has completed, too") {
  auto broken = std::make_shared<bool>(true);
  auto j = job{"sum"}.step(
      partitioned{"s"}
          .split(three)
          .retry(attempts{1})
          .each([=](partition_context& p) {
            if (p.no() == 1 && *broken) throw std::runtime_error("no");
            p.output(p.no());
          })
          .aggregate([](const results& all, run_context& run) {
            auto numbers = json::array();
            all.for_each([&](const partition_result& r) { numbers.push_back(r.output); });
            run.result(numbers);
          }));
  sim_cluster cluster{{j}};
  cluster.add_node();
  auto run = cluster.submit("sum");
  REQUIRE(cluster.finish(run));
  *broken = false;
  auto again = cluster.client().restart(run, "again").id;
  REQUIRE(cluster.finish(again));
  CHECK(cluster.result_of(again) == json{0, 1, 2});
}

TEST_CASE("a partition has the same idempotency key in every run that continues the first") {
  auto keys = std::make_shared<std::map<partition_no, std::set<std::string>>>();
  auto gate = std::make_shared<int>(0);
  auto j = job{"keys"}.step(
      partitioned{"work"}.split(three).retry(attempts{1}).each([=](partition_context& p) {
        (*keys)[p.no()].insert(p.idempotency_key());
        if (p.no() == 1 && ++*gate < 4) throw std::runtime_error("closed");
      }));
  sim_cluster cluster{{j}};
  cluster.add_node();
  auto run = cluster.submit("keys");
  const auto first = run;
  for (int restarts = 0; restarts < 3; ++restarts) {
    REQUIRE(cluster.finish(run));
    CHECK(cluster.state_of(run) == run_state::failed);
    run = cluster.client().restart(run, "again " + std::to_string(restarts)).id;
  }
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::completed);
  CHECK((*keys)[1] == std::set{std::to_string(first.value) + ":work:1:0"});
}

TEST_CASE("a full disk is waited out: the log tells of its beginning and its end") {
  bool full = false;
  log_count waits{"master_waits"};
  sim_cluster cluster{
      {job{"three"}.step(partitioned{"work"}.split(three).each([](partition_context&) {}))}};
  cluster.before_verb([&](const verb& v) {
    if (full && v.mode != access::read && v.mode != access::light_write)
      throw store_error(errc::unavailable, "the disk is full");
  });
  cluster.add_node();
  int splits = 0;
  cluster.after_verb([&](const verb& v) {
    splits += v.name == "seal_split";
    if (v.name == "begin_step") full = true;  // the split can be called, but not stored
  });
  auto run = cluster.submit("three");
  REQUIRE(cluster.advance_until([&] { return full; }, 5s));
  cluster.advance(20s);
  CHECK(splits == 0);
  CHECK(waits.count() == 1);
  full = false;
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::completed);
}

TEST_CASE("a drain does not wait for a run that ended without an answer") {
  sim_cluster cluster{
      {job{"three"}.step(partitioned{"work"}.split(three).each([](partition_context&) {}))}};
  bool lost = false;
  cluster.after_verb([&](const verb& v) {
    if (v.name != "end_run" || lost) return;
    lost = true;
    cluster.drain(0);
    throw store_error(errc::unavailable, "no answer");
  });
  cluster.add_node();
  auto run = cluster.submit("three");
  REQUIRE(cluster.advance_until([&] { return lost; }, 10s));
  CHECK(cluster.advance_until([&] { return cluster.has_left(0); }, 2s));
  CHECK(cluster.state_of(run) == run_state::completed);
}

TEST_CASE("a step with damaged rows does not keep a node from others") {
  auto j = [](const std::string& name) {
    return job{name}.step(partitioned{"work"}.split(three).each([](partition_context&) {}));
  };
  sim_cluster cluster{{j("damaged"), j("sound")}};
  log_count told{"step_damaged"};
  step_id step;
  cluster.before_verb([&](const verb& v) {
    const auto* claim = dynamic_cast<const hot_call<&transaction::claim>*>(&v);
    if (claim == nullptr) return;
    if (!step) step = std::get<1>(claim->arguments());
    if (std::get<1>(claim->arguments()) == step)
      throw store_error(errc::damaged, "a row holds what no version writes");
  });
  cluster.add_node();
  auto damaged = cluster.submit("damaged");
  REQUIRE(cluster.advance_until([&] { return bool{step}; }, 5s));
  auto sound = cluster.submit("sound");
  REQUIRE(cluster.finish(sound, 5s));
  CHECK(cluster.state_of(sound) == run_state::completed);
  CHECK(cluster.state_of(damaged) == run_state::running);
  CHECK(told.count() == 1);
}

TEST_CASE("of two partitions that write one file, the second fails, and no file is lost") {
  for (const bool same_batch : {true, false}) {
    test::temp_dir dir;
    settings limits = fast_settings();
    if (!same_batch) limits.report_delay = 0ms;
    auto j = job{"files"}.step(
        partitioned{"work"}.split(three).retry(attempts{1}).each([&](partition_context& p) {
          const auto name = p.no() == 0 ? dir / "other" : dir / "same";
          std::ofstream{p.output_file(name)} << p.no();
        }));
    sim_cluster cluster{{j}, limits};
    cluster.add_node(1);
    auto run = cluster.submit("files");
    REQUIRE(cluster.finish(run));
    CHECK(cluster.state_of(run) == run_state::failed);
    CHECK_THAT(cluster.client().find_run(run)->error,
               Catch::Contains("1 of 3 partitions failed") && Catch::Contains("/same"));
    CHECK(test::read_file(dir / "other") == "0");
    CHECK(test::read_file(dir / "same") == "1");
    std::set<std::string> left;
    for (const auto& entry : std::filesystem::directory_iterator(dir / ""))
      left.insert(entry.path().filename());
    CHECK(left == std::set<std::string>{"other", "same"});
    CHECK(cluster.violations() == std::vector<std::string>{});
  }
}
