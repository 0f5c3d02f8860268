#include "storage/postgres/witness.hpp"

#include <catch2/catch.hpp>

using namespace partita::postgres;

namespace {

server_sight primary(std::int64_t timeline) { return {false, "7001", timeline, true}; }

}  // namespace

TEST_CASE("a process that starts trusts any server") {
  const witness nothing_known;
  CHECK(nothing_known.judge(primary(1)) == server_verdict::trusted);
  CHECK_FALSE(nothing_known.knows_a_server());
}

TEST_CASE("after a promotion, the primary of before is not followed") {
  witness w;
  w.trust(primary(2));
  CHECK(w.judge(primary(1)) == server_verdict::older);
  CHECK(w.knows_newer(primary(1)));
  CHECK(w.judge(primary(2)) == server_verdict::trusted);
  CHECK(w.judge(primary(3)) == server_verdict::trusted);
  CHECK_FALSE(w.knows_newer(primary(2)));
}

TEST_CASE("timelines of another cluster, or of a server that tells none, are not compared") {
  witness w;
  w.trust(primary(2));
  auto other = primary(1);
  other.cluster = "7002";
  CHECK(w.judge(other) == server_verdict::trusted);
  CHECK(w.judge({false, "7001", 0, true}) == server_verdict::trusted);
}

TEST_CASE("a primary without what was acknowledged has lost history, a standby only lags") {
  witness w;
  w.trust(primary(1));
  auto lacks = primary(2);
  lacks.has_newest = false;
  CHECK(w.judge(lacks) == server_verdict::history_lost);
  lacks.standby = true;
  CHECK(w.judge(lacks) == server_verdict::trusted);
}

TEST_CASE("what was lost is forgotten, and nothing goes on before the process begins anew") {
  witness w;
  w.acknowledged({7, 1000});
  REQUIRE(w.newest());
  CHECK(w.newest()->id == 7);
  w.lose_history();
  CHECK_FALSE(w.newest());
  CHECK(w.losses() == 1);
  CHECK(w.history_is_lost());
  w.begin_anew();
  CHECK_FALSE(w.history_is_lost());
  CHECK(w.losses() == 1);
}
