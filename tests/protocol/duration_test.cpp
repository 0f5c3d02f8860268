#include "protocol/duration.hpp"

#include <catch2/catch.hpp>

using namespace partita;
using namespace std::chrono_literals;

TEST_CASE("a duration is a number and one unit") {
  CHECK(parse_duration("30s") == 30s);
  CHECK(parse_duration("10m") == 10min);
  CHECK(parse_duration("2h") == 2h);
  CHECK(parse_duration("1d") == 24h);
  CHECK(parse_duration("0s") == 0s);
  CHECK(parse_duration("100000d") == longest_duration);
  for (const auto* text : {"", "s", "30", "30 s", "-1s", "-0s", "+1s", "1.5h", "1h30m", "2x", "1S",
                           "100001d", "99999999999999999999s", "9223372036854775807d"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("a duration is said in the largest unit that holds it, and is read again") {
  CHECK(to_text(90s) == "90s");
  CHECK(to_text(120s) == "2m");
  CHECK(to_text(7200s) == "2h");
  CHECK(to_text(172'800s) == "2d");
  for (const auto duration : {0s, 1s, 59s, 60s, 61s, 3600s, 86'400s, longest_duration})
    CHECK(parse_duration(to_text(duration)) == duration);
}
