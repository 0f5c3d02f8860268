#include "protocol/schedule_policy.hpp"

#include <algorithm>

namespace partita {

namespace {

schedule_decision wait_until(std::optional<db_time> next) {
  schedule_decision waits;
  waits.next = next;
  return waits;
}

/// The newest tick from `first`, which is one, up to `now`. A fixed delay has no second one: it
/// goes by the end of a run.
db_time due_last(const trigger& when, db_time first, db_time now) {
  if (std::holds_alternative<fixed_delay>(when.when)) return first;
  return newest_tick(when, first, now).value_or(first);
}

/// The ticks from `first`, which is one, up to and including `last`.
missed_ticks counted(const trigger& when, db_time first, db_time last) {
  missed_ticks missed{1, first, last};
  for (auto tick = first; tick < last && missed.count < most_missed; ++missed.count) {
    const auto next = next_tick(when, tick);
    if (!next || *next > last) break;
    tick = *next;
  }
  return missed;
}

/// Since when nothing but time kept the tick from being fired.
db_time free_since(const schedule_rules& rules, db_time tick, const schedule_runs& runs) {
  const auto waited = rules.overlap == overlap_policy::queue_one && runs.last &&
                      runs.last->began <= tick && runs.last->ended > tick;
  return waited ? runs.last->ended : tick;
}

}  // namespace

schedule_decision decide(const schedule_rules& rules, db_time stored, db_time now,
                         const schedule_runs& runs) {
  if (stored > now) return wait_until(stored);
  const auto next = next_tick(rules.when, now);
  auto first = stored;
  if (const auto* every = std::get_if<fixed_delay>(&rules.when.when)) {
    if (runs.live) return wait_until(next);
    if (runs.last) first = std::max(stored, tick_after_run(*every, runs.last->ended));
    if (first > now) return wait_until(first);
  } else if (runs.live && rules.overlap == overlap_policy::queue_one) {
    return wait_until(stored);
  }
  const auto newest = due_last(rules.when, first, now);

  schedule_decision out;
  out.next = next;
  const auto overlaps = runs.live && rules.overlap == overlap_policy::skip;
  const auto age = now - free_since(rules, newest, runs);
  if (overlaps || age > std::max(rules.catch_up, on_time)) {
    out.missed = counted(rules.when, first, newest);
    out.why = overlaps ? missed_why::overlap : missed_why::too_late;
    return out;
  }
  out.fire = newest;
  if (newest > first) {
    const auto before = newest_tick(rules.when, first, newest - microseconds{1}).value_or(first);
    out.missed = counted(rules.when, first, before);
    out.why = missed_why::newer;
  }
  return out;
}

}  // namespace partita
