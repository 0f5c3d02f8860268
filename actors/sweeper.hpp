#pragma once

#include <utility>
#include <vector>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/deps.hpp"
#include "actors/session.hpp"
#include "protocol/interfaces.hpp"

namespace partita {

/// Judges nodes that are overdue, and takes apart what a lost one held, one verb a message. Has a
/// session only while there is something to judge.
struct sweeper_state {
  sweeper_state() = default;

  void suspect(const suspects& overdue);
  void sweep();

  sweeper_actor::stateful_pointer<sweeper_state> self = nullptr;
  deps_ptr deps;
  std::unique_ptr<lazy_session<cluster_store>> db;
  node_id observer;                          // this node
  std::vector<node_id> waiting;              // the next one is at the end
  mono_time seen;                            // when the renewal was sent that found them overdue
  bool at_work = false;                      // a message to go on is under way
  std::pair<node_id, sweep_verdict> logged;  // the last verdict that the log tells of
  static inline const char* name = "sweeper";

 private:
  bool judge_next();
  void finish();
};

sweeper_actor::behavior_type sweeper(sweeper_actor::stateful_pointer<sweeper_state> self,
                                     deps_ptr deps);

}  // namespace partita
