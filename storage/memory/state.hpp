#pragma once

#include <map>
#include <mutex>
#include <utility>

#include "storage/clock.hpp"
#include "storage/memory/tables.hpp"

namespace partita::memory {

using partition_key = std::pair<step_id, partition_no>;
using attempt_key = std::pair<lease_id, partition_no>;

/// The tables by primary key, and the one lock over all of them: a verb holds it from its first
/// look to its last change, which makes it a transaction. REQUIRES of every verb: it checks first
/// and changes after, so that a verb that throws has changed nothing.
struct state {
  explicit state(wall_clock c) : clock(std::move(c)) {}

  std::mutex guard;
  const wall_clock clock;

  std::map<node_id, node_row> nodes;
  std::map<run_id, run_row> runs;
  std::map<step_id, step_record> steps;
  std::map<partition_key, partition_record> partitions;
  std::map<std::int64_t, ready_record> ready;
  std::map<lease_id, lease_record> leases;
  std::map<partition_key, result_record> results;
  std::map<partition_key, checkpoint_record> checkpoints;
  std::map<attempt_key, failure_row> failures;
  std::vector<event_row> events;
  std::int64_t last_ready_id = 0;  // rows of `ready` are deleted; no other table reuses ids
};

}  // namespace partita::memory
