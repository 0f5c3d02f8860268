#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "protocol/listings.hpp"

namespace partita::cli {

/// Finds what is appended to the event log, once each. Ids are given before their transactions
/// commit: events with lower ids appear later. So each look reads the last `near` ids again, and
/// now and then one reads the last `far`. An event is missed if more than `far` ids were given
/// before its transaction committed.
class event_follower {
 public:
  static constexpr std::int64_t near = 1'000;
  static constexpr std::int64_t far = 100'000;
  static constexpr std::chrono::seconds far_every{20};
  static constexpr int page = 1'000;

  /// Events behind an id, ascending, at most so many.
  using fetch_function = std::function<std::vector<event_row>(std::int64_t after, int limit)>;

  /// Of what comes behind `floor`.
  event_follower(std::int64_t floor, fetch_function fetch)
      : floor_(floor), fetch_(std::move(fetch)) {}

  /// Those of these that were not returned before.
  std::vector<event_row> fresh(const std::vector<event_row>& rows);

  /// Reads page by page what may have come since the last look, and gives it to `take`.
  /// `to_the_end`: as far back as it ever looks, because there will be no further look.
  void look(mono_time now, bool to_the_end,
            const std::function<void(const std::vector<event_row>&)>& take);

 private:
  const std::int64_t floor_;
  const fetch_function fetch_;
  std::set<std::int64_t> seen_;  // as far back as it looks
  mono_time far_at_{};
};

}  // namespace partita::cli
