#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/listings.hpp"

namespace partita {

/// What keeps a live run from moving.
enum class obstacle {
  none,             // it moves, or will at the next looks of master and nodes; or it has ended
  no_node,          // no node is at work
  unknown_job,      // no node that is at work knows the job
  unknown_version,  // none knows this version of it
  not_adopted,      // nodes know it, and none has become its master yet
  no_slot,          // all executors of the nodes that know it are busy with other runs
  backoff,          // what is left waits for its next try
  paused,           // somebody has paused it
  job_paused,       // or its job
  queued,           // as many runs of its job are RUNNING as may be
  no_tag,           // no node that is at work and knows the job has the tags of its steps
  limit_reached,    // under a limit of its steps as much is in execution as may be
};

struct waiting {
  obstacle what = obstacle::none;
  std::vector<int> versions{};  // unknown_version: those that nodes know
  int nodes = 0;                // not_adopted, no_slot: that know it
  int slots = 0;                // no_slot: of these nodes; limit_reached: of the limit
  db_time until{};              // backoff
  std::string name{};           // no_tag, limit_reached: of which
};

/// A node is taken to be at work unless it was silent for this long: where no other node is left to
/// judge it, its row says ACTIVE for ever.
constexpr milliseconds long_silence{30'000};

/// What a run waits for by its row and the nodes. `nodes` are all that are neither LEFT nor
/// DEREGISTERED.
waiting why_waiting(const run_row& run, const run_standing& standing,
                    const std::vector<node_row>& nodes, db_time now);

/// The same of a run for which why_waiting finds nothing, or no master, by its RUNNING steps and
/// the limits of the cluster. `running` and `max_runs` are of its job.
waiting why_held_back(const run_row& run, const std::vector<step_row>& steps,
                      const std::vector<node_row>& nodes, const std::vector<limit_row>& limits,
                      std::int64_t running, int max_runs);

}  // namespace partita
