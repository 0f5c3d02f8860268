#pragma once

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
};

struct waiting {
  obstacle what = obstacle::none;
  std::vector<int> versions{};  // unknown_version: those that nodes know
  int nodes = 0;                // not_adopted, no_slot: that know it
  int slots = 0;                // no_slot: of these nodes
  db_time until{};              // backoff
};

/// A node is taken to be at work unless it was silent for this long: where no other node is left to
/// judge it, its row says ACTIVE for ever.
constexpr milliseconds long_silence{30'000};

/// Why a run waits. `nodes` are all that are neither LEFT nor DEREGISTERED.
waiting why_waiting(const run_row& run, const run_standing& standing,
                    const std::vector<node_row>& nodes, db_time now);

}  // namespace partita
