#include "protocol/retry.hpp"

#include <catch2/catch.hpp>
#include <climits>
#include <cstdint>
#include <limits>

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

TEST_CASE("a rest is a time between 0 and a year, whatever a row holds") {
  using numbers = std::numeric_limits<double>;
  const double factor = GENERATE(0.0, -0.0, 1.0, -2.0, 1e308, numbers::infinity(),
                                 -numbers::infinity(), numbers::quiet_NaN(), numbers::denorm_min());
  const auto first = milliseconds{GENERATE(as<std::int64_t>{}, 0, 100, INT64_MIN, INT64_MAX)};
  const auto most = milliseconds{GENERATE(as<std::int64_t>{}, 0, 1000, INT64_MIN, INT64_MAX)};
  const int attempt = GENERATE(INT_MIN, 0, 1, 2, 5000, INT_MAX);
  INFO(factor << ", " << first.count() << " ms, " << most.count() << " ms, attempt " << attempt);
  const auto rest = backoff({10, first, factor, most}, attempt);
  CHECK(rest >= milliseconds{0});
  CHECK(rest <= std::clamp(most, milliseconds{0}, longest_backoff));
}

TEST_CASE("a factor that is no number is the longest rest, and no first delay is none") {
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(backoff({10, milliseconds{100}, nan, milliseconds{1000}}, 2) == milliseconds{1000});
  CHECK(backoff({10, milliseconds{100}, -2.0, milliseconds{1000}}, 2) == milliseconds{1000});
  CHECK(backoff({10, milliseconds{0}, 10.0, milliseconds{1000}}, 400) == milliseconds{0});
}

TEST_CASE("a try that was released is not used up, one that failed or was lost is") {
  CHECK(tries_used_up(1, true) == 0);
  CHECK(tries_used_up(3, true) == 2);
  CHECK(tries_used_up(3, false) == 3);
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
