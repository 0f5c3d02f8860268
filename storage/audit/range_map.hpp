#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "protocol/ranges.hpp"

namespace partita::audit {

/// What holds of which partitions, as disjoint ranges: a million partitions that share a value cost
/// one entry.
template <class Value>
class range_map {
 public:
  struct entry {
    range span;
    Value value;
  };

  bool empty() const { return entries_.empty(); }

  /// Whatever of `span` was there before is replaced.
  void put(range span, const Value& value) {
    take(span);
    auto next = entries_.emplace(span.lo, std::pair{span.hi, value}).first;
    if (next != entries_.begin()) next = joined(std::prev(next), next);
    if (auto after = std::next(next); after != entries_.end()) joined(next, after);
  }

  /// Removes `span`; returns what was there, ascending.
  std::vector<entry> take(range span) {
    std::vector<entry> taken;
    auto at = entries_.upper_bound(span.lo);
    if (at != entries_.begin() && std::prev(at)->second.first >= span.lo) --at;
    while (at != entries_.end() && at->first <= span.hi) {
      const auto lo = at->first;
      const auto [hi, value] = at->second;
      at = entries_.erase(at);
      if (lo < span.lo) entries_.emplace(lo, std::pair{span.lo - 1, value});
      if (hi > span.hi) at = entries_.emplace(span.hi + 1, std::pair{hi, value}).first;
      taken.push_back({{std::max(lo, span.lo), std::min(hi, span.hi)}, value});
    }
    return taken;
  }

  /// What is there of `span`, ascending.
  std::vector<entry> within(range span) const {
    std::vector<entry> found;
    auto at = entries_.upper_bound(span.lo);
    if (at != entries_.begin() && std::prev(at)->second.first >= span.lo) --at;
    for (; at != entries_.end() && at->first <= span.hi; ++at)
      found.push_back(
          {{std::max(at->first, span.lo), std::min(at->second.first, span.hi)}, at->second.second});
    return found;
  }

  bool touches(range span) const { return !within(span).empty(); }

  std::vector<entry> all() const {
    std::vector<entry> found;
    for (const auto& [lo, rest] : entries_) found.push_back({{lo, rest.first}, rest.second});
    return found;
  }

  std::int64_t size() const {
    std::int64_t sum = 0;
    for (const auto& [lo, rest] : entries_) sum += rest.first - lo + 1;
    return sum;
  }

  /// What is missing of `whole`, ascending.
  std::vector<range> gaps_in(range whole) const {
    std::vector<range> left;
    auto next = whole.lo;
    for (const auto& e : within(whole)) {
      if (e.span.lo > next) left.push_back({next, e.span.lo - 1});
      next = e.span.hi + 1;
    }
    if (next <= whole.hi) left.push_back({next, whole.hi});
    return left;
  }

 private:
  using container = std::map<partition_no, std::pair<partition_no, Value>>;

  /// Makes one entry of two neighbours that say the same; returns the one that holds the first.
  typename container::iterator joined(typename container::iterator a,
                                      typename container::iterator b) {
    if (a->second.first + 1 != b->first || !(a->second.second == b->second.second)) return b;
    a->second.first = b->second.first;
    entries_.erase(b);
    return a;
  }

  container entries_;  // by lo: hi and value
};

}  // namespace partita::audit
