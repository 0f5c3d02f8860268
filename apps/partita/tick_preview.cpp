#include "apps/partita/tick_preview.hpp"

#include <algorithm>
#include <iterator>

#include "apps/partita/errors.hpp"
#include "protocol/trigger.hpp"

namespace partita::cli {

namespace {

/// What the clock of a zone shows, as "2026-03-29 03:00:00".
std::string shown_there(const time_zone& zone, db_time at) {
  const auto shown = zone.local(at).time_since_epoch();
  auto text = iso_time(db_time{std::chrono::duration_cast<microseconds>(shown)}).substr(0, 19);
  text.replace(10, 1, " ");
  return text;
}

/// From `at` on, which is one.
std::vector<document> ticks_from(const trigger& when, std::optional<db_time> at, std::int64_t count,
                                 db_time now) {
  std::vector<document> ticks;
  for (; at && std::ssize(ticks) < count; at = next_tick(when, std::max(*at, now)))
    ticks.push_back({{"tick", iso_time(*at)}, {"local", shown_there(when.zone, *at)}});
  return ticks;
}

}  // namespace

tick_preview next_ticks(const std::string& trigger, const std::string& zone, std::int64_t count,
                        db_time now) {
  if (!time_zone::named(zone)) throw usage_error(unknown_zone(zone));
  const auto parsed = parse_trigger(trigger, zone);
  if (!parsed.value)
    throw usage_error(
        parsed.flaw,
        "a trigger is one word, so it wants quotes: \"30 2 * * MON-FRI\", \"every 10m\", @daily");
  const auto& when = *parsed.value;
  return {to_text(when), when.zone.name(), ticks_from(when, next_tick(when, now), count, now)};
}

std::vector<document> coming_ticks(const schedule_row& schedule, std::int64_t count, db_time now) {
  const auto parsed = parse_trigger(schedule.what.trigger, schedule.what.zone);
  if (!parsed.value) return {};
  const auto first = schedule.paused ? next_tick(*parsed.value, now) : schedule.next_tick;
  return ticks_from(*parsed.value, first, count, now);
}

}  // namespace partita::cli
