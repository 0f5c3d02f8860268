#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "protocol/values.hpp"

namespace partita {

/// The longest backoff between two tries, whatever the policy says.
inline constexpr milliseconds longest_backoff = std::chrono::hours{24 * 365};

/// What is wrong with the policy an author wrote, as the end of a sentence about the step; empty
/// when it can work.
inline std::string flaw_of(const retry_policy& p) {
  if (p.max_attempts < 1) return "must allow at least one attempt";
  if (!std::isfinite(p.factor) || p.factor < 0)
    return "has a backoff factor that is not a number of 0 or more";
  if (p.first_delay < milliseconds{0} || p.max_delay < milliseconds{0})
    return "has a backoff of less than 0 ms";
  return {};
}

/// Backoff after `attempt` failed tries (1-based): first_delay * factor^(attempt-1), at most
/// max_delay. The policy comes from a row, which may hold anything: without a positive first delay
/// there is no backoff, and a result that is below 0 or no number counts as the longest backoff.
inline milliseconds backoff(const retry_policy& p, int attempt) {
  const auto most = std::clamp(p.max_delay, milliseconds{0}, longest_backoff);
  if (p.first_delay <= milliseconds{0}) return milliseconds{0};
  const auto grown = std::pow(p.factor, static_cast<double>(attempt) - 1);
  const auto exact = static_cast<double>(p.first_delay.count()) * grown;
  const auto below = exact >= 0 && exact < static_cast<double>(most.count());  // false for NaN
  return below ? milliseconds{static_cast<std::int64_t>(exact)} : most;
}

/// Spreads a wait over +-10 % so that nodes drift apart. `dice`: uniform in [0, 1).
inline milliseconds jittered(milliseconds wait, double dice) {
  return milliseconds{std::llround(static_cast<double>(wait.count()) * (0.9 + 0.2 * dice))};
}

/// The wait between two tries of many nodes at once that lost the same database: from half of it to
/// all of it, so that they do not come back together. `dice`: uniform in [0, 1).
inline milliseconds spread(milliseconds wait, double dice) {
  return milliseconds{std::llround(static_cast<double>(wait.count()) * (0.5 + 0.5 * dice))};
}

/// What becomes of an attempt that threw: a partition that may not be transferred is started at
/// most once, all others until their tries are used up.
inline attempt_outcome after_failure(const retry_policy& p, bool transferable, int attempt) {
  return transferable && attempt < p.max_attempts ? attempt_outcome::retry
                                                  : attempt_outcome::failed;
}

/// Tries that a partition has used up when it can be claimed again after try number `attempt`. One
/// that failed or was lost with its node counts; one that was released does not.
inline int tries_used_up(int attempt, bool released) { return released ? attempt - 1 : attempt; }

}  // namespace partita
