#include "apps/partita/tick_preview.hpp"

#include <catch2/catch.hpp>

#include "apps/partita/errors.hpp"

using namespace partita;
using namespace partita::cli;
using namespace std::chrono_literals;

namespace {

const auto now = parse_iso_time("2026-03-01T10:20:30.000Z");

schedule_row every(const std::string& trigger, std::optional<db_time> next) {
  schedule_row row;
  row.what.trigger = trigger;
  row.next_tick = next;
  return row;
}

std::vector<std::string> times(const std::vector<document>& ticks) {
  std::vector<std::string> all;
  for (const auto& tick : ticks) all.push_back(tick["tick"].get<std::string>().substr(11, 8));
  return all;
}

using list = std::vector<std::string>;

}  // namespace

TEST_CASE("the ticks of a schedule begin with the stored one") {
  CHECK(times(coming_ticks(every("every 30s", now + 4s), 3, now)) ==
        list{"10:20:34", "10:21:04", "10:21:34"});
  CHECK(times(coming_ticks(every("0 * * * *", now + 40min - 30s), 2, now)) ==
        list{"11:00:00", "12:00:00"});
}

TEST_CASE("behind a stored tick that is overdue come ticks of the future") {
  CHECK(times(coming_ticks(every("0 * * * *", now - 3h - 20min - 30s), 3, now)) ==
        list{"07:00:00", "11:00:00", "12:00:00"});
}

TEST_CASE("a paused schedule shows what it would do if it were resumed") {
  auto row = every("every 30s", now - 1h);
  row.paused = pause_mark{now, "", "why"};
  CHECK(times(coming_ticks(row, 2, now)) == list{"10:21:00", "10:21:30"});
}

TEST_CASE("a schedule that is over, or whose zone is not known here, shows no ticks") {
  CHECK(coming_ticks(every("at 2026-01-01T00:00", std::nullopt), 3, now).empty());
  auto row = every("0 * * * *", now);
  row.what.zone = "Moon/Crater";
  CHECK(coming_ticks(row, 3, now).empty());
}

TEST_CASE("what is wrong with a zone is not said of the trigger") {
  const auto hint = [](const char* trigger, const char* zone) {
    try {
      next_ticks(trigger, zone, 1, now);
    } catch (const command_error& e) {
      return e.hint();
    }
    return std::string{"accepted"};
  };
  CHECK(hint("@daily", "Europe/Berln").empty());
  CHECK(hint("every", "UTC").find("one word") != std::string::npos);
}
