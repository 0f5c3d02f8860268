#include <catch2/catch.hpp>

#include <string_view>
#include <vector>

#include "batch/batch.hpp"
#include "tests/support/sim_cluster.hpp"

using namespace partita;
using namespace std::chrono_literals;
using partita::test::sim_cluster;

TEST_CASE("a node that removes rows goes on when the pause that it asked for is over") {
  const auto large =
      job{"large"}.step(partitioned{"work"}
                            .split([](split_context&) { return std::vector<partition>(4'000); })
                            .each([](partition_context&) {}));
  sim_cluster cluster{{large}};
  cluster.add_node();
  for (int i = 0; i < 5; ++i) REQUIRE(cluster.finish(cluster.submit("large")));
  // A slow piece asks for a long pause, the fast piece after it for a shorter one.
  REQUIRE(cluster.client().count_purging() == 0);
  int pieces = 0;
  cluster.before_verb([&](const verb& v) {
    if (std::string_view{v.name} == "purge_rows" && ++pieces == 1) cluster.work(20ms);
  });
  cluster.client().set_retention("", retention{1s, 0});
  REQUIRE(cluster.advance_until([&] { return pieces > 0; }, 180s));
  cluster.advance(10 * fast_settings().heartbeat);
  CHECK(cluster.client().count_purging() == 0);
  CHECK(cluster.violations().empty());
}
