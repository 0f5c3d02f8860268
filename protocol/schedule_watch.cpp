#include "protocol/schedule_watch.hpp"

#include "protocol/schedule_policy.hpp"
#include "protocol/trigger.hpp"

namespace partita {

namespace {

/// Whether so many ticks came and went since the newest run, and started none. A fixed delay has
/// one tick at a time, which is missed only where nobody was there.
bool only_misses(const schedule_row& s, const trigger& when, db_time now, int intervals) {
  if (s.missed < intervals || std::holds_alternative<fixed_delay>(when.when)) return false;
  const auto begin = s.last_tick.value_or(s.created_at);
  const auto wanted = static_cast<std::size_t>(intervals);
  return ticks_between(when, begin, now, wanted).size() >= wanted;
}

}  // namespace

schedule_trouble trouble_of(const schedule_row& s, bool owner_lives,
                            const std::function<bool()>& runs, db_time now, int intervals) {
  if (s.paused) return schedule_trouble::none;
  const auto parsed = parse_trigger(s.what.trigger, s.what.zone);
  if (!parsed.value) return schedule_trouble::no_trigger;
  if (!s.next_tick) {
    if (next_tick(*parsed.value, now)) return schedule_trouble::no_trigger;
    return s.missed > 0 && !s.last_tick ? schedule_trouble::not_run : schedule_trouble::none;
  }
  if (!owner_lives) return schedule_trouble::no_owner;
  if (only_misses(s, *parsed.value, now, intervals))
    return runs() ? schedule_trouble::none : schedule_trouble::not_run;
  if (*s.next_tick + on_time > now) return schedule_trouble::none;
  const auto wanted = static_cast<std::size_t>(intervals);
  const auto passed = ticks_between(*parsed.value, *s.next_tick, now, wanted).size();
  const auto passes_by =
      passed >= wanted && !(s.what.overlap == overlap_policy::queue_one && runs());
  return passes_by ? schedule_trouble::not_fired : schedule_trouble::none;
}

}  // namespace partita
