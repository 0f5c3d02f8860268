#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "protocol/values.hpp"

namespace partita {

/// Rest before the try after `attempt` failed ones (1-based): first_delay * factor^(attempt-1), at
/// most max_delay.
inline milliseconds backoff(const retry_policy& p, int attempt) {
  auto exact = static_cast<double>(p.first_delay.count()) * std::pow(p.factor, attempt - 1);
  auto cap = static_cast<double>(p.max_delay.count());
  return milliseconds{static_cast<std::int64_t>(std::min(exact, cap))};
}

/// Spreads a wait over +-10 % so that nodes drift apart. `dice`: uniform in [0, 1).
inline milliseconds jittered(milliseconds wait, double dice) {
  return milliseconds{std::llround(static_cast<double>(wait.count()) * (0.9 + 0.2 * dice))};
}

/// What becomes of an attempt that threw: a partition that may not be transferred is started at
/// most once, all others until their tries are used up.
inline attempt_outcome after_failure(const retry_policy& p, bool transferable, int attempt) {
  return transferable && attempt < p.max_attempts ? attempt_outcome::retry
                                                  : attempt_outcome::failed;
}

}  // namespace partita
