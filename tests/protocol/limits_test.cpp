#include <catch2/catch.hpp>

#include <limits>
#include <map>
#include <random>

#include "protocol/limits.hpp"

using namespace partita;

namespace {

const step_id step{1};
const node_id me{1}, other{2}, third{3};
constexpr auto any_number = std::numeric_limits<std::int64_t>::max();

limit_use use(int slots, node_id node = {}, std::int64_t unended = 0, int executors = 0,
              std::string limit = "api") {
  return {step, std::move(limit), slots, node, unended, executors};
}

std::int64_t room(int executors, std::vector<limit_use> uses) {
  return room_for(step, me, executors, uses);
}

}  // namespace

TEST_CASE("without limits there is room for any number") { CHECK(room(4, {}) == any_number); }

TEST_CASE("a node whose executors are within the limit may lease any number") {
  CHECK(room(4, {use(4)}) == any_number);
  CHECK(room(4, {use(7, other, 3, 8)}) == any_number);
  CHECK(room(4, {use(6, me, 50, 4), use(6, other, 2, 8)}) == any_number);
}

TEST_CASE("a node with more executors than are left leases no more than that") {
  CHECK(room(4, {use(3)}) == 3);
  CHECK(room(4, {use(3, me, 2, 4)}) == 1);
  CHECK(room(4, {use(3, me, 3, 4)}) == 0);
  CHECK(room(4, {use(6, other, 3, 8)}) == 3);
  CHECK(room(4, {use(0)}) == 0);
}

TEST_CASE("a node executes no more of what it has leased than it has executors") {
  CHECK(room(4, {use(5, other, 1000, 2)}) == 3);
  CHECK(room(4, {use(5, other, 1000, 2), use(5, third, 1, 8)}) == 2);
}

TEST_CASE("where a limit was made lower there is room again only when enough has ended") {
  CHECK(room(4, {use(2, other, 5, 8)}) == 0);
  CHECK(room(4, {use(2, me, 5, 4)}) == 0);
}

TEST_CASE("of several limits the one that leaves least counts") {
  CHECK(room(8, {use(5, {}, 0, 0, "api"), use(2, {}, 0, 0, "disk")}) == 2);
  CHECK(room(8, {use(5, {}, 0, 0, ""), use(20, {}, 0, 0, "disk")}) == 5);
}

TEST_CASE("whoever claims what there is room for, no limit is passed") {
  std::mt19937 random{7};
  const auto draw = [&](int lo, int hi) { return std::uniform_int_distribution{lo, hi}(random); };
  for (int round = 0; round < 2000; ++round) {
    const int slots = draw(0, 12);
    std::map<node_id, std::pair<std::int64_t, int>> nodes;  // unended, executors
    for (int n = 1; n <= draw(1, 5); ++n) nodes[node_id{n}] = {0, draw(1, 6)};
    for (int turn = 0; turn < 30; ++turn) {
      std::vector<limit_use> uses{use(slots)};
      for (const auto& [id, has] : nodes)
        if (has.first > 0) uses.push_back(use(slots, id, has.first, has.second));
      auto& [id, has] = *std::next(nodes.begin(), draw(0, static_cast<int>(nodes.size()) - 1));
      if (draw(0, 2) == 0)
        has.first = std::max<std::int64_t>(0, has.first - draw(1, 3));
      else
        has.first += std::min<std::int64_t>(draw(1, 20), room_for(step, id, has.second, uses));
      std::int64_t at_once = 0;
      for (const auto& [node, held] : nodes) at_once += in_execution(held.first, held.second);
      REQUIRE(at_once <= slots);
    }
  }
}

TEST_CASE("steps without room are left out of what a node may claim") {
  ready_step open{step_id{7}, run_id{1}, 10};
  ready_step full{step, run_id{1}, 10};
  full.limited = true;
  const std::vector<limit_use> uses{use(1, other, 1, 4)};
  const auto left = with_room({open, full}, me, 4, uses);
  REQUIRE(left.size() == 1);
  CHECK(left.front().step == open.step);
}
