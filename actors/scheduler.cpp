#include "actors/scheduler.hpp"

#include "actors/log_event.hpp"

namespace partita {

namespace {

/// Ticks that one transaction fires.
constexpr int fired_at_once = 100;

}  // namespace

void scheduler_state::renewed(const renewal& r) {
  me = r.node;
  if (r.cluster.draining) return await(std::nullopt);
  try {
    if (!r.cluster.balanced) return balance();
    await(r.cluster.tick_in);
  } catch (const store_error& e) {
    tries->failed("balance_failed", me, e);  // the next heartbeat asks for it again
  }
}

/// What it gets may be due already.
void scheduler_state::balance() {
  const auto moved = db->verbs()->balance_schedules(me);
  if (moved > 0) log::info("schedules_balanced", {.node = me}, {{"moved", moved}});
  plan(microseconds{0});
}

void scheduler_state::look(std::uint64_t number) {
  if (number != looks) return;
  try {
    fire();
    if (tries->succeeded()) log::info("schedules_go_on", {.node = me});
  } catch (const store_error& e) {
    plan(tries->failed("fire_failed", me, e));
  }
}

void scheduler_state::fire() {
  const auto fired = db->verbs()->fire_schedules(me, deps->info.jobs, fired_at_once);
  deps->counters->ticks_fired.add(std::ssize(fired.runs));
  deps->counters->ticks_missed.add(fired.missed);
  if (!fired.runs.empty() && due)
    deps->counters->schedule_lag.add(std::max(deps->since(*due), microseconds{0}));
  if (!fired.runs.empty() || fired.missed > 0)
    log::info("ticks_fired", {.node = me},
              {{"runs", std::ssize(fired.runs)}, {"missed", fired.missed}});
  // Of many ticks all are started before this node works on what they have started.
  if (!fired.runs.empty() && !fired.more_are_due()) self->send(claimer, work_atom::value);
  await(fired.tick_in);
}

void scheduler_state::await(std::optional<microseconds> tick_in) {
  due.reset();
  if (tick_in) due = deps->now() + std::chrono::duration_cast<mono_time::duration>(*tick_in);
  plan(tick_in);
}

/// Later ticks than this are told by a heartbeat that is nearer to them: so there is at most a
/// handful of timers, and none for what may be paused meanwhile.
void scheduler_state::plan(std::optional<microseconds> tick_in) {
  ++looks;
  if (!tick_in || *tick_in > 4 * deps->limits.heartbeat) return db->close();
  const auto wait = std::chrono::ceil<milliseconds>(std::max(*tick_in, microseconds{0}));
  self->delayed_send(self, wait, advance_atom::value, looks);
}

scheduler_actor::behavior_type scheduler(scheduler_actor::stateful_pointer<scheduler_state> self,
                                         deps_ptr deps, claimer_actor claimer) {
  auto& s = self->state;
  s.self = self;
  s.deps = deps;
  s.db = std::make_unique<lazy_session<scheduler_store>>(deps, "scheduler",
                                                         deps->limits.database_timeout);
  s.tries = std::make_unique<retries>(retry_wait{deps->limits, deps->seed + 7});
  s.claimer = std::move(claimer);
  return {[self](const renewal& r) { self->state.renewed(r); },
          [self](advance_atom, std::uint64_t number) { self->state.look(number); }};
}

}  // namespace partita
