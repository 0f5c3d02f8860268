#pragma once

#include <cstdint>
#include <optional>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/deps.hpp"
#include "actors/retries.hpp"
#include "actors/session.hpp"
#include "protocol/interfaces.hpp"

namespace partita {

/// Fires the ticks of the schedules that this node owns, and gives schedules to nodes when that is
/// to be decided anew. The heartbeat's answers tell when: while nothing is due it asks the database
/// for nothing, and has no session.
struct scheduler_state {
  scheduler_state() = default;

  void renewed(const renewal& r);
  void look(std::uint64_t number);

  scheduler_actor::stateful_pointer<scheduler_state> self = nullptr;
  deps_ptr deps;
  std::unique_ptr<lazy_session<scheduler_store>> db;
  std::unique_ptr<retries> tries;
  claimer_actor claimer;
  node_id me;
  std::optional<mono_time> due;  // the next tick, by the clock of this node
  std::uint64_t looks = 0;       // the number of the one that is planned; earlier ones do not count
  static inline const char* name = "scheduler";

 private:
  void balance();
  void fire();
  /// The next look, when the next tick is due.
  void await(std::optional<microseconds> tick_in);
  void plan(std::optional<microseconds> tick_in);
};

scheduler_actor::behavior_type scheduler(scheduler_actor::stateful_pointer<scheduler_state> self,
                                         deps_ptr deps, claimer_actor claimer);

}  // namespace partita
