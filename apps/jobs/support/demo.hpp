#pragma once

#include <cstdint>
#include <string>

#include "batch/errors.hpp"

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

}  // namespace partita
