#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/values.hpp"

// How long runs that have ended are kept. Runs that continue each other are a chain: it is purged
// as a whole, and as old as its last run.
namespace partita {

struct retention {
  milliseconds keep{0};  // since the last run of a chain ended
  /// A chain also stays until so many newer runs of its job have ended, and are not purged.
  int keep_last = 0;

  bool operator==(const retention&) const = default;
};

/// What is stored for a job; "": for all jobs that have none of their own.
struct retention_row {
  std::string job;
  retention what;
};

/// Which chains are to be purged.
struct purge_choice {
  std::string job;                  // "": of any
  std::vector<std::string> states;  // of the last run, as they are shown; none: any that is an end
  retention beyond;                 // those that are past it
};

/// What one step of the removal has done.
struct purge_progress {
  std::int64_t removed = 0;  // rows
  bool resting = false;      // nothing was done: the last step of anybody is too near
};

/// What a round of purging by what is stored has found.
struct purge_round {
  std::vector<run_id> purged;
  bool rows_wait = false;  // of runs that were purged, now or earlier
};

inline constexpr int highest_keep_last = 1'000'000;

}  // namespace partita
