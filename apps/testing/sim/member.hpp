#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "actors/node.hpp"
#include "apps/testing/sim/world.hpp"

namespace partita::sim {

struct stepped_config : caf::actor_system_config {
  stepped_config() { set("scheduler.policy", caf::atom("testing")); }
};

/// One node of the world: what would be a process.
struct world::member {
  member(std::size_t i, deps_ptr d, mono_time born) : index(i), deps(std::move(d)), at(born) {}

  void start(node_id id) {
    root = system.spawn(node, deps, id, spawn_choice{false},
                        std::function<void(bool)>([this](bool) { left = true; }));
  }

  /// The author's code of a dead node must not run on while its actors are cleared away.
  ~member() {
    caf::anon_send_exit(root, caf::exit_reason::kill);
    root = node_actor{};
    scheduler().run();
  }

  caf::scheduler::test_coordinator& scheduler() {
    return static_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  }

  /// Would it wait for a session that another actor of the node has just taken?
  bool waits_for_turn(caf::resumable* job) const {
    if (!claims_session_taken) return false;
    const auto* actor = dynamic_cast<const caf::scheduled_actor*>(job);
    const std::string_view name = actor ? actor->name() : "";
    return name == "claimer" || name == "reporter";
  }

  bool gone() const { return dead || left; }
  bool awake(mono_time now) const { return !gone() && paused_until <= now; }

  std::size_t index;
  deps_ptr deps;
  mono_time at;  // how far its timers have come
  stepped_config config;
  caf::actor_system system{config};
  node_actor root;
  bool dead = false;
  bool left = false;
  mono_time paused_until{};
  mono_time cut_off_until{};
  bool claims_session_taken = false;  // a verb of the claimer or the reporter waits on it
  std::uint64_t calls = 0;
  std::uint64_t messages = 0;
  std::map<caf::resumable*, mono_time> stalled;
};

}  // namespace partita::sim
