#pragma once

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/deps.hpp"
#include "actors/retries.hpp"
#include "actors/session.hpp"
#include "protocol/interfaces.hpp"
#include "protocol/standing.hpp"

namespace partita {

struct heartbeat_state {
  heartbeat_state() = default;

  /// One round: renew. Returns when the next is due.
  milliseconds round();
  void leave();

  heartbeat_actor::stateful_pointer<heartbeat_state> self = nullptr;
  deps_ptr deps;
  std::unique_ptr<lazy_session<cluster_store>> db;
  std::unique_ptr<jitter> jittered;
  std::unique_ptr<retries> tries;
  node_actor node;
  claimer_actor claimer;
  sweeper_actor sweeper;
  scheduler_actor scheduler;  // null: the node has no tokens
  standing me{{}};
  node_load load;
  bool draining = false;
  bool leaving = false;
  static inline const char* name = "heartbeat";

 private:
  void renew();
  void join();
  milliseconds lose_history(const store_error& why);
  milliseconds drop_all();
};

heartbeat_actor::behavior_type heartbeat(heartbeat_actor::stateful_pointer<heartbeat_state> self,
                                         deps_ptr deps, node_id first, node_actor node,
                                         claimer_actor claimer, sweeper_actor sweeper,
                                         scheduler_actor scheduler);

}  // namespace partita
