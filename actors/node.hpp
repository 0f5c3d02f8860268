#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/claimer.hpp"
#include "actors/deps.hpp"
#include "actors/executor_control.hpp"
#include "actors/heartbeat.hpp"
#include "actors/job_master.hpp"
#include "protocol/interfaces.hpp"

namespace partita {

/// How the actors of a node get their threads. `detached` for real; a simulation spawns them all
/// on its own scheduler.
struct spawn_choice {
  bool detached = true;
};

/// The composition root. Owns nothing in the database and never waits.
struct node_actor_state {
  node_actor_state() = default;

  void tick();
  void renewed(const renewal& r);
  void show_load(int running, int stuck);
  void become(node_id id);
  void fenced();
  void take_over(const masterless_runs& waiting);
  void master_over(run_id run);
  void drain();
  void interrupt();
  void release();
  void leave_when_idle();
  void leave();
  void over(bool well);

  node_actor::stateful_pointer<node_actor_state> self = nullptr;
  deps_ptr deps;
  spawn_choice threads;
  std::function<void(bool well)> on_over;
  controls control;
  std::unique_ptr<trust_window> window;
  std::weak_ptr<master_session> masters_db;  // its masters own it: it is closed with the last
  claimer_actor claimer;
  heartbeat_actor heartbeat;
  std::map<run_id, master_actor> masters;
  node_id id;
  node_load load;  // as the heartbeat knows it
  bool draining = false;
  bool drained = false;
  bool leaving = false;
  bool trusted = false;                 // false: executors were interrupted, masters hold
  std::optional<mono_time> release_by;  // set: all are interrupted, and the node leaves then
  static inline const char* name = "node";

 private:
  void interrupt_executors();
  void judge_trust();
  void watch_executors(milliseconds grace);
  bool executes() const;
};

/// `first`: the incarnation this process has joined as. `on_over(well)` is called once, when the
/// node has left; `well` is false when an actor died that must not.
node_actor::behavior_type node(node_actor::stateful_pointer<node_actor_state> self, deps_ptr deps,
                               node_id first, spawn_choice threads,
                               std::function<void(bool well)> on_over);

}  // namespace partita
