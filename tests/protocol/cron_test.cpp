#include "protocol/cron.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <sstream>

#include "tests/protocol/seed.hpp"

using namespace partita;
using namespace partita::test;
using namespace std::chrono;

namespace {

cron_times entry(const std::string& text) {
  const auto parsed = parse_cron(text);
  INFO(text << ": " << parsed.flaw);
  REQUIRE(parsed.times);
  return *parsed.times;
}

std::string flaw(const std::string& text) {
  const auto parsed = parse_cron(text);
  INFO(text);
  CHECK_FALSE(parsed.times);
  return parsed.flaw;
}

/// The same rules once more, as plain as they can be: numbers only, a minute at a time.
bool field_allows(const std::string& field, int value, int low, int high) {
  std::istringstream in{field};
  for (std::string item; std::getline(in, item, ',');) {
    int from = low, to = high, step = 1;
    if (const auto slash = item.find('/'); slash != item.npos) {
      step = std::stoi(item.substr(slash + 1));
      item.resize(slash);
    }
    if (item != "*") {
      from = to = std::stoi(item);
      if (const auto dash = item.find('-'); dash != item.npos)
        to = std::stoi(item.substr(dash + 1));
    }
    for (int one = from; one <= to; one += step)
      if (one == value) return true;
  }
  return false;
}

bool allows(const std::array<std::string, 5>& f, local_minutes at) {
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const auto of_day = static_cast<int>((at - day).count());
  const auto weekday_of = static_cast<int>(weekday{day}.c_encoding());
  const auto of_month = field_allows(f[2], static_cast<int>(unsigned{date.day()}), 1, 31);
  const auto of_week = field_allows(f[4], weekday_of, 0, 6) ||
                       (f[4][0] != '*' && weekday_of == 0 && field_allows(f[4], 7, 0, 7));
  const auto both = f[2][0] == '*' || f[4][0] == '*';
  return field_allows(f[0], of_day % 60, 0, 59) && field_allows(f[1], of_day / 60, 0, 23) &&
         field_allows(f[3], static_cast<int>(unsigned{date.month()}), 1, 12) &&
         (both ? of_month && of_week : of_month || of_week);
}

std::string random_field(std::mt19937_64& random, int low, int high, int stars_in_ten) {
  const auto any = [&](int from, int to) { return from + any_below(random, to - from + 1); };
  if (any_below(random, 10) < stars_in_ten) return "*";
  if (any_below(random, 5) == 0) return "*/" + std::to_string(any(1, std::min(high - low, 8)));
  std::string list;
  for (auto items = any(1, 3); items > 0; --items) {
    const auto from = any(low, high);
    const auto to = any(from, high);
    if (!list.empty()) list += ",";
    list += std::to_string(from);
    if (any_below(random, 2) == 0) continue;
    list += "-" + std::to_string(to);
    if (any_below(random, 2) == 0) list += "/" + std::to_string(any(1, 4));
  }
  return list;
}

local_minutes at(int year, int month, int day, int hour = 0, int minute = 0) {
  return local_days{std::chrono::year{year} / month / day} + hours{hour} + minutes{minute};
}

}  // namespace

TEST_CASE("a cron entry lets through what a look at every minute lets through") {
  auto random = seeded_random("cron entries");
  for (int round = 0; round < 60 * test_effort(); ++round) {
    const std::array<std::string, 5> f{
        random_field(random, 0, 59, 3), random_field(random, 0, 23, 3),
        random_field(random, 1, 31, 5), random_field(random, 1, 12, 6),
        random_field(random, 0, 7, 5)};
    const auto text = f[0] + " " + f[1] + " " + f[2] + " " + f[3] + " " + f[4];
    INFO(text);
    const auto cron = entry(text);
    CHECK(entry(to_text(cron)) == cron);
    CHECK(to_text(entry(to_text(cron))) == to_text(cron));
    const auto from = at(2020, 1, 1) + minutes{any_below(random, 20 * 365 * 24 * 60)};
    const auto to = from + days{4};
    auto next = cron.next(from);
    for (auto minute = from + minutes{1}; minute <= to; minute += minutes{1}) {
      const auto wanted = allows(f, minute);
      if (wanted != cron.matches(minute)) FAIL("matches is wrong " << minute.time_since_epoch());
      if (wanted != (next == minute)) FAIL("next is wrong at " << minute.time_since_epoch());
      if (wanted) next = cron.next(minute);
    }
    if (next) CHECK(allows(f, *next));
  }
}

TEST_CASE("names, both Sundays and ranges up to Sunday") {
  CHECK(to_text(entry("0 0 * jan-MAR,Dec *")) == "0 0 * 1-3,12 *");
  CHECK(to_text(entry("0 0 * * 7")) == "0 0 * * 0");
  CHECK(to_text(entry("0 0 * * SUN,sat")) == "0 0 * * 0,6");
  CHECK(to_text(entry("0 0 * * FRI-SUN")) == "0 0 * * 0,5-6");
  CHECK(to_text(entry("0 0 * * 5-7")) == "0 0 * * 0,5-6");
  CHECK(to_text(entry("0 0 * * 0-0")) == "0 0 * * 0");
  CHECK(to_text(entry("0 0 * * 0-7")) == "0 0 * * 0-6");
}

TEST_CASE("the one text of an entry") {
  CHECK(to_text(entry("  */15\t9-17 * * MON-FRI ")) == "*/15 9-17 * * 1-5");
  CHECK(to_text(entry("10-50/10 * * * *")) == "10,20,30,40,50 * * * *");
  CHECK(to_text(entry("*/1 0-23 * * *")) == "* 0-23 * * *");
  CHECK(to_text(entry("@hourly")) == "0 * * * *");
  CHECK(to_text(entry(" @daily")) == "0 0 * * *");
  CHECK(to_text(entry("@midnight")) == "0 0 * * *");
  CHECK(to_text(entry("@weekly")) == "0 0 * * 0");
  CHECK(to_text(entry("@monthly")) == "0 0 1 * *");
  CHECK(to_text(entry("@yearly")) == "0 0 1 1 *");
  CHECK(to_text(entry("@annually")) == "0 0 1 1 *");
}

TEST_CASE("days of month and of week: one of them, or both where one begins with a star") {
  CHECK(entry("0 0 13 * FRI").next(at(2026, 2, 1)) == at(2026, 2, 6));    // a Friday
  CHECK(entry("0 0 13 * FRI").next(at(2026, 4, 10)) == at(2026, 4, 13));  // the 13th
  CHECK(entry("0 0 * * FRI").next(at(2026, 2, 6)) == at(2026, 2, 13));
  CHECK(entry("0 0 */2 * FRI").next(at(2026, 2, 6)) == at(2026, 2, 13));  // both
  CHECK(entry("0 0 1-31 * FRI").next(at(2026, 2, 6)) == at(2026, 2, 7));  // either
}

TEST_CASE("what never comes is said to never come, and what comes once in 40 years comes") {
  CHECK_FALSE(entry("0 0 31 2 *").next(at(2026, 1, 1)));
  CHECK_FALSE(entry("0 0 30 2 *").next(at(2026, 1, 1)));
  CHECK_FALSE(entry("0 0 31 4,6,9,11 *").next(at(2026, 1, 1)));
  CHECK(entry("0 0 29 2 *").next(at(2096, 2, 29)) == at(2104, 2, 29));
  // `*/7` is Sunday, and it must fit because it begins with a star.
  auto longest = years{0};
  auto before = year{2000};
  for (auto next = entry("0 0 29 2 */7").next(at(2000, 3, 1)); next && *next < at(2400, 1, 1);) {
    const auto in = year_month_day{floor<days>(*next)}.year();
    longest = std::max(longest, in - before);
    before = in;
    next = entry("0 0 29 2 */7").next(*next);
  }
  CHECK(longest == years{40});
}

TEST_CASE("a wrong entry is refused with one sentence that names the field") {
  const std::string takes = ", as *, */2, or a list such as 3,5-9,10-12/2";
  CHECK(flaw("60 * * * *") == "the minute field \"60\" has 60: it takes 0-59" + takes);
  CHECK(flaw("* 24 * * *") == "the hour field \"24\" has 24: it takes 0-23" + takes);
  CHECK(flaw("* * 0 * *") == "the day of month field \"0\" has 0: it takes 1-31" + takes);
  CHECK(flaw("* * * sept *") ==
        "the month field \"sept\" has \"sept\": it takes 1-12 or JAN-DEC" + takes);
  CHECK(flaw("* * * * 8") == "the day of week field \"8\" has 8: it takes 0-7 or SUN-SAT" + takes);
  CHECK(flaw("* 5/3 * * *") ==
        "the hour field \"5/3\" has a step behind a single value: write 5-23/3");
  CHECK(flaw("* 22-2 * * *") ==
        "the hour field \"22-2\" has the range 22-2, which runs backwards: write two ranges, as a "
        "list");
  CHECK(flaw("*,5 * * * *") ==
        "the minute field \"*,5\" has more than a step behind *: * stands alone, or as */2");
  CHECK(flaw("*/60 * * * *") == "the minute field \"*/60\" has the step \"60\": it is 1 to 59");
  CHECK(flaw("*/0 * * * *") == "the minute field \"*/0\" has the step \"0\": it is 1 to 59");
  CHECK(flaw("@reboot") ==
        "\"@reboot\" is not one of @hourly, @daily, @weekly, @monthly and @yearly");
  CHECK(flaw("* * * *") ==
        "a cron entry has five fields (minute, hour, day of month, month, day of week), and \"* * "
        "* *\" has 4");
  for (const auto* text : {"",
                           "1, * * * *",
                           ",1 * * * *",
                           "1,,2 * * * *",
                           "- * * * *",
                           "1- * * * *",
                           "-1 * * * *",
                           "1-2-3 * * * *",
                           "1-5/ * * * *",
                           "*/ * * * *",
                           "*/* * * * *",
                           "** * * * *",
                           "+1 * * * *",
                           "0x1 * * * *",
                           "1.5 * * * *",
                           "99999999999999999999 * * * *",
                           "* * * anf *",
                           "* * * janfeb *",
                           "* * * * mo",
                           "* * L * *",
                           "* * * * 5#3",
                           "? * * * *"})
    CHECK_FALSE(flaw(text).empty());
}
