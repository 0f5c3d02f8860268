#include "protocol/trigger.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

#include "tests/protocol/seed.hpp"

using namespace partita;
using namespace partita::test;
using namespace std::chrono_literals;
using std::chrono::sys_days;

namespace {

trigger made(const std::string& text, const std::string& zone = "UTC") {
  const auto parsed = parse_trigger(text, zone);
  INFO(text << ": " << parsed.flaw);
  REQUIRE(parsed.value);
  return *parsed.value;
}

std::string refused(const std::string& text, const std::string& zone = "UTC") {
  const auto parsed = parse_trigger(text, zone);
  INFO(text);
  CHECK_FALSE(parsed.value);
  return parsed.flaw;
}

/// "2026-03-01T10:20Z"
db_time moment(const std::string& text) {
  return std::get<db_time>(std::get<one_off>(made("at " + text).when).at);
}

std::vector<std::string> ticks(const trigger& when, const std::string& after, std::size_t count) {
  std::vector<std::string> out;
  const auto from = moment(after);
  for (const auto tick : ticks_between(when, from, from + std::chrono::days{4000}, count))
    out.push_back(to_text({one_off{tick}, {}}).substr(3));
  return out;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a trigger has one text, which is read as the same trigger") {
  const std::vector<std::pair<std::string, std::string>> pairs{
      {"@daily", "0 0 * * *"},
      {"*/15 9-17 * * MON-FRI", "*/15 9-17 * * 1-5"},
      {" every  90s ", "every 90s"},
      {"every 120s", "every 2m"},
      {"every 24h at fixed rate", "every 1d at fixed rate"},
      {"every 1d at fixed rate from 2026-03-01T10:20+01:00",
       "every 1d at fixed rate from 2026-03-01T09:20:00Z"},
      {"every 1d at fixed rate from 2026-03-01T10:20",
       "every 1d at fixed rate from 2026-03-01T09:20:00Z"},
      {"every 1d at fixed rate from 1970-01-01T00:00Z", "every 1d at fixed rate"},
      {"at 2026-03-01T10:20", "at 2026-03-01T10:20:00"},
      {"at 2026-03-01t10:20:30z", "at 2026-03-01T10:20:30Z"},
      {"at 2026-03-01T00:20:30-05:30", "at 2026-03-01T05:50:30Z"}};
  for (const auto& [text, wanted] : pairs) {
    const auto first = made(text, "Europe/Berlin");
    CHECK(to_text(first) == wanted);
    CHECK(made(wanted, first.zone.name()) == first);
  }
  CHECK_FALSE(made("@daily", "Europe/Berlin") == made("@daily"));
}

TEST_CASE("a wrong trigger is refused with one sentence") {
  CHECK(refused(" ") ==
        "a trigger is missing: write a cron entry, every 30s, or at 2026-03-01T10:20");
  CHECK(refused("daily") ==
        "a cron entry has five fields (minute, hour, day of month, month, day of week), and "
        "\"daily\" has 1; other triggers are \"every 30s\" and \"at TIME\"");
  CHECK(refused("every 0s") ==
        "\"0s\" is not an interval: write 30s, 10m, 2h or 1d, at least 1s and at most 100000d");
  CHECK(refused("every") ==
        "\"every\" names no interval: write every 30s, or every 30s at fixed rate [from TIME]");
  CHECK(refused("every 5m at noon") ==
        "what stands behind \"every 5m\" is not known: write every 30s, or every 30s at fixed rate "
        "[from TIME]");
  CHECK(refused("at 2026-02-30T10:20").starts_with("\"2026-02-30T10:20\" is not a time: write "));
  CHECK(refused("at 2026-02-03 10:20") ==
        "\"at\" takes one time and nothing else: write at 2026-03-01T10:20");
  CHECK(refused(std::string(201, '1')) == "a trigger has at most 200 bytes, this one 201");
  for (const auto* text : {"at",
                           "at noon",
                           "at 2026-02-03",
                           "at 2026-02-03T24:00",
                           "at 2026-02-03T10:60",
                           "at 2026-02-03T10:20:60",
                           "at 2026-02-03T10:20:30.5Z",
                           "at 2026-02-03T10:20+1:00",
                           "at 2026-02-03T10:20+24:00",
                           "at 2026-02-03T10:20 Z",
                           "at 1969-12-31T23:59Z",
                           "at 1970-01-01T00:00+01:00",
                           "at 9999-12-31T23:59-01:00",
                           "at 2026-02-03T10:20:3",
                           "at 2026-02-03T10:20:",
                           "every 5m at fixed rate from",
                           "every 5m at fixed rate from noon",
                           "every 5m at fixed rate from 2026-02-03T10:20 now",
                           "every 5m every 5m",
                           "every -5m",
                           "* * * * * *",
                           "@every 5m"})
    CHECK_FALSE(refused(text).empty());
}

TEST_CASE("an unknown zone is refused with the nearest name") {
  const std::string there_is_no = "there is no time zone \"";
  CHECK(refused("@daily", "Berlin") ==
        there_is_no + "Berlin\" on this machine: did you mean Europe/Berlin?");
  CHECK(refused("@daily", "america/new_yrok") ==
        there_is_no + "america/new_yrok\" on this machine: did you mean America/New_York?");
  for (const auto* name : {"", "/etc/passwd", "../../etc/passwd", "right/Europe/Berlin",
                           "localtime", "file:UTC", "Fixed/UTC+01:00:00", "no such place"})
    CHECK(refused("@daily", name).starts_with(there_is_no + name + "\" on this machine: "));
  CHECK(zone_names().size() > 300);
}

TEST_CASE("clocks are set forward: a time of day fires after the gap, an interval goes on") {
  CHECK(ticks(made("30 2 * * *", "Europe/Berlin"), "2026-03-28T00:00Z", 3) ==
        texts{"2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"});
  // Two skipped times and the one that the gap ends with are one moment.
  CHECK(ticks(made("0,30 2,3 * * *", "Europe/Berlin"), "2026-03-29T00:00Z", 3) ==
        texts{"2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:00:00Z"});
  CHECK(ticks(made("*/30 * * * *", "Europe/Berlin"), "2026-03-29T00:00Z", 4) ==
        texts{"2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z",
              "2026-03-29T02:00:00Z"});
  CHECK(ticks(made("0 */2 * * *", "Europe/Berlin"), "2026-03-28T22:00Z", 2) ==
        texts{"2026-03-28T23:00:00Z", "2026-03-29T02:00:00Z"});
  CHECK(ticks(made("at 2026-03-29T02:30", "Europe/Berlin"), "2026-03-01T00:00Z", 3) ==
        texts{"2026-03-29T01:00:00Z"});
}

TEST_CASE("clocks are set back: a time of day fires the first time, an interval goes on") {
  CHECK(ticks(made("30 2 * * *", "Europe/Berlin"), "2026-10-24T12:00Z", 2) ==
        texts{"2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"});
  CHECK(ticks(made("30 2 * * *", "Europe/Berlin"), "2026-10-25T00:30Z", 1) ==
        texts{"2026-10-26T01:30:00Z"});
  CHECK(ticks(made("0 * * * *", "Europe/Berlin"), "2026-10-24T23:30Z", 4) ==
        texts{"2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z",
              "2026-10-25T03:00:00Z"});
  CHECK(ticks(made("0 */2 * * *", "Europe/Berlin"), "2026-10-24T23:30Z", 3) ==
        texts{"2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z", "2026-10-25T03:00:00Z"});
  CHECK(ticks(made("at 2026-10-25T02:30", "Europe/Berlin"), "2026-03-01T00:00Z", 3) ==
        texts{"2026-10-25T00:30:00Z"});
}

TEST_CASE("a day that Samoa skipped fires as the next one begins") {
  CHECK(ticks(made("0 12 * * *", "Pacific/Apia"), "2011-12-29T10:00Z", 3) ==
        texts{"2011-12-29T22:00:00Z", "2011-12-30T10:00:00Z", "2011-12-30T22:00:00Z"});
  CHECK(ticks(made("0 0 * * *", "Pacific/Apia"), "2011-12-29T00:00Z", 3) ==
        texts{"2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"});
}

TEST_CASE("every: fixed delay goes by the end of a run, fixed rate by its anchor") {
  const auto now = moment("2026-03-01T10:20:31Z");
  CHECK(next_tick(made("every 30s"), now) == now + 30s);
  CHECK(tick_after_run({30s}, now - 10s) == now + 20s);
  CHECK(ticks(made("every 30s at fixed rate"), "2026-03-01T10:20:00Z", 2) ==
        texts{"2026-03-01T10:20:30Z", "2026-03-01T10:21:00Z"});
  const auto anchored = made("every 1h at fixed rate from 2026-03-01T10:20:05Z");
  CHECK(next_tick(anchored, now) == moment("2026-03-01T11:20:05Z"));
  CHECK(next_tick(anchored, moment("2020-01-01T00:20:05Z")) == moment("2020-01-01T01:20:05Z"));
  CHECK(next_tick(anchored, moment("2020-01-01T00:20:05Z") - 1us) ==
        moment("2020-01-01T00:20:05Z"));
}

TEST_CASE("at fires once, and what is past never") {
  const auto once = made("at 2026-03-01T10:20Z");
  CHECK(next_tick(once, moment("2026-03-01T10:20Z") - 1us) == moment("2026-03-01T10:20Z"));
  CHECK_FALSE(next_tick(once, moment("2026-03-01T10:20Z")));
}

TEST_CASE("times that no calendar holds do no harm") {
  for (const auto* text :
       {"@daily", "* * * * *", "every 1d at fixed rate", "at 2026-03-01T10:20", "0 0 29 2 *"}) {
    INFO(text);
    for (const auto* zone : {"UTC", "America/New_York"}) {
      CHECK_FALSE(next_tick(made(text, zone), db_time::max()));
      CHECK_FALSE(next_tick(made(text, zone), moment("9999-12-31T23:59:59Z")));
      const auto first = next_tick(made(text, zone), db_time::min());
      REQUIRE(first);
      CHECK(*first >= db_time{});
    }
  }
  CHECK_FALSE(next_tick(made("every 100000d"), moment("9999-01-01T00:00Z")));
}

TEST_CASE("ticks between two moments: after the first, up to the second, no more than asked") {
  const auto hourly = made("0 * * * *");
  const auto from = moment("2026-03-01T10:00Z");
  CHECK(ticks_between(hourly, from, from + 3h, 10).size() == 3);
  CHECK(ticks_between(hourly, from, from + 3h, 2) == std::vector<db_time>{from + 1h, from + 2h});
  CHECK(ticks_between(hourly, from, from + 59min, 10).empty());
  CHECK(ticks_between(hourly, from, from - 1h, 10).empty());
  CHECK(ticks_between(made("every 30s"), from, from + 1min, 10).size() == 2);
}

TEST_CASE("the newest tick is the last one of all") {
  auto random = seeded_random("newest tick");
  for (const auto* text : {"0 * * * *", "30 2 * * *", "*/7 9-17 * * MON-FRI", "0 0 29 2 *",
                           "every 7s at fixed rate", "at 2026-03-01T10:20"}) {
    const auto when = made(text, "Europe/Berlin");
    for (int round = 0; round < 20; ++round) {
      const auto from = moment("2026-03-01T00:00Z") + std::chrono::seconds{any_below(random, 1e7)};
      const auto to = from + std::chrono::seconds{any_below(random, 30'000)};
      const auto all = ticks_between(when, from, to, 100'000);
      INFO(text << " " << from.time_since_epoch().count());
      CHECK(newest_tick(when, from, to) ==
            (all.empty() ? std::nullopt : std::optional{all.back()}));
    }
  }
}

TEST_CASE("junk is refused with a sentence, or is a trigger that its text gives again") {
  auto random = seeded_random("junk triggers");
  const std::vector<std::string> parts{"every",
                                       "at",
                                       "from",
                                       "fixed",
                                       "rate",
                                       "30s",
                                       "1d",
                                       "*",
                                       "*/2",
                                       "5-9",
                                       "JAN",
                                       "sun",
                                       "7",
                                       "60",
                                       ",",
                                       "/",
                                       "-",
                                       "@daily",
                                       "@",
                                       "2026-03-01T10:20",
                                       "Z",
                                       "+01:00",
                                       ":",
                                       " ",
                                       " ",
                                       " ",
                                       " ",
                                       " ",
                                       "99999999999999999999",
                                       "\n",
                                       std::string(1, '\0'),
                                       "\xff\xfe",
                                       "é",
                                       "0",
                                       "1",
                                       "2"};
  for (int round = 0; round < 5000 * test_effort(); ++round) {
    std::string text;
    for (auto count = any_below(random, 14); count > 0; --count)
      text += any_below(random, 8) == 0
                  ? std::string(1, static_cast<char>(any_below(random, 256)))
                  : parts[static_cast<std::size_t>(any_below(random, int(parts.size())))];
    const auto parsed = parse_trigger(text);
    if (parsed.value.has_value() == !parsed.flaw.empty()) FAIL(text << ": " << parsed.flaw);
    if (!parsed.value) continue;
    const auto now = moment("2026-03-01T10:20Z");
    const auto next = next_tick(*parsed.value, now);
    if (parse_trigger(to_text(*parsed.value)).value != *parsed.value || (next && *next <= now))
      FAIL(text);
  }
}
