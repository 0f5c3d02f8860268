#include "apps/partita/node_restarts.hpp"

#include <catch2/catch.hpp>

using namespace partita;
using namespace std::chrono_literals;
using partita::cli::node_restarts;

TEST_CASE("a local node that died is started again at once, then later and later, then never") {
  node_restarts restarts;
  CHECK(restarts.died(100ms, 0) == 0ms);
  CHECK(restarts.died(100ms, 0) == 250ms);
  CHECK(restarts.died(100ms, 0) == 500ms);
  for (int i = 3; i < node_restarts::most_in_a_row; ++i) CHECK(restarts.died(100ms, 0) <= 4000ms);
  CHECK_FALSE(restarts.died(100ms, 0));
}

TEST_CASE("a node that lived for long, or a run that goes on, starts the count anew") {
  node_restarts restarts;
  for (int i = 0; i < node_restarts::most_in_a_row; ++i) restarts.died(1ms, 0);
  CHECK(restarts.died(1ms, 1) == 0ms);
  for (int i = 1; i < node_restarts::most_in_a_row; ++i) restarts.died(1ms, 1);
  CHECK(restarts.died(10'000ms, 1) == 0ms);
}
