#include "protocol/turns.hpp"

#include <catch2/catch.hpp>

#include <tuple>

using namespace partita;

TEST_CASE("in a small cluster it is always this node's turn") {
  turns small;
  for (int round = 0; round < 10; ++round) CHECK(small.mine(4, 4));
}

TEST_CASE("in a large cluster a node has its turn every ceil(nodes / share) rounds") {
  for (const auto& [nodes, share, every] : {std::tuple{5, 4, 2}, {512, 128, 4}, {513, 128, 5}}) {
    turns large;
    int taken = 0;
    for (int round = 1; round <= 20 * every; ++round) {
      const bool mine = large.mine(nodes, share);
      CHECK(mine == (round % every == 0));
      taken += mine;
    }
    CHECK(taken == 20);
  }
}

TEST_CASE("a cluster that has become small gives every node its turn at once") {
  turns shrinking;
  CHECK_FALSE(shrinking.mine(100, 4));
  CHECK(shrinking.mine(4, 4));
}
