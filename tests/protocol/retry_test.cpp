#include "protocol/retry.hpp"

#include <catch2/catch.hpp>

using namespace partita;

TEST_CASE("the rest grows with every failed try, up to its limit") {
  const retry_policy p{10, milliseconds{100}, 2.0, milliseconds{1000}};
  CHECK(backoff(p, 1) == milliseconds{100});
  CHECK(backoff(p, 2) == milliseconds{200});
  CHECK(backoff(p, 4) == milliseconds{800});
  CHECK(backoff(p, 5) == milliseconds{1000});
  CHECK(backoff(p, 5000) == milliseconds{1000});
}

TEST_CASE("a factor of one keeps the rest as it is") {
  const retry_policy p{10, milliseconds{100}, 1.0, milliseconds{1000}};
  CHECK(backoff(p, 9) == milliseconds{100});
}

TEST_CASE("jitter stays within a tenth") {
  CHECK(jittered(milliseconds{1000}, 0.0) == milliseconds{900});
  CHECK(jittered(milliseconds{1000}, 0.5) == milliseconds{1000});
  CHECK(jittered(milliseconds{1000}, 0.999999) <= milliseconds{1100});
}

TEST_CASE("a partition is tried until its tries are used up, or once") {
  retry_policy p;
  p.max_attempts = 3;
  CHECK(after_failure(p, true, 1) == attempt_outcome::retry);
  CHECK(after_failure(p, true, 2) == attempt_outcome::retry);
  CHECK(after_failure(p, true, 3) == attempt_outcome::failed);
  CHECK(after_failure(p, false, 1) == attempt_outcome::failed);
}
