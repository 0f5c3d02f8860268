#include "actors/heartbeat.hpp"

#include <utility>

#include "actors/log_event.hpp"
#include "protocol/mutation.hpp"
#include "protocol/schedule_policy.hpp"

namespace partita {

namespace {

/// In a large cluster only about this many nodes read all node rows in each round of heartbeats:
/// enough to find lost nodes.
constexpr int watchers = 16;

/// A cluster without a live run has nothing to take over: it can do with half the heartbeats.
constexpr int slower_at_rest = 2;

}  // namespace

void heartbeat_state::join() {
  me.id = db->verbs()->register_node(deps->info);
  log::info("node_joined", {.node = me.id}, {{"name", deps->info.name}});
  self->send(node, joined{me.id});
  self->send(claimer, joined{me.id});
}

void heartbeat_state::renew() {
  const auto sent = deps->now();
  std::optional<liveness_limits> limits;
  if (me.looks.mine(me.cluster.nodes, watchers)) limits = liveness_of(deps->limits);
  auto seen = db->verbs()->heartbeat(me.id, load, draining, limits);
  deps->counters->renewals.add(deps->since(sent));
  me.window.renewed(sent);
  deps->counters->renewed.set(sent);
  const auto late = seen.tick_in && *seen.tick_in < -on_time;
  deps->counters->ticks_pass.set(late ? sent : mono_time{});
  if (seen.draining && !draining) self->send(node, drain_atom::value);  // somebody asked for it
  auto overdue = std::exchange(seen.overdue, {});
  if (!limits) {  // the others were not looked at
    seen.nodes = me.cluster.nodes;
    seen.slots = me.cluster.slots;
    seen.running = me.cluster.running;
  }
  me.cluster = seen;
  self->send(node, renewal{me.id, sent, me.cluster});
  self->send(claimer, renewal{me.id, sent, me.cluster});
  if (scheduler) self->send(scheduler, renewal{me.id, sent, me.cluster});
  if (!overdue.empty() && !draining && me.window.may_sweep(deps->now()))
    self->send(sweeper, suspects{me.id, sent, std::move(overdue)});
}

milliseconds heartbeat_state::round() {
  try {
    if (!me.id) join();
    renew();
    if (tries->succeeded()) log::info("database_back", {.node = me.id});
    const bool at_rest = !me.cluster.live_runs && load.running == 0;
    return (*jittered)(deps->limits.heartbeat * (at_rest ? slower_at_rest : 1));
  } catch (const store_error& e) {
    deps->counters->renewals_failed.add();
    if (e.code() == errc::history_lost) return lose_history(e);
    if (e.code() != errc::fenced) return tries->failed("heartbeat_failed", me.id, e);
    log::warn("node_fenced", {.node = me.id}, {{"why", explain(e.code())}});
    return drop_all();
  }
}

/// Everything that this process remembers of the database may be wrong, its own id too. All
/// sessions refuse to work until the others have been told to drop it.
milliseconds heartbeat_state::lose_history(const store_error& why) {
  log::error("history_lost", {.node = me.id}, {{"why", why.what()}});
  const auto wait = drop_all();
  deps->db->begin_anew();
  return wait;
}

/// Returns when to join again.
milliseconds heartbeat_state::drop_all() {
  if (!PARTITA_BUG(a_fenced_node_keeps_its_id)) me.id = {};
  self->send(node, fence_atom::value);
  self->send(claimer, fence_atom::value);
  return tries->refused();
}

void heartbeat_state::leave() {
  leaving = true;
  for (int failures = 0; me.id && failures < 3;) {
    try {
      if (!db->verbs()->leave(me.id, deps->limits.loss_piece)) continue;
      log::info("node_left", {.node = me.id});
      break;
    } catch (const store_error& e) {
      ++failures;
      log::warn("leave_failed", {.node = me.id}, {{"why", e.what()}});
    }
  }
  self->send(node, left_atom::value);
}

heartbeat_actor::behavior_type heartbeat(heartbeat_actor::stateful_pointer<heartbeat_state> self,
                                         deps_ptr deps, node_id first, node_actor node,
                                         claimer_actor claimer, sweeper_actor sweeper,
                                         scheduler_actor scheduler) {
  auto& s = self->state;
  s.self = self;
  s.deps = deps;
  s.db = std::make_unique<lazy_session<cluster_store>>(deps, "heartbeat",
                                                       deps->limits.heartbeat_timeout);
  s.me.become(first, deps->limits);
  s.jittered = std::make_unique<jitter>(deps->seed + 1);
  s.tries = std::make_unique<retries>(
      retry_wait{deps->limits.heartbeat_retry, deps->limits.heartbeat, deps->seed + 6});
  s.node = std::move(node);
  s.claimer = std::move(claimer);
  s.sweeper = std::move(sweeper);
  s.scheduler = std::move(scheduler);
  self->send(self, tick_atom::value);
  return {[self](tick_atom) {
            if (self->state.leaving || (self->state.draining && PARTITA_BUG(heartbeat_stops_first)))
              return;
            self->delayed_send(self, self->state.round(), tick_atom::value);
          },
          [self](const node_load& load) { self->state.load = load; },
          [self](drain_atom) {
            self->state.draining = true;
            self->state.round();  // the others know at once
          },
          [self](leave_atom) { self->state.leave(); }};
}

}  // namespace partita
