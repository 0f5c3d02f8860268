#pragma once

#include <memory>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/deps.hpp"
#include "protocol/interfaces.hpp"

namespace partita {

struct listener_state {
  listener_state() = default;

  void tick();

  listener_actor::stateful_pointer<listener_state> self = nullptr;
  deps_ptr deps;
  claimer_actor claimer;
  std::unique_ptr<wake_up> source;
  std::unique_ptr<retry_wait> backoff;
  static inline const char* name = "listener";
};

/// Ends at once, with a normal exit, if the database sends no hints of new work. Without the
/// listener, or while its link is down, polling finds the same work, only later.
listener_actor::behavior_type listener(listener_actor::stateful_pointer<listener_state> self,
                                       deps_ptr deps, claimer_actor claimer);

}  // namespace partita
