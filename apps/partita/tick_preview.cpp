#include "apps/partita/tick_preview.hpp"

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

}  // namespace

tick_preview next_ticks(const std::string& trigger, const std::string& zone, std::int64_t count,
                        db_time now) {
  const auto parsed = parse_trigger(trigger, zone);
  if (!parsed.value)
    throw usage_error(parsed.flaw, "such as \"30 2 * * MON-FRI\", \"every 10m\", \"@daily\"");
  const auto& when = *parsed.value;
  tick_preview shown{to_text(when), when.zone.name(), {}};
  for (auto at = next_tick(when, now); at && count > 0; at = next_tick(when, *at), --count)
    shown.ticks.push_back({{"tick", iso_time(*at)}, {"local", shown_there(when.zone, *at)}});
  return shown;
}

}  // namespace partita::cli
