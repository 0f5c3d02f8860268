#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "storage/audit/audit.hpp"
#include "storage/audit/range_map.hpp"
#include "storage/audit/world.hpp"

namespace partita::audit {

// The state of the database that follows from the event log.

struct replayed_run {
  run_state state = run_state::created;
  node_id master;
  partita::term term;
  stop_mode stop = stop_mode::none;
  run_id restart_of;
  bool abandoned = false;
  bool paused = false;
  int priority = 0;
  bool purged = false;  // then the log tells nothing else of it
};

struct replayed_result {
  lease_id lease;
  bool completed = true;
  friend bool operator==(const replayed_result&, const replayed_result&) = default;
};

struct replayed_step {
  run_id run;
  std::int64_t ordinal = 0;
  std::string kind;
  bool streamed = false;
  step_state state = step_state::running;
  std::int64_t count = 0;
  bool sealed = false;
  bool failing = false;
  bool after_failure = false;
  std::string decision;  // "": none
  std::string decision_text;
  step_id copy_of;
  bool repeats = false;  // items that copy_of has let go
  std::int64_t carried = 0;
  std::int64_t live_leases = 0;
  range_map<int> ready;                // tries used up
  range_map<replayed_result> results;  // carried ones too
};

/// The log has no times of it.
struct replayed_lease : lease_record {
  range_map<attempt_outcome> reported;
};

/// A schedule that there is. Owners are not told by every event that takes them away.
struct replayed_schedule {
  bool paused = false;
};

struct replayed_state {
  std::map<node_id, node_state> nodes;
  std::map<run_id, replayed_run> runs;
  std::map<step_id, replayed_step> steps;
  std::map<lease_id, replayed_lease> leases;
  std::map<schedule_id, replayed_schedule> schedules;
  std::set<std::string> paused_jobs;
  std::map<std::string, std::optional<int>> limits;  // those that somebody has set
  std::map<std::string, retention> retentions;
};

/// Replays the events in the order of their ids, and judges each move by the state that follows
/// from those before.
///
/// The order of the ids is that of the changes wherever one depends on the other: the later one
/// takes its id after a lock that the earlier one held until its commit. Between changes that share
/// no lock it is not: a claim may follow the request to stop that it did not see yet.
replayed_state replay(const world& w, verdict& v);

/// Finds where the tables differ from what follows from the log.
void compare(const world& w, const replayed_state& t, verdict& v);

}  // namespace partita::audit
