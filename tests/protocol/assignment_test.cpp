#include "protocol/assignment.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>

using namespace partita;

namespace {

const std::vector<live_node> three{{node_id{1}, 2, 0}, {node_id{2}, 2, 1}, {node_id{3}, 4, 0}};

std::map<node_id, std::int64_t> dealt(const std::vector<ready_range>& ranges) {
  std::map<node_id, std::int64_t> sums;
  for (const auto& r : ranges) sums[r.node] += r.span.size();
  return sums;
}

}  // namespace

TEST_CASE("shared partitions wait as one range for anybody") {
  CHECK(assign(shared{}, 100, three) == std::vector<ready_range>{{{0, 99}, {}, 0}});
}

TEST_CASE("shared partitions of a large cluster wait as one range for every eight nodes") {
  std::vector<live_node> many(17, live_node{node_id{1}, 1, 0});
  CHECK(assign(shared{}, 10, many) ==
        std::vector<ready_range>{{{0, 3}, {}, 0}, {{4, 7}, {}, 0}, {{8, 9}, {}, 0}});
  CHECK(assign(shared{}, 2, many).size() == 2);
  CHECK(assign(shared{}, 10, many, 1).size() == 1);
}

TEST_CASE("without live nodes everything is shared; without partitions there is nothing") {
  for (const assignment& how : {assignment{shared{}}, assignment{round_robin{}},
                                assignment{fixed_node_count{2}}, assignment{least_loaded{}}}) {
    CHECK(assign(how, 5, {}) == std::vector<ready_range>{{{0, 4}, {}, 0}});
    CHECK(assign(how, 0, three).empty());
  }
}

TEST_CASE("round robin deals in turn") {
  auto ranges = assign(round_robin{}, 7, three);
  CHECK(ranges.size() == 7);
  CHECK(ranges[3] == ready_range{{3, 3}, node_id{1}, 0});
  CHECK(dealt(ranges) ==
        std::map<node_id, std::int64_t>{{node_id{1}, 3}, {node_id{2}, 2}, {node_id{3}, 2}});
}

TEST_CASE("a fixed number of nodes means the least loaded ones") {
  CHECK(dealt(assign(fixed_node_count{2}, 10, three)) ==
        std::map<node_id, std::int64_t>{{node_id{1}, 5}, {node_id{3}, 5}});
  CHECK(dealt(assign(fixed_node_count{0}, 10, three)).size() == 1);
  CHECK(dealt(assign(fixed_node_count{99}, 9, three)).size() == 3);
}

TEST_CASE("the lightest node per slot gets the next partition") {
  // Loads 0/2, 1/2, 0/4: after seven partitions all nodes are as full as can be.
  CHECK(dealt(assign(least_loaded{}, 7, three)) ==
        std::map<node_id, std::int64_t>{{node_id{1}, 2}, {node_id{2}, 1}, {node_id{3}, 4}});
}

TEST_CASE("dealing to one node makes one range") {
  const std::vector<live_node> one{{node_id{9}, 1, 0}};
  CHECK(assign(round_robin{}, 50, one) == std::vector<ready_range>{{{0, 49}, node_id{9}, 0}});
}

TEST_CASE("ranges cover every partition once, in order, and never are too many") {
  std::mt19937 random{3};
  for (int round = 0; round < 300; ++round) {
    std::vector<live_node> nodes;
    for (auto n = random() % 6; n > 0; --n)
      nodes.push_back({node_id{static_cast<std::int64_t>(n)}, static_cast<int>(random() % 5),
                       static_cast<int>(random() % 5)});
    auto count = static_cast<std::int64_t>(random() % 5000);
    auto limit = static_cast<std::size_t>(1 + random() % 50);
    for (const assignment& how : {assignment{shared{}}, assignment{round_robin{}},
                                  assignment{fixed_node_count{2}}, assignment{least_loaded{}}}) {
      auto ranges = assign(how, count, nodes, limit);
      CHECK(ranges.size() <= limit);
      partition_no next = 0;
      for (const auto& r : ranges) {
        CHECK(r.span.lo == next);
        CHECK(r.attempt == 0);
        next = r.span.hi + 1;
      }
      CHECK(next == count);
    }
  }
}
