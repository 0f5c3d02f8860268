#include "protocol/timeline.hpp"

#include <catch2/catch.hpp>

using namespace partita;
using namespace std::chrono_literals;

TEST_CASE("tiles are a second, then ten, then a minute, and follow each other without a gap") {
  CHECK(tile_of(-5s) == 0s);
  CHECK(tile_of(0s) == 0s);
  CHECK(tile_of(999999us) == 0s);
  CHECK(tile_of(119s) == 119s);
  CHECK(tile_of(129s) == 120s);
  CHECK(tile_of(130s) == 130s);
  CHECK(tile_of(1319s) == 1310s);
  CHECK(tile_of(1379s) == 1320s);
  CHECK(tile_of(1380s) == 1380s);
  for (std::chrono::seconds at{0}; at < 3000s; at += 1s) {
    const auto tile = tile_of(at);
    CHECK(tile <= at);
    CHECK(at < tile + length_of_tile(tile));
    CHECK(tile_of(tile) == tile);
    CHECK(tile_of(tile + length_of_tile(tile)) == tile + length_of_tile(tile));
  }
}

TEST_CASE("what a report tells is one piece for each lease and second") {
  tile_pieces pieces;
  const auto tell = [&](std::int64_t lease, partition_no no, microseconds took, microseconds ago,
                        attempt_outcome how = attempt_outcome::completed) {
    attempt_report r;
    r.lease = lease_id{lease};
    r.no = no;
    r.took = took;
    r.ended_ago = ago;
    r.outcome = how;
    pieces.add(r);
  };
  tell(1, 0, 5ms, 100ms);
  tell(1, 1, 9ms, 1200ms, attempt_outcome::failed);
  tell(1, 2, 7ms, 900ms, attempt_outcome::retry);
  tell(2, 9, 0ms, 0ms);
  REQUIRE(pieces.all().size() == 3);
  CHECK(pieces.all()[0].sums == tile_sums{1, 0, 1, 12ms, 7ms, 2});
  CHECK(pieces.all()[1].sums == tile_sums{0, 1, 0, 9ms, 9ms, 1});
  CHECK(pieces.all()[2].sums == tile_sums{1, 0, 0, 0ms, 0ms, 9});
}
