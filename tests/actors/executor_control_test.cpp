#include "actors/executor_control.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <memory>
#include <thread>

using namespace partita;

TEST_CASE("a request to stop reaches the batches of its lease and no other") {
  executor_control control;
  control.expect(lease_id{1});
  control.expect(lease_id{2});
  control.interrupt(lease_id{2});
  CHECK_FALSE(control.begin().stop_requested());
  control.end();
  CHECK(control.begin().stop_requested());  // asked before it began
  control.end();
  control.expect(lease_id{3});
  auto stop = control.begin();
  control.interrupt();
  CHECK(stop.stop_requested());
}

TEST_CASE("progress is that of the partition in execution, and of none between two") {
  executor_control control;
  CHECK_FALSE(control.now());
  control.expect(lease_id{1});
  control.begin();
  CHECK_FALSE(control.now());
  auto cell = std::make_shared<progress_cell>();
  control.begin_partition(7, cell);
  cell->done = 3;
  REQUIRE(control.now());
  CHECK(control.now()->lease == lease_id{1});
  CHECK(control.now()->no == 7);
  CHECK(control.now()->progress->done == 3);
  control.end();
  CHECK_FALSE(control.now());
}

TEST_CASE("claimer, node and executor share it without a race") {
  constexpr int batches = 2'000;
  executor_control control;
  std::atomic<int> expected{0}, begun{0};
  std::atomic<bool> wrong{false};

  std::thread claimer{[&] {  // one batch ahead; asks each to stop
    for (int i = 1; i <= batches; ++i) {
      control.expect(lease_id{i});
      expected = i;
      while (begun < i) std::this_thread::yield();
      control.interrupt(lease_id{i});
    }
  }};
  std::thread executor{[&] {
    for (int i = 1; i <= batches; ++i) {
      while (expected < i) std::this_thread::yield();
      auto stop = control.begin();
      auto cell = std::make_shared<progress_cell>();
      control.begin_partition(i, cell);
      begun = i;
      while (!stop.stop_requested()) ++cell->done;
      control.end();
    }
  }};
  std::thread node{[&] {
    while (begun < batches) {
      if (const auto now = control.now(); now && now->no != now->lease.value) wrong = true;
      control.interrupt();
    }
  }};
  claimer.join();
  executor.join();
  node.join();
  CHECK_FALSE(wrong);
  CHECK_FALSE(control.now());
}

namespace {

mono_time at(std::chrono::milliseconds time) { return mono_time{time}; }

}  // namespace

TEST_CASE("the timeout of an attempt asks it to stop, and no other of its batch") {
  using namespace std::chrono_literals;
  executor_control control;
  control.expect(lease_id{1});
  const auto batch = control.begin();
  auto first = control.begin_partition(1, std::make_shared<progress_cell>(), at(0ms), 100ms);
  control.watch(at(99ms), 1s);
  CHECK_FALSE(first.stop_requested());
  control.watch(at(100ms), 1s);
  CHECK(first.stop_requested());
  CHECK_FALSE(batch.stop_requested());
  CHECK(control.end_partition());
  auto second = control.begin_partition(2, std::make_shared<progress_cell>(), at(150ms), 100ms);
  control.watch(at(249ms), 1s);
  CHECK_FALSE(second.stop_requested());
  CHECK_FALSE(control.end_partition());
}

TEST_CASE("a body that goes on after it was asked to stop is told of once, after the grace") {
  using namespace std::chrono_literals;
  executor_control control;
  control.expect(lease_id{1});
  control.begin();
  auto stop = control.begin_partition(7, std::make_shared<progress_cell>(), at(0ms));
  CHECK_FALSE(control.watch(at(10s), 1s));
  control.interrupt(lease_id{1});
  CHECK(stop.stop_requested());
  CHECK_FALSE(control.watch(at(11s), 1s));
  CHECK_FALSE(control.stuck());
  const auto stuck = control.watch(at(12s), 1s);
  REQUIRE(stuck);
  CHECK(stuck->what.no == 7);
  CHECK(stuck->ran == 12s);
  CHECK_FALSE(stuck->timed_out);
  CHECK_FALSE(control.watch(at(13s), 1s));
  CHECK(control.stuck());
  CHECK_FALSE(control.end_partition());
  CHECK_FALSE(control.stuck());
  CHECK_FALSE(control.watch(at(14s), 1s));
  CHECK(control.busy());
  control.end();
  CHECK_FALSE(control.busy());
}

TEST_CASE("of several executors, those are counted whose body does not stop") {
  using namespace std::chrono_literals;
  controls executors;
  for (int i = 0; i < 3; ++i) {
    executors.push_back(std::make_shared<executor_control>());
    executors.back()->expect(lease_id{1});
    executors.back()->begin();
    executors.back()->begin_partition(i, std::make_shared<progress_cell>(), at(0ms));
  }
  executors[0]->interrupt();
  executors[2]->interrupt();
  for (auto now : {0s, 2s})
    for (const auto& e : executors) e->watch(at(now), 1s);
  CHECK(stuck_among(executors) == 2);
  executors[0]->end_partition();
  executors[0]->begin_partition(3, std::make_shared<progress_cell>(), at(2s));
  CHECK(stuck_among(executors) == 1);
}
