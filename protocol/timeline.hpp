#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "protocol/values.hpp"

// When the partitions of a run were executed, so coarse that it can be drawn: the attempts that
// ended on a node within a stretch of time are one tile. Tiles are written with the reports.
namespace partita {

/// Tiles get longer as a step gets older, for then it is looked at as a whole.
struct tile_length {
  std::chrono::seconds from;  // after the step began
  std::chrono::seconds length;
};
inline constexpr tile_length tile_lengths[] = {
    {std::chrono::seconds{0}, std::chrono::seconds{1}},
    {std::chrono::seconds{120}, std::chrono::seconds{10}},
    {std::chrono::seconds{1320}, std::chrono::seconds{60}}};

/// Where the tile begins in which an attempt ended that ended so long after its step began.
constexpr std::chrono::seconds tile_of(microseconds age) {
  const auto whole =
      std::max(std::chrono::floor<std::chrono::seconds>(age), std::chrono::seconds{0});
  auto of = tile_lengths[0];
  for (const auto& next : tile_lengths)
    if (whole >= next.from) of = next;
  return of.from + (whole - of.from) / of.length * of.length;
}

/// How long the tile is that begins there.
constexpr std::chrono::seconds length_of_tile(std::chrono::seconds begins) {
  auto length = tile_lengths[0].length;
  for (const auto& next : tile_lengths)
    if (begins >= next.from) length = next.length;
  return length;
}

/// What the attempts of a node at partitions of a step came to that ended in one stretch of time.
struct tile_sums {
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::int64_t returned = 0;  // to be tried again
  microseconds busy{0};       // what they took, together
  microseconds slowest{0};    // what one of them took at most
  partition_no slowest_no = 0;

  void add(const attempt_report& attempt) {
    ++(attempt.outcome == attempt_outcome::completed ? completed
       : attempt.outcome == attempt_outcome::failed  ? failed
                                                     : returned);
    busy += attempt.took;
    if (attempt.took > slowest || (completed + failed + returned == 1)) {
      slowest = attempt.took;
      slowest_no = attempt.no;
    }
  }

  void add(const tile_sums& more) {
    if (more.slowest > slowest || completed + failed + returned == 0) {
      slowest = more.slowest;
      slowest_no = more.slowest_no;
    }
    completed += more.completed;
    failed += more.failed;
    returned += more.returned;
    busy += more.busy;
  }

  friend bool operator==(const tile_sums&, const tile_sums&) = default;
};

/// A stored tile.
struct tile_row {
  step_id step;
  std::chrono::seconds begins{0};  // after the step began
  node_id node;
  tile_sums sums;
  lease_id first_lease;  // its attempts were made under leases from this one
  lease_id last_lease;   // to this one
};

/// The attempts under one lease that a report tells of, and that ended within the same second.
struct tile_piece {
  lease_id lease;
  microseconds ended_ago{0};
  tile_sums sums;
};

/// Attempts by lease and second. REQUIRES: those of a lease come one after the other.
class tile_pieces {
 public:
  void add(const attempt_report& attempt) {
    const auto second = std::chrono::floor<std::chrono::seconds>(attempt.ended_ago);
    for (auto piece = all_.rbegin(); piece != all_.rend() && piece->lease == attempt.lease; ++piece)
      if (std::chrono::floor<std::chrono::seconds>(piece->ended_ago) == second)
        return piece->sums.add(attempt);
    all_.push_back({attempt.lease, attempt.ended_ago, {}});
    all_.back().sums.add(attempt);
  }

  const std::vector<tile_piece>& all() const { return all_; }

 private:
  std::vector<tile_piece> all_;
};

}  // namespace partita
