#include "protocol/lease_width.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace partita;
using namespace std::chrono_literals;

namespace {

width_input input(std::int64_t remaining, int free, int executors, int cluster_free,
                  std::optional<microseconds> mean) {
  return {remaining, free, executors, cluster_free, mean, false};
}

}  // namespace

TEST_CASE("while nothing is measured a lease is one partition for each free executor") {
  CHECK(lease_width(input(1'000'000, 3, 4, 8, std::nullopt), {}) == 3);
}

TEST_CASE("what must not wait inside a lease gets one partition for each free executor") {
  auto in = input(1'000'000, 3, 4, 8, 10us);
  in.one_start = true;
  CHECK(lease_width(in, {}) == 3);
}

TEST_CASE("a lease holds as much work as the node does in the hold time") {
  CHECK(lease_width(input(1'000'000, 4, 4, 4, 10ms), {}) == 400);  // 4 executors, 1 s
}

TEST_CASE("a lease is at most a fair share of what remains") {
  CHECK(lease_width(input(800, 4, 4, 8, 1ms), {}) == 50);
  CHECK(lease_width(input(10, 4, 4, 8, 1ms), {}) == 4);  // but keeps free executors busy
}

TEST_CASE("what is done within the time of a claim is not shared out") {
  CHECK(lease_width(input(800, 4, 4, 8, 2us), {}) == 2000);  // 4 executors, 1 ms
}

TEST_CASE("a long partition gets a lease of its own") {
  CHECK(lease_width(input(1'000'000, 1, 1, 1, 60s), {}) == 1);
}

TEST_CASE("a lease is never empty and never wider than the limit, whatever is measured") {
  std::mt19937 random{11};
  const settings s;
  for (int round = 0; round < 2000; ++round) {
    auto n = [&](unsigned limit) { return static_cast<int>(random() % limit); };
    auto in = input(n(1'000'000), n(40), n(40), n(100), microseconds{n(1'000'000)});
    auto width = lease_width(in, s);
    CHECK(width >= 1);
    CHECK(width <= s.max_lease_width);
  }
}

TEST_CASE("the step that holds the fewest executors is served next, the oldest among equals") {
  std::vector<ready_step> ready{{step_id{5}, run_id{1}, 10, 3, 0},
                                {step_id{7}, run_id{2}, 10, 1, 0},
                                {step_id{6}, run_id{3}, 10, 1, 0}};
  CHECK(fairest(ready) == 2u);
  ready[2].remaining = 0;
  CHECK(fairest(ready) == 1u);
  CHECK_FALSE(fairest({}));
  CHECK_FALSE(fairest({{step_id{5}, run_id{1}, 0, 0, 0}}));
}
