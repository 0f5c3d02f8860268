#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "protocol/liveness.hpp"

namespace partita {

/// Counts events. Any thread.
class counter {
 public:
  void add(std::int64_t more = 1) { value_.fetch_add(more, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Counts durations in buckets. Any thread.
class histogram {
 public:
  /// Upper bounds of the buckets; what lasts longer than the last goes into one more.
  static constexpr std::array<microseconds, 11> bounds{
      microseconds{1'000},   microseconds{2'500},     microseconds{5'000},    microseconds{10'000},
      microseconds{25'000},  microseconds{50'000},    microseconds{100'000},  microseconds{250'000},
      microseconds{500'000}, microseconds{1'000'000}, microseconds{2'500'000}};

  void add(microseconds lasted) {
    std::size_t bucket = 0;
    while (bucket < bounds.size() && lasted > bounds[bucket]) ++bucket;
    buckets_[bucket].add();
    sum_us_.add(lasted.count());
  }

  /// How many lasted no longer than the bound of this bucket, and longer than that of the one
  /// before.
  std::int64_t in_bucket(std::size_t bucket) const { return buckets_[bucket].value(); }
  std::int64_t count() const {
    std::int64_t all = 0;
    for (const auto& bucket : buckets_) all += bucket.value();
    return all;
  }
  microseconds sum() const { return microseconds{sum_us_.value()}; }

 private:
  std::array<counter, bounds.size() + 1> buckets_;
  counter sum_us_;
};

/// What the actors of a node have done since it started. Each actor adds to it where it acts; who
/// shows figures (benchmarks, an endpoint for metrics) reads them here.
struct node_counters {
  counter claims_won;       // a lease was granted
  counter claims_lost;      // partitions were ready when the node looked, and others took them
  counter looks_empty;      // the node looked for work and saw none
  counter renewals_failed;  // no answer, or refused
  counter results;          // recorded, one for each attempt
  counter results_refused;  // they came after their lease was lost
  counter sweeps;           // transactions that judged another node
  // How long the database took, of calls that were answered.
  histogram renewals;
  histogram looks;
  histogram claims;
  histogram reports;
};

}  // namespace partita
