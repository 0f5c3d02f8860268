#include "protocol/timeline_bins.hpp"

#include <catch2/catch.hpp>

using namespace partita;
using namespace std::chrono_literals;

namespace {

const db_time start{1000s};

struct placed_tile {
  std::chrono::seconds from, length;
  tile_sums sums;
};

placed_tile tile(std::chrono::seconds from, std::chrono::seconds length, microseconds busy,
                 std::int64_t completed = 1) {
  tile_sums sums;
  sums.completed = completed;
  sums.busy = busy;
  sums.slowest = busy;
  return {from, length, sums};
}

std::vector<node_bin> bins_of(const std::vector<placed_tile>& tiles, int slots,
                              const bin_layout& layout) {
  node_bins bins{layout};
  for (const auto& tile : tiles) bins.add({layout, start + tile.from, tile.length}, tile.sums);
  return bins.shown(slots);
}

}  // namespace

TEST_CASE("a bin is as busy as its executors were") {
  const auto bins = bins_of({tile(0s, 1s, 500ms), tile(2s, 1s, 2s, 7)}, 2, {start, 1s, 4});
  REQUIRE(bins.size() == 4);
  CHECK(bins[0].busy == Approx(0.25));
  CHECK(bins[1].is_empty());
  CHECK(bins[2].busy == Approx(1.0));
  CHECK(bins[2].completed == 7);
  CHECK(bins[2].slowest == 2s);
  CHECK(bins[3].is_empty());
}

TEST_CASE("what does not fit into the time of its tile was done before it") {
  const auto bins = bins_of({tile(3s, 1s, 2500ms)}, 1, {start, 1s, 4});
  CHECK(bins[0].busy == Approx(0.0));
  CHECK(bins[1].busy == Approx(0.5));
  CHECK(bins[2].busy == Approx(1.0));
  CHECK(bins[3].busy == Approx(1.0));
  CHECK(bins[3].completed == 1);
  CHECK(bins[2].completed == 0);
}

TEST_CASE("attempts that ended behind the last bin may have begun in it") {
  const auto bins = bins_of({tile(5s, 1s, 3500ms)}, 1, {start, 1s, 4});
  CHECK(bins[3].busy == Approx(1.0));
  CHECK(bins[2].busy == Approx(0.5));
  CHECK(bins[3].completed == 0);
}

TEST_CASE("a long tile is spread over the bins it lies in, and what lies before is not counted") {
  const auto bins = bins_of({tile(0s, 60s, 30s), tile(-70s, 60s, 60s)}, 1, {start, 10s, 6});
  for (const auto& bin : bins) CHECK(bin.busy == Approx(0.5));
  CHECK(bins[0].completed == 1);
  const auto cut = bins_of({tile(-5s, 10s, 10s)}, 1, {start, 1s, 10});
  CHECK(cut[4].busy == Approx(1.0));
  CHECK(cut[5].is_empty());
  CHECK(cut[0].completed == 0);
}
