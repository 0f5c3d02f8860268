#include "apps/partita/schedule_options.hpp"

#include "apps/partita/errors.hpp"
#include "apps/partita/text.hpp"
#include "protocol/duration.hpp"
#include "protocol/trigger.hpp"
#include "storage/clock.hpp"

namespace partita::cli {

namespace {

/// Runs that one `schedule backfill` may start.
constexpr std::size_t most_ticks = 1000;

}  // namespace

option_list schedule_options() {
  return {
      {"zone", "NAME", "add, test: whose clock counts (IANA)", "", "UTC"},
      {"overlap", "HOW", "add: what a tick does while a run is live: skip, queue-one, allow", "",
       "skip"},
      {"catch-up", "TIME", "add: a tick that is older, like 1h, is not fired any more", "", "0s"},
      {"paused", "", "add: it rests until `schedule resume`"},
      {"note", "TEXT", "pause: why"},
      {"at", "TIME", "run: for this tick, and not for now"},
      {"from", "TIME", "backfill: the first tick, like 2026-03-01 or 3d"},
      {"to", "TIME", "backfill: the last one; now if not given"},
      {"count", "N", "test, show: how many times", "", "10"}};
}

overlap_policy overlap_of(const arguments& args) {
  const auto word = args.one_of("overlap", {"skip", "queue-one", "allow"});
  if (word == "queue-one") return overlap_policy::queue_one;
  return word == "allow" ? overlap_policy::allow : overlap_policy::skip;
}

milliseconds catch_up_of(const arguments& args) {
  const auto text = args.text("catch-up");
  const auto window = parse_duration(text);
  if (!window && text != "0s")
    throw usage_error("--catch-up is " + text + ", which is no time",
                      "it is like 90s, 15m, 1h, 2d");
  return window.value_or(std::chrono::seconds{0});
}

db_time moment_of(const arguments& args, const std::string& option) {
  if (!args.has(option))
    throw usage_error("--" + option + " is missing", "it is like 2026-03-01T10:20 (UTC), or 3d");
  const auto text = args.text(option);
  const auto at = parse_since(text, wall_now());
  if (!at)
    throw usage_error("--" + option + " is " + text + ", which is no time",
                      "it is like 2026-03-01T10:20 (UTC), or 3d");
  return *at;
}

std::vector<db_time> past_ticks(const new_schedule& s, db_time from, db_time to) {
  const auto parsed = parse_trigger(s.trigger, s.zone);
  if (!parsed.value) throw usage_error(parsed.flaw);
  if (std::holds_alternative<fixed_delay>(parsed.value->when))
    throw usage_error("a fixed delay has no ticks in the past",
                      "`schedule run " + shell_word(s.name) + "` starts one run");
  const auto ticks = ticks_between(*parsed.value, from - microseconds{1}, to, most_ticks + 1);
  if (ticks.size() > most_ticks)
    throw usage_error("there are more than " + std::to_string(most_ticks) +
                          " ticks between --from "
                          "and --to",
                      "fill a part at a time");
  return ticks;
}

}  // namespace partita::cli
