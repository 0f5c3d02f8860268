#include "protocol/schedule_watch.hpp"

#include "protocol/schedule_policy.hpp"
#include "protocol/trigger.hpp"

namespace partita {

schedule_trouble trouble_of(const schedule_row& s, bool owner_lives, bool runs, db_time now,
                            int intervals) {
  if (s.paused) return schedule_trouble::none;
  const auto parsed = parse_trigger(s.what.trigger, s.what.zone);
  if (!parsed.value) return schedule_trouble::no_trigger;
  if (!s.next_tick)
    return next_tick(*parsed.value, now) ? schedule_trouble::no_trigger : schedule_trouble::none;
  if (!owner_lives) return schedule_trouble::no_owner;
  if (runs && s.what.overlap == overlap_policy::queue_one) return schedule_trouble::none;
  if (*s.next_tick + on_time > now) return schedule_trouble::none;
  const auto wanted = static_cast<std::size_t>(intervals);
  const auto passed = ticks_between(*parsed.value, *s.next_tick, now, wanted).size();
  return passed >= wanted ? schedule_trouble::not_fired : schedule_trouble::none;
}

}  // namespace partita
