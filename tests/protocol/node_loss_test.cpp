#include "protocol/node_loss.hpp"
#include "protocol/retry.hpp"

#include <catch2/catch.hpp>

using namespace partita;

TEST_CASE("a lost lease is a try: the partition goes on with that many used up") {
  CHECK(judge_loss(true, 1, 3, node_id{7}).requeue);
  CHECK(tries_used_up(1, false) == 1);
}

TEST_CASE("a partition whose last try was lost fails, and says so") {
  retry_policy retry;
  retry.max_attempts = 3;
  CHECK(judge_loss(true, 2, retry.max_attempts, node_id{7}).requeue);
  for (int attempt : {3, 4}) {
    auto verdict = judge_loss(true, attempt, retry.max_attempts, node_id{7});
    CHECK_FALSE(verdict.requeue);
    CHECK_THAT(verdict.reason, Catch::Contains("tried " + std::to_string(attempt) + " times"));
    CHECK_THAT(verdict.reason, Catch::Contains("node 7"));
  }
}

TEST_CASE("what may be started only once is never started again") {
  auto verdict = judge_loss(false, 1, 3, node_id{7});
  CHECK_FALSE(verdict.requeue);
  CHECK_THAT(verdict.reason, Catch::Contains("node 7"));
  CHECK_THAT(verdict.reason, Catch::Contains("only once"));
}
