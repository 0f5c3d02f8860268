#include "actors/node.hpp"

#include <algorithm>

#include "actors/janitor.hpp"
#include "actors/listener.hpp"
#include "actors/log_event.hpp"
#include "actors/partition_executor.hpp"
#include "actors/reporter.hpp"
#include "actors/scheduler.hpp"
#include "actors/sweeper.hpp"

namespace partita {

namespace {

/// What an executor does is shown once it takes longer than a look at the cluster.
constexpr milliseconds shown_after{2000};
constexpr std::size_t most_shown = 32;

/// So many times as many runs as it may a node drives at most, where they are ahead.
constexpr int ahead_masterships = 4;

/// Between looks whether bodies that were asked to stop have done so.
constexpr milliseconds look_for_idle{20};

/// Spawns with a thread of its own, or on the scheduler of a simulation.
template <class Self, class F, class... Ts>
auto spawn_as(Self* self, spawn_choice threads, F f, Ts&&... args) {
  return threads.detached ? self->template spawn<caf::detached>(f, std::forward<Ts>(args)...)
                          : self->spawn(f, std::forward<Ts>(args)...);
}

/// Runs one piece of the author's code, tells the master, ends.
void master_worker(caf::event_based_actor* self, std::function<worker_outcome()> body,
                   master_actor master) {
  self->send(master, body());
}

worker_factory worker_spawner(spawn_choice threads) {
  return [threads](master_actor::pointer master, std::function<worker_outcome()> body) {
    spawn_as(master, threads, master_worker, std::move(body), master_actor{master});
  };
}

/// The helpers are linked to the claimer: if one of them dies, the claimer ends, and so does the
/// node.
claimer_helpers helper_spawner(deps_ptr deps, node_id first, spawn_choice threads) {
  using claimer_pointer = claimer_actor::stateful_pointer<claimer_state>;
  auto linked = [](claimer_pointer self, auto helper) {
    self->link_to(helper);
    return helper;
  };
  return {[=](claimer_pointer self, std::shared_ptr<worker_session> of_claims) {
            return linked(self, spawn_as(self, threads, reporter, deps, first, claimer_actor{self},
                                         std::move(of_claims)));
          },
          [=](claimer_pointer self, int index, std::shared_ptr<executor_control> control) {
            return linked(self, spawn_as(self, threads, partition_executor, deps,
                                         std::move(control), index, claimer_actor{self}));
          }};
}

}  // namespace

// --- standing in the cluster ---------------------------------------------------------------------

void node_actor_state::tick() {
  deps->counters->ticked.set(deps->now());
  judge_trust();
  watch_executors(deps->limits.stop_grace);
}

/// At expiry others may be about to get what this node has: the author's code is asked to stop, in
/// executors and on masters.
void node_actor_state::judge_trust() {
  const bool trusts = window->at(deps->now()) != trust::expired;
  if (trusts && !trusted) {
    for (auto& [run, master] : masters) self->send(master, resume_atom::value);
  } else if (!trusts && trusted) {
    log::warn("trust_expired", {.node = id},
              {{"why",
                "no renewal in time: executors and the author's code on the master are "
                "asked to stop"}});
    interrupt_executors();
    for (auto& [run, master] : masters) self->send(master, hold_atom::value);
  }
  trusted = trusts;
}

/// A body that does not stop keeps its executor, and the node's row shows it. One whose timeout has
/// passed is given up all the same.
void node_actor_state::watch_executors(milliseconds grace) {
  for (std::size_t i = 0; i < control.size(); ++i) {
    const auto stuck = control[i]->watch(deps->now(), grace);
    if (!stuck) continue;
    const auto seconds = std::chrono::duration<double>(stuck->ran).count();
    log::warn("executor_stuck", {.no = stuck->what.no, .lease = stuck->what.lease, .node = id},
              {{"executor", i},
               {"ran_s", seconds},
               {"why", stuck->timed_out ? "its timeout has passed, and it does not stop"
                                        : "it was asked to stop, and does not"}});
    if (stuck->timed_out)
      self->send(claimer, overdue_attempt{static_cast<int>(i), stuck->what.lease, stuck->what.no,
                                          "it ran longer than its timeout and did not stop"});
  }
  show_load(load.running, stuck_among(control));
}

/// The next heartbeat writes it.
void node_actor_state::show_load(int running, int stuck) {
  node_load now{running, stuck};
  now.doing = doing_of(control, deps->now(), shown_after, most_shown);
  if (now == load) return;
  load = now;
  self->send(heartbeat, load);
}

void node_actor_state::renewed(const renewal& r) {
  if (r.node != id) return;
  window->renewed(r.sent);
  for (auto& c : control) c->trust_until(r.sent + deps->limits.deregister_after);
  judge_trust();
}

bool node_actor_state::executes() const {
  return std::any_of(control.begin(), control.end(), [](const auto& c) { return c->busy(); });
}

void node_actor_state::interrupt_executors() {
  for (auto& c : control) c->interrupt();
}

void node_actor_state::fenced() {
  interrupt_executors();
  for (auto& [run, master] : masters) self->send(master, fence_atom::value);
}

void node_actor_state::become(node_id new_id) {
  if (id == new_id) return;
  fenced();
  id = new_id;
  window = std::make_unique<trust_window>(deps->limits);
}

// --- masters -------------------------------------------------------------------------------------

void node_actor_state::take_over(const masterless_runs& waiting) {
  for (const auto& run : waiting.runs) {
    if (draining || !id) return;
    const auto most = deps->limits.max_masterships * (run.ahead ? ahead_masterships : 1);
    if (static_cast<int>(masters.size()) >= most) continue;
    if (masters.contains(run.id)) continue;
    auto db = masters_db.lock();
    if (!db) {
      db = std::make_shared<master_session>(deps, "master", deps->limits.database_timeout);
      masters_db = db;
    }
    auto master = spawn_as(self, threads, job_master, deps, db, node_actor{self}, id, run,
                           worker_spawner(threads));
    self->link_to(master);
    if (!trusted) self->send(master, hold_atom::value);
    masters[run.id] = master;
  }
}

void node_actor_state::master_over(run_id run) {
  masters.erase(run);
  leave_when_idle();
}

// --- the end -------------------------------------------------------------------------------------

void node_actor_state::drain() {
  if (draining) return;
  draining = true;
  deps->counters->draining.add();
  log::info("node_draining", {.node = id});
  self->send(heartbeat, drain_atom::value);
  self->send(claimer, drain_atom::value);
  for (auto& [run, master] : masters) self->send(master, drain_atom::value);
  self->delayed_send(self, deps->limits.drain_grace, interrupt_atom::value);
}

void node_actor_state::interrupt() {
  if (leaving || release_by) return;
  log::warn("grace_over", {.node = id}, {{"why", "executors are interrupted"}});
  release_by = deps->now() + deps->limits.stop_grace;
  interrupt_executors();
  self->send(claimer, interrupt_atom::value);
  for (auto& [run, master] : masters) self->send(master, interrupt_atom::value);
  self->delayed_send(self, deps->limits.stop_grace, release_atom::value);
}

/// A body that goes on after the node has left runs beside the next one that gets its partition. So
/// bodies get half of the grace to stop first; the other half is for leaving, and then the process
/// ends.
void node_actor_state::release() {
  if (leaving) return;
  drain();
  const auto half = deps->now() + deps->limits.stop_grace / 2;
  if (!release_by || *release_by > half) {
    release_by = half;
    interrupt_executors();
    self->send(claimer, interrupt_atom::value);
    for (auto& [run, master] : masters) self->send(master, interrupt_atom::value);
  }
  if (!executes() || deps->now() >= *release_by) return leave();
  self->delayed_send(self, look_for_idle, release_atom::value);
}

void node_actor_state::leave_when_idle() {
  if (draining && drained && masters.empty()) leave();
}

/// The heartbeat stops last: while partitions still ran, its renewals kept their leases.
void node_actor_state::leave() {
  if (leaving) return;
  leaving = true;
  interrupt_executors();
  if (release_by && deps->now() >= *release_by) watch_executors(milliseconds{0});
  self->send(heartbeat, leave_atom::value);
}

void node_actor_state::over(bool well) {
  if (!on_over) return;
  leaving = true;
  std::exchange(on_over, nullptr)(well);
  self->quit(caf::exit_reason::user_shutdown);  // and with it, all that are linked to it
}

node_actor::behavior_type node(node_actor::stateful_pointer<node_actor_state> self, deps_ptr deps,
                               node_id first, spawn_choice threads,
                               std::function<void(bool well)> on_over) {
  auto& s = self->state;
  s.self = self;
  s.deps = deps;
  s.threads = threads;
  s.on_over = std::move(on_over);
  s.id = first;
  s.window = std::make_unique<trust_window>(deps->limits);
  for (int i = 0; i < deps->info.slots; ++i)
    s.control.push_back(std::make_shared<executor_control>());
  s.claimer = spawn_as(self, threads, claimer, deps, first, node_actor{self}, s.control,
                       helper_spawner(deps, first, threads));
  const auto judge = spawn_as(self, threads, sweeper, deps);
  scheduler_actor clock;
  if (deps->info.tokens > 0) {
    clock = spawn_as(self, threads, scheduler, deps, s.claimer);
    self->link_to(clock);
  }
  s.heartbeat =
      spawn_as(self, threads, heartbeat, deps, first, node_actor{self}, s.claimer, judge, clock);
  // Linked, so that none outlives the others. A master that has ended its run ends normally; every
  // other end of an actor is a defect, and the node ends with it: others take its work.
  self->link_to(s.claimer);
  self->link_to(s.heartbeat);
  self->link_to(judge);
  self->link_to(spawn_as(self, threads, janitor, deps));
  if (deps->limits.wake_up) self->link_to(spawn_as(self, threads, listener, deps, s.claimer));
  self->set_exit_handler([self](const caf::exit_msg& exit) {
    if (!exit.reason || self->state.leaving) return;
    log::critical("actor_died", {.node = self->state.id}, {{"why", caf::to_string(exit.reason)}});
    self->state.over(false);
  });
  self->send(self, tick_atom::value);
  return {[self](tick_atom) {
            self->delayed_send(self, self->state.deps->limits.heartbeat / 2, tick_atom::value);
            self->state.tick();
          },
          [self](const joined& j) { self->state.become(j.node); },
          [self](const renewal& r) { self->state.renewed(r); },
          [self](fence_atom) { self->state.fenced(); },
          [self](const running_count& count) {
            self->state.show_load(count.partitions, self->state.load.stuck);
          },
          [self](const masterless_runs& waiting) { self->state.take_over(waiting); },
          [self](const mastership_over& m) { self->state.master_over(m.run); },
          [self](work_atom) { self->send(self->state.claimer, work_atom::value); },
          [self](done_atom) {
            for (auto& [run, master] : self->state.masters) self->send(master, done_atom::value);
          },
          [self](drain_atom) { self->state.drain(); },
          [self](interrupt_atom) { self->state.interrupt(); },
          [self](drained_atom) {
            self->state.drained = true;
            self->state.leave_when_idle();
          },
          [self](left_atom) { self->state.over(true); },
          [self](release_atom) { self->state.release(); }};
}

}  // namespace partita
