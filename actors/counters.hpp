#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

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
template <const auto& Bounds>
class duration_histogram {
 public:
  /// Upper bounds of the buckets; what lasts longer than the last goes into one more.
  static constexpr const auto& bounds = Bounds;

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

/// Of calls of the database.
inline constexpr std::array<microseconds, 11> call_bounds{
    microseconds{1'000},   microseconds{2'500},     microseconds{5'000},    microseconds{10'000},
    microseconds{25'000},  microseconds{50'000},    microseconds{100'000},  microseconds{250'000},
    microseconds{500'000}, microseconds{1'000'000}, microseconds{2'500'000}};
using histogram = duration_histogram<call_bounds>;

/// Of chunks.
inline constexpr std::array<microseconds, 12> chunk_bounds{
    microseconds{5'000},     microseconds{10'000},     microseconds{25'000},
    microseconds{50'000},    microseconds{100'000},    microseconds{250'000},
    microseconds{500'000},   microseconds{1'000'000},  microseconds{2'500'000},
    microseconds{5'000'000}, std::chrono::seconds{10}, std::chrono::seconds{30}};
using chunk_histogram = duration_histogram<chunk_bounds>;

/// Of partitions and runs.
inline constexpr std::array<microseconds, 10> work_bounds{
    std::chrono::milliseconds{100}, std::chrono::milliseconds{500}, std::chrono::seconds{1},
    std::chrono::seconds{5},        std::chrono::seconds{15},       std::chrono::seconds{60},
    std::chrono::seconds{300},      std::chrono::seconds{900},      std::chrono::seconds{3600},
    std::chrono::seconds{14400}};
using work_histogram = duration_histogram<work_bounds>;

/// What executors have done of one step of a job.
struct step_counters {
  work_histogram completed;
  work_histogram failed;
  work_histogram returned;  // to be tried again
  counter read, written, filtered, skipped;
  chunk_histogram chunks;  // how long their transactions took

  void add(const attempt_report& attempt) {
    (attempt.outcome == attempt_outcome::completed ? completed
     : attempt.outcome == attempt_outcome::failed  ? failed
                                                   : returned)
        .add(attempt.took);
    read.add(attempt.counts.read);
    written.add(attempt.counts.written);
    filtered.add(attempt.counts.filtered);
    skipped.add(attempt.counts.skipped);
  }
};

/// One of these for each name, made when it is first asked for. They stay where they are.
template <class Key, class Counters>
class counters_by {
 public:
  Counters& of(const Key& key) {
    std::lock_guard lock{guard_};
    auto& found = all_[key];
    if (!found) found = std::make_unique<Counters>();
    return *found;
  }

  template <class Visit>
  void each(Visit visit) const {
    std::lock_guard lock{guard_};
    for (const auto& [key, one] : all_) visit(key, *one);
  }

 private:
  mutable std::mutex guard_;
  std::map<Key, std::unique_ptr<Counters>> all_;
};

/// When something happened last. Any thread.
class moment {
 public:
  void set(mono_time at) { at_.store(at, std::memory_order_relaxed); }
  mono_time last() const { return at_.load(std::memory_order_relaxed); }  // {}: never

 private:
  std::atomic<mono_time> at_{};
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
  counter draining;         // above 0: it takes no new work
  counter runs_purged;      // they were past what is kept
  counter rows_purged;      // of purged runs
  counter files_removed;    // of purged runs
  counter files_left;       // of purged runs: they could not be removed
  counter ticks_fired;      // of its schedules: each started a run
  counter ticks_missed;     // these did not
  moment ticks_pass;        // the last heartbeat told of one that was due and not fired; {}: none
  moment ticked;            // the node's actor
  moment renewed;           // the heartbeat that was answered last was sent then
  // How long the database took, of calls that were answered.
  histogram renewals;
  histogram looks;
  histogram claims;
  histogram reports;
  work_histogram schedule_lag;  // from the first due tick of a look to its run
  counter sessions;             // that are open now, of its actors
  counter sessions_in_use;      // of these: somebody calls the database
  counters_by<std::pair<std::string, std::string>, step_counters> steps;  // by job and step
  counters_by<std::pair<std::string, run_state>, work_histogram> runs;  // it was master of, by job
};

}  // namespace partita
