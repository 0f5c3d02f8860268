#include "apps/partita/schedule_options.hpp"

#include <algorithm>
#include <map>

#include "apps/partita/errors.hpp"
#include "apps/partita/text.hpp"
#include "protocol/duration.hpp"
#include "protocol/schedule_policy.hpp"
#include "protocol/trigger.hpp"
#include "storage/clock.hpp"

namespace partita::cli {

namespace {

/// Runs that one `schedule backfill` may start.
constexpr std::size_t most_ticks = 1000;

}  // namespace

option_list schedule_options() {
  return {{"zone", "NAME", "add, test: whose clock counts (IANA)", "", "UTC"},
          {"overlap", "HOW", "add: what a tick does while a run is live: skip, queue-one, allow",
           "", "skip"},
          {"catch-up", "TIME", "add: how old a tick may be that still fires, like 1h; 1m at least",
           "", "0s"},
          {"paused", "", "add: it rests until `schedule resume`"},
          {"note", "TEXT", "pause, add --paused: why"},
          {"at", "TIME", "run: for this tick, and not for now"},
          {"from", "TIME", "backfill: the first tick, like 2026-03-01T10:20 or 3d"},
          {"to", "TIME", "backfill: the last one; now if not given"},
          {"count", "N", "test, show: how many times", "", "10"}};
}

void require_options_of(const std::string& verb, const arguments& args) {
  static const std::map<std::string, std::vector<std::string>> taken{
      {"add", {"zone", "overlap", "catch-up", "paused", "note"}},
      {"backfill", {"from", "to"}},
      {"pause", {"note"}},
      {"run", {"at"}},
      {"show", {"count"}},
      {"test", {"zone", "count"}}};
  const auto found = taken.find(verb);
  for (const auto& one : schedule_options()) {
    const auto takes = found != taken.end() && std::find(found->second.begin(), found->second.end(),
                                                         one.name) != found->second.end();
    if (args.typed(one.name) && !takes)
      throw usage_error("schedule " + verb + " takes no --" + one.name,
                        "`help schedule` tells which word takes it");
  }
  if (verb == "add" && args.typed("note") && !args.has("paused"))
    throw usage_error("schedule add takes --note only with --paused: it tells why");
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

db_time moment_of(const arguments& args, const std::string& option, const std::string& zone) {
  const auto how =
      "it is like 3d, or 2026-03-01T10:20: on the clock of " + zone + ", or with Z or +01:00";
  if (!args.has(option)) throw usage_error("--" + option + " is missing", how);
  const auto text = args.text(option);
  const auto at = parse_since(text, wall_now(), zone);
  if (!at) throw usage_error("--" + option + " is " + text + ", which is no time", how);
  return *at;
}

microseconds fires_within(const new_schedule& s) {
  return std::max(microseconds{s.catch_up}, on_time);
}

void require_tick(const new_schedule& s, db_time at) {
  const auto parsed = parse_trigger(s.trigger, s.zone);
  if (!parsed.value || std::holds_alternative<fixed_delay>(parsed.value->when)) return;
  const auto& when = *parsed.value;
  if (next_tick(when, at - microseconds{1}) == at) return;
  const auto before = newest_tick(when, db_time{}, at);
  const auto behind = next_tick(when, at);
  throw usage_error(tick_text(at) + " is no tick of " + s.name,
                    before && behind ? "the last one before it is " + tick_text(*before) +
                                           ", the next one " + tick_text(*behind)
                    : before ? "the last one is " + tick_text(*before)
                    : behind ? "the first one is " + tick_text(*behind)
                             : "");
}

std::vector<db_time> past_ticks(const new_schedule& s, db_time from, db_time to, db_time now) {
  if (from > to)
    throw usage_error("the ticks begin at " + tick_text(from) +
                      ", which is later than their end at " + tick_text(to));
  if (to > now)
    throw usage_error("the ticks end at " + tick_text(to) + ", which is still to come",
                      "without an end, it is now");
  const auto parsed = parse_trigger(s.trigger, s.zone);
  if (!parsed.value) throw usage_error(parsed.flaw);
  if (std::holds_alternative<fixed_delay>(parsed.value->when))
    throw usage_error("a fixed delay has no ticks in the past",
                      "`schedule run " + shell_word(s.name) + "` starts one run");
  const auto ticks = ticks_between(*parsed.value, from - microseconds{1}, to, most_ticks + 1);
  if (ticks.size() > most_ticks)
    throw usage_error("there are more than " + std::to_string(most_ticks) + " ticks from " +
                          tick_text(from) + " to " + tick_text(to),
                      "fill a part at a time");
  return ticks;
}

}  // namespace partita::cli
