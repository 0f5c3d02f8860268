#pragma once

#include <nlohmann/json.hpp>

#include "protocol/errors.hpp"
#include "protocol/events.hpp"
#include "storage/memory/state.hpp"

namespace partita::memory {

/// The row with this key, or null.
template <class Map>
auto* find(Map& map, const typename Map::key_type& key) {
  auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

/// The id after the highest one given so far.
template <class Map>
auto next_id(const Map& map) {
  using id = typename Map::key_type;
  return map.empty() ? id{1} : id{map.rbegin()->first.value + 1};
}

/// What an event is about; ids that do not apply stay none.
struct subject {
  run_id run;
  step_id step;
  lease_id lease;
  node_id node;
};

/// The tables, locked, and the one reading of the clock: what every verb starts with. Its members
/// are what several verbs do.
class transaction {
 public:
  explicit transaction(state& shared) : db(shared), lock_(shared.guard), now(shared.clock()) {}

  state& db;

 private:
  std::lock_guard<std::mutex> lock_;

 public:
  const db_time now;

  run_row& run(run_id id);        // throws not_found
  step_record& step(step_id id);  // throws not_found

  /// The run, if it is RUNNING under this master and term. Throws term_lost; wrong_state if this
  /// very master has ended it.
  run_row& driven(run_id id, node_id node, term t);

  void log(std::string_view kind, const subject& about, const nlohmann::json& detail);

  void make_ready(step_id step, range span, node_id node, int attempt, db_time available_at);
  void end_lease(lease_record& lease, lease_state state);
  lease_record& grant(step_id step, node_id node, range span, int attempt);
  void fail(lease_record& lease, range span, const std::string& reason);

  /// lo..hi of the lease without what has a result, and what has a failure row of this lease.
  std::vector<range> unfinished(const lease_record& lease) const;
  bool has_ended(const lease_record& lease, partition_no no) const;

  /// A LIVE lease goes back whole: what is unfinished is ready again, as before the lease.
  void release(lease_record& lease);

  std::vector<lease_record*> live_leases(node_id node);
  bool any_live_lease(step_id step) const;
  bool any_ready(step_id step) const;
  bool any_failed(step_id step) const;

  std::vector<step_row> steps_of(run_id run) const;  // by ordinal

  subject about(const lease_record& lease) const;
};

/// Ranges as the detail of an event: [[0,4],[6,6]].
nlohmann::json json_of(const std::vector<range>& ranges);

}  // namespace partita::memory
