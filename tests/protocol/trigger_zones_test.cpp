#include <catch2/catch.hpp>

#include <set>

#include "protocol/trigger.hpp"
#include "tests/protocol/seed.hpp"

// The rules of protocol/trigger.hpp about clocks, in all time zones of this machine over 20 years.

using namespace partita;
using namespace partita::test;
using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::floor;
using std::chrono::minutes;

namespace {

const db_time begin_of_test{std::chrono::sys_days{std::chrono::year{2010} / 1 / 1}};
const db_time end_of_test{std::chrono::sys_days{std::chrono::year{2030} / 1 / 1}};

std::vector<time_zone> all_zones() {
  std::vector<time_zone> zones;
  for (const auto& name : zone_names()) zones.push_back(time_zone::named(name).value());
  return zones;
}

std::vector<db_time> changes_of(const time_zone& zone) {
  std::vector<db_time> changes;
  for (auto at = zone.next_change(begin_of_test); at && *at < end_of_test;
       at = zone.next_change(*at))
    changes.push_back(*at);
  return changes;
}

/// By how much the clock is set there. Below 0: back.
std::chrono::seconds set_by(const time_zone& zone, db_time change) {
  return zone.local(change) - zone.local(change - 1s) - 1s;
}

trigger daily_at(minutes of_day, const time_zone& zone) {
  const auto text = std::to_string(of_day.count() % 60) + " " + std::to_string(of_day.count() / 60);
  return *parse_trigger(text + " * * *", zone.name()).value;
}

/// A job at a time of day fires once for each day of the calendar: from `from` to `to`.
void check_once_a_day(const time_zone& zone, minutes of_day, db_time from, db_time to) {
  const auto daily = daily_at(of_day, zone);
  // A gap moves a tick to later in its day, or to the beginning of the next.
  const auto day_of = [&](db_time tick) { return floor<days>(zone.local(tick) - of_day); };
  auto tick = next_tick(daily, from);
  while (tick && *tick < to) {
    const auto next = next_tick(daily, *tick);
    if (!next || *next <= *tick)
      FAIL(zone.name() << ": no tick after " << tick->time_since_epoch());
    const auto skipped = day_of(*next) - day_of(*tick) - days{1};
    // At midnight, the day that was skipped as a whole and the next one begin together.
    const auto whole_day = skipped == days{1} && zone.local(*next) - zone.local(*next - 1s) > 24h;
    if (skipped != days{0} && !whole_day)
      FAIL(zone.name() << " at " << of_day.count() << ": " << tick->time_since_epoch().count());
    tick = next;
  }
}

/// The first minute whose clock shows `shown` or more, by looking at each from `from` on.
db_time first_look(const time_zone& zone, local_seconds shown, db_time from) {
  while (zone.local(from) < shown) from += 1min;
  return from;
}

}  // namespace

TEST_CASE("the clock is set at its changes and at no other moment") {
  std::set<std::string> zones_with_changes;
  for (const auto& zone : all_zones()) {
    auto last = begin_of_test;
    for (const auto change : changes_of(zone)) {
      zones_with_changes.insert(zone.name());
      CHECK(change > last);
      CHECK(zone.local(change - 1s) - zone.local(last) ==
            floor<std::chrono::seconds>(change - 1s - last));
      last = change;
    }
  }
  CHECK(zones_with_changes.size() > 150);
}

TEST_CASE("a time of day fires once a day, in all zones, around each change of the clock") {
  auto random = seeded_random("times of day");
  for (const auto& zone : all_zones()) {
    for (const auto change : changes_of(zone)) {
      std::set<minutes> times{0min, minutes{any_below(random, 24 * 60)}};
      // Within the gap or what is shown twice.
      const auto around = floor<minutes>(zone.local(change)) + minutes{any_below(random, 60)} -
                          (set_by(zone, change) > 0s ? 60min : 0min);
      times.insert(around - floor<days>(around));
      for (const auto of_day : times)
        check_once_a_day(zone, of_day, change - days{2}, change + days{2});
    }
    for (int round = 0; round < test_effort(); ++round) {
      const auto from = begin_of_test + days{any_below(random, 19 * 365)};
      check_once_a_day(zone, minutes{any_below(random, 24 * 60)}, from,
                       from + days{10 * test_effort()});
    }
  }
}

TEST_CASE("a time of day fires at the first moment that shows it or a later time") {
  auto random = seeded_random("first moments");
  const auto zones = all_zones();
  int looked_at = 0;
  while (looked_at < 150 * test_effort()) {
    const auto& zone = zones[static_cast<std::size_t>(any_below(random, int(zones.size())))];
    const auto changes = changes_of(zone);
    if (changes.empty()) continue;
    ++looked_at;
    const auto change = changes[static_cast<std::size_t>(any_below(random, int(changes.size())))];
    const auto from = change - 4h;
    const auto shown = floor<minutes>(zone.local(from)) + minutes{1 + any_below(random, 400)};
    const auto daily = daily_at(shown - floor<days>(shown), zone);
    INFO(zone.name() << " " << shown.time_since_epoch().count());
    CHECK(next_tick(daily, from) == first_look(zone, shown, from));
    if (set_by(zone, change) < 20h)  // not once more: but for the next day, if one is skipped
      CHECK(*next_tick(daily, *next_tick(daily, from)) - from > 20h);
  }
}

TEST_CASE("an interval fires at each minute that shows a fitting time, around each change") {
  auto random = seeded_random("intervals by the clock");
  const auto zones = all_zones();
  for (int round = 0; round < 300 * test_effort(); ++round) {
    const auto& zone = zones[static_cast<std::size_t>(any_below(random, int(zones.size())))];
    const auto changes = changes_of(zone);
    if (changes.empty()) continue;
    const auto change = changes[static_cast<std::size_t>(any_below(random, int(changes.size())))];
    const auto* text = round % 2 == 0 ? "*/20 * * * *" : "10 */2 * * *";
    const auto when = *parse_trigger(text, zone.name()).value;
    const auto& cron = std::get<cron_times>(when.when);
    std::vector<db_time> wanted;
    for (auto at = change - 3h; at <= change + 3h; at += 1min)
      if (cron.matches(floor<minutes>(zone.local(at)))) wanted.push_back(at);
    INFO(zone.name() << " " << text << " " << change.time_since_epoch().count());
    CHECK(ticks_between(when, change - 3h - 1us, change + 3h, 1000) == wanted);
  }
}

TEST_CASE("intervals keep their distance, in all zones, whatever the clock does") {
  for (const auto& zone : all_zones()) {
    const auto quarter = *parse_trigger("*/15 * * * *", zone.name()).value;
    const auto rate = *parse_trigger("every 7m at fixed rate", zone.name()).value;
    const auto delay = *parse_trigger("every 7m", zone.name()).value;
    for (const auto change : changes_of(zone)) {
      const auto from = change - 1h;
      // Clocks that are set by a part of a quarter lose or gain that part.
      const auto whole = set_by(zone, change) % 15min == 0s;
      auto last = *next_tick(quarter, from);
      for (const auto tick : ticks_between(quarter, last, change + 1h, 100)) {
        if (whole && tick - last != 15min) FAIL(zone.name() << " " << tick.time_since_epoch());
        last = tick;
      }
      if (*next_tick(delay, from) != from + 7min) FAIL(zone.name());
      if (*next_tick(rate, *next_tick(rate, from)) - *next_tick(rate, from) != 7min)
        FAIL(zone.name());
    }
  }
}

TEST_CASE("the next tick is later than now, in all zones, at any moment") {
  auto random = seeded_random("later than now");
  const auto zones = all_zones();
  const std::vector<std::string> texts{
      "*/15 * * * *",   "0 */2 * * *",       "30 2 * * *", "0 0 * * *",
      "0,30 0-3 * * *", "59 23 28-31 * SUN", "0 0 29 2 *", "every 90s at fixed rate",
      "every 90s"};
  const auto length = floor<std::chrono::seconds>(end_of_test - begin_of_test).count();
  for (int round = 0; round < 10'000 * test_effort(); ++round) {
    const auto& zone = zones[static_cast<std::size_t>(any_below(random, int(zones.size())))];
    const auto& text = texts[static_cast<std::size_t>(any_below(random, int(texts.size())))];
    const auto when = *parse_trigger(text, zone.name()).value;
    const auto now = begin_of_test + std::chrono::seconds{any_below(random, int(length))} +
                     microseconds{any_below(random, 1'000'000)};
    const auto next = next_tick(when, now);
    if (!next || *next <= now || *next_tick(when, *next) <= *next)
      FAIL(zone.name() << " " << text << " " << now.time_since_epoch().count());
    // None was left out: seen from just before it, it is still the next.
    if (next_tick(when, *next - 1us) != (text == "every 90s" ? *next - 1us + 90s : *next))
      FAIL(zone.name() << " " << text << " " << now.time_since_epoch().count());
  }
}
