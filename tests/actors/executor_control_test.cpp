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
