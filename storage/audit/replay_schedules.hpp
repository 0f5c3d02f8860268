#pragma once

#include <set>
#include <string>
#include <utility>

#include "storage/audit/replay_steps.hpp"

namespace partita::audit {

/// The events of schedules, applied. That a node lost its schedules is told by its own events.
class schedule_replay : protected step_replay {
 protected:
  using step_replay::step_replay;

  void schedule_added(const json& detail) {
    if (!state_.schedules.try_emplace(id_in(detail)).second)
      find(rule::one_tick, "adds a schedule that is there already");
  }

  void schedule_removed(const json& detail) {
    there(detail);
    state_.schedules.erase(id_in(detail));
  }

  void schedule_paused(const json& detail) { there(detail).paused = true; }

  void schedule_resumed(const json& detail) { there(detail).paused = false; }

  void schedule_moved(const json& detail) {
    v_.count(rule::one_tick);
    if (there(detail).paused && event_->node)
      find(rule::one_tick, "gives a paused schedule to " + named(event_->node));
    const auto node = state_.nodes.find(event_->node);
    if (event_->node && (node == state_.nodes.end() || node->second != node_state::active))
      find(rule::one_tick, "gives a schedule to " + named(event_->node) + ", which was not ACTIVE");
  }

  void no_change(const json& detail) { text(detail, "name"); }

  /// A run that a tick started.
  void fired(const json& detail) {
    v_.count(rule::one_tick);
    const auto schedule = schedule_id{number(detail, "schedule")};
    const auto tick = text(detail, "tick");
    if (!ticks_.emplace(schedule, tick).second)
      find(rule::one_tick,
           "starts a second run for the tick " + tick + " of schedule " + str(schedule));
  }

 private:
  static schedule_id id_in(const json& detail) { return schedule_id{number(detail, "schedule")}; }

  replayed_schedule& there(const json& detail) {
    const auto at = state_.schedules.find(id_in(detail));
    if (at == state_.schedules.end())
      throw malformed_event{"schedule " + str(id_in(detail)) + " is in no event before"};
    return at->second;
  }

  std::set<std::pair<schedule_id, std::string>> ticks_;
};

}  // namespace partita::audit
