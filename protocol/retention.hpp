#pragma once

#include <cstdint>
#include <limits>
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

/// How far somebody has come with the files of purged runs: the newest run first, and of each by
/// step and partition. It begins before all of them.
struct purged_files_cursor {
  run_id run{std::numeric_limits<std::int64_t>::max()};
  step_id step{};
  partition_no no = -1;

  /// Behind all of this run.
  static purged_files_cursor behind(run_id ended) { return {run_id{ended.value - 1}}; }
};

/// The files of a result of a purged run.
struct purged_result {
  run_id run;
  json_text files;  // as they are stored (batch/output_files.hpp)
};

/// A piece of what purged runs have published.
struct purged_files {
  std::vector<purged_result> results;
  std::vector<run_id> ended;  // of these no more comes
  purged_files_cursor next;   // behind them
  bool resting = false;       // nothing was read: the last step of anybody is too near

  /// Behind the cursor is nothing.
  bool none() const { return results.empty() && ended.empty() && !resting; }
};

/// What a round of purging by what is stored has found.
struct purge_round {
  std::vector<run_id> purged;
  bool rows_wait = false;  // of runs that were purged, now or earlier
};

inline constexpr int highest_keep_last = 1'000'000;

}  // namespace partita
