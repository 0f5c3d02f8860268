#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "protocol/ids.hpp"

namespace partita {

/// The partitions `lo..hi`, both included. Never empty: `lo <= hi`.
struct range {
  partition_no lo = 0;
  partition_no hi = 0;

  constexpr std::int64_t size() const { return hi - lo + 1; }
  constexpr bool contains(partition_no no) const { return lo <= no && no <= hi; }
  friend constexpr auto operator<=>(const range&, const range&) = default;
};

/// The first `width` partitions of `from` (all of it when it is shorter). REQUIRES: width >= 1.
constexpr range cut(range from, std::int64_t width) {
  return {from.lo, std::min(from.hi, from.lo + width - 1)};
}

/// What of `whole` is not in `taken`, in ascending order. `taken` may be unsorted, hold duplicates
/// and numbers outside of `whole`.
inline std::vector<range> gaps(range whole, std::vector<partition_no> taken) {
  std::sort(taken.begin(), taken.end());
  std::vector<range> left;
  auto next = whole.lo;
  for (auto no : taken) {
    if (no < next) continue;
    if (no > whole.hi) break;
    if (no > next) left.push_back({next, no - 1});
    next = no + 1;
  }
  if (next <= whole.hi) left.push_back({next, whole.hi});
  return left;
}

/// The fewest ranges that cover exactly these numbers, in ascending order.
inline std::vector<range> coalesce(std::vector<partition_no> numbers) {
  std::sort(numbers.begin(), numbers.end());
  std::vector<range> covering;
  for (auto no : numbers) {
    if (!covering.empty() && no <= covering.back().hi + 1)
      covering.back().hi = std::max(covering.back().hi, no);
    else
      covering.push_back({no, no});
  }
  return covering;
}

/// The first `most` partitions of ascending, disjoint ranges.
inline std::vector<range> first_of(std::span<const range> ranges, std::int64_t most) {
  std::vector<range> first;
  for (const auto& r : ranges) {
    if (most <= 0) break;
    first.push_back(cut(r, most));
    most -= first.back().size();
  }
  return first;
}

inline std::int64_t total_size(std::span<const range> ranges) {
  std::int64_t sum = 0;
  for (const auto& r : ranges) sum += r.size();
  return sum;
}

}  // namespace partita
