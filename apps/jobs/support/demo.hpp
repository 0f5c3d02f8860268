#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

#include "batch/errors.hpp"
#include "batch/partition_context.hpp"

namespace partita {

// What the example jobs share.

inline constexpr std::int64_t most_partitions = 1'000'000;
inline constexpr std::int64_t most_delay_ms = 86'400'000;  // a day

/// Returns the value, or refuses it in a sentence.
inline std::int64_t in_range(const std::string& name, std::int64_t value, std::int64_t least,
                             std::int64_t most) {
  if (value >= least && value <= most) return value;
  throw permanent_error("parameter " + name + " is " + std::to_string(value) +
                        "; it must be between " + std::to_string(least) + " and " +
                        std::to_string(most));
}

/// Waits, as if there were work to do: for watching a cluster. A stop ends the wait at once, with
/// stop_requested_error.
inline void pause(partition_context& p, std::chrono::milliseconds rest) {
  if (rest <= std::chrono::milliseconds::zero()) return;
  std::mutex mutex;
  std::condition_variable_any nothing;
  std::unique_lock lock{mutex};
  nothing.wait_for(lock, p.stop_token(), rest, [] { return false; });
  p.stop_if_requested();
}

}  // namespace partita
