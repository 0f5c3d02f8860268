#include <catch2/catch.hpp>

#include <algorithm>
#include <numeric>

#include "apps/partita/bench/benchmarks.hpp"
#include "apps/partita/bench/work.hpp"
#include "apps/partita/errors.hpp"

using namespace partita;
using namespace partita::bench;

TEST_CASE("the work of a benchmark adds up to the same total, whatever its shape") {
  for (const auto* shape : {"uniform", "zipf", "giant"}) {
    const auto all = costs(shape, 1000, microseconds{5000});
    INFO(shape);
    CHECK(all.size() == 1000);
    const auto total = std::accumulate(all.begin(), all.end(), microseconds{0});
    CHECK(std::abs(total.count() - 5'000'000) <= 1000);
    CHECK(all == costs(shape, 1000, microseconds{5000}));
  }
  const auto giant = costs("giant", 1000, microseconds{5000});
  const auto largest = std::max_element(giant.begin(), giant.end())->count();
  CHECK(largest > 1'240'000);
  CHECK(largest < 1'260'000);
}

TEST_CASE("a spread names the middle, the tail and the end") {
  std::vector<double> values(100);
  std::iota(values.rbegin(), values.rend(), 1.0);
  CHECK(cli::dump(spread(values)) == R"({"p50":50.0,"p99":99.0,"max":100.0,"n":100})");
  CHECK(spread({}).is_null());
}

TEST_CASE("a benchmark that does not exist is refused, with the names of those that do") {
  CHECK(find_benchmark("pickup_latency").name == "pickup_latency");
  CHECK_THROWS_AS(find_benchmark("everything"), cli::command_error);
}
