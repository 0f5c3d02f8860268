#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "storage/audit/audit.hpp"
#include "storage/audit/range_map.hpp"
#include "storage/audit/world.hpp"

namespace partita::audit {

// The state of the database as the event log tells it.

struct told_run {
  run_state state = run_state::created;
  node_id master;
  partita::term term;
  stop_mode stop = stop_mode::none;
  run_id restart_of;
};

struct told_result {
  lease_id lease;
  bool completed = true;
  friend bool operator==(const told_result&, const told_result&) = default;
};

struct told_step {
  run_id run;
  std::int64_t ordinal = 0;
  std::string kind;
  bool streamed = false;
  step_state state = step_state::running;
  std::int64_t count = 0;
  bool sealed = false;
  bool continued = false;  // copied by `restart`
  std::int64_t carried = 0;
  std::int64_t live_leases = 0;
  range_map<int> ready;            // tries used up
  range_map<told_result> results;  // carried ones too
};

/// Its times are not told.
struct told_lease : lease_record {
  range_map<attempt_outcome> reported;
};

struct told {
  std::map<node_id, node_state> nodes;
  std::map<run_id, told_run> runs;
  std::map<step_id, told_step> steps;
  std::map<lease_id, told_lease> leases;
};

/// Replays the events in the order of their ids, and judges each move by what was told before.
///
/// The order of the ids is that of the changes wherever one depends on the other: the later one
/// takes its id after a lock that the earlier one held until its commit. Between changes that share
/// no lock it is not: a claim may follow the request to stop that it did not see yet.
told replay(const world& w, verdict& v);

/// Finds where the tables differ from what the log tells.
void compare(const world& w, const told& t, verdict& v);

}  // namespace partita::audit
