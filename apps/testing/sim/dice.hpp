#pragma once

#include <cstdint>

namespace partita::sim {

/// SplitMix64: the same numbers from the same seed with every compiler and library.
class dice {
 public:
  explicit dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    auto z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  /// Uniform in lo..hi.
  std::int64_t between(std::int64_t lo, std::int64_t hi) {
    return lo + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(hi - lo + 1));
  }
  /// Small values often, large ones sometimes: uniform in the number of bits.
  std::int64_t skewed(std::int64_t lo, std::int64_t hi) {
    auto width = hi - lo;
    while (width > 0 && next() % 2 == 0) width /= 2;
    return between(lo, lo + width);
  }
  bool hits(int of_10000) { return static_cast<int>(next() % 10'000) < of_10000; }

 private:
  std::uint64_t state_;
};

/// A number that depends on all of these and on nothing else.
template <class... Ts>
std::uint64_t mix(std::uint64_t seed, Ts... parts) {
  ((seed = dice{seed ^ (static_cast<std::uint64_t>(parts) * 0xff51afd7ed558ccd)}.next()), ...);
  return seed;
}

}  // namespace partita::sim
