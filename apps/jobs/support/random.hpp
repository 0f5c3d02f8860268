#pragma once

#include <cstddef>
#include <cstdint>

namespace partita {

/// SplitMix64 by Steele, Lea and Flood: the same numbers on every machine.
class random_numbers {
 public:
  explicit random_numbers(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15;
    auto mixed = state_;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
    return mixed ^ mixed >> 31;
  }
  /// 0 <= number < end.
  std::uint64_t below(std::uint64_t end) { return next() % end; }

  template <class List>
  const auto& one_of(const List& all) {
    return all[static_cast<std::size_t>(below(all.size()))];
  }

 private:
  std::uint64_t state_;
};

}  // namespace partita
