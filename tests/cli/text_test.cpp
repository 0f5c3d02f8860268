#include "apps/partita/text.hpp"

#include <catch2/catch.hpp>

using namespace partita;
using namespace partita::cli;
using namespace std::chrono_literals;

TEST_CASE("a time is said by how long ago it was, or by its date") {
  const auto now = parse_iso_time("2026-03-01T10:20:30.000Z");
  auto since = [&](const char* text) {
    const auto at = parse_since(text, now);
    return at ? iso_time(*at) : "refused";
  };
  CHECK(since("90s") == "2026-03-01T10:19:00.000Z");
  CHECK(since("10m") == "2026-03-01T10:10:30.000Z");
  CHECK(since("2h") == "2026-03-01T08:20:30.000Z");
  CHECK(since("3d") == "2026-02-26T10:20:30.000Z");
  CHECK(since("2026-02-03") == "2026-02-03T00:00:00.000Z");
  CHECK(since("2026-02-03T04:05") == "2026-02-03T04:05:00.000Z");
  CHECK(since("2026-02-03T04:05:06Z") == "2026-02-03T04:05:06.000Z");
  CHECK(since("2026-02-03T04:05Z") == "2026-02-03T04:05:00.000Z");
  CHECK(since("2026-02-03T04:05:06.508Z") == "2026-02-03T04:05:06.508Z");
  CHECK(since("2026-02-03T04:05:06.5+01:00") == "2026-02-03T03:05:06.500Z");
  CHECK(iso_time(*parse_since("2026-07-03T04:05", now, "Europe/Berlin")) ==
        "2026-07-03T02:05:00.000Z");
  CHECK(iso_time(*parse_since("2026-07-03", now, "Europe/Berlin")) == "2026-07-02T22:00:00.000Z");
  for (const auto* text : {"", "h", "-1h", "1.5h", "2x", "yesterday", "2026-02-30", "2026-2",
                           "2026-02-03T25:00", "2026-02-03 and more", "99999999999999999999d",
                           "2026-02-03T04:05:06.Z", "2026-02-03T04:05.5Z"}) {
    INFO(text);
    CHECK(since(text) == std::string{"refused"});
  }
}

TEST_CASE("control characters never reach the terminal") {
  CHECK(escape_controls("a\nb\tc\rd") == "a\\nb\\tc\\rd");
  CHECK(escape_controls("\x1b[2J") == "\\x1b[2J");
  CHECK(escape_controls(std::string("\0\x7f", 2)) == "\\x00\\x7f");
  CHECK(escape_controls("\xc2\x9b"
                        "31m") == "\\x9b31m");  // CSI in one character
  CHECK(escape_controls("Zoë 漢字 \xc2\xa0") == "Zoë 漢字 \xc2\xa0");
}

TEST_CASE("text is measured and cut in code points") {
  CHECK(width("Zoë") == 3);
  CHECK(clip("Zoë", 3) == "Zoë");
  CHECK(clip("Zoë Smith", 4) == "Zoë…");
  CHECK(clip("abc", 0).empty());
  CHECK(clip("abc", 1) == "…");
}

TEST_CASE("durations read as people say them") {
  CHECK(duration_text(0s) == "0.0s");
  CHECK(duration_text(-5s) == "0.0s");
  CHECK(duration_text(1450ms) == "1.4s");
  CHECK(duration_text(59'900ms) == "59s");
  CHECK(duration_text(185s) == "3m 05s");
  CHECK(duration_text(2h + 7min) == "2h 07m");
  CHECK(duration_text(123h) == "5d 03h");
}

TEST_CASE("relative times never lie in the future") {
  db_time now{1'000'000s};
  CHECK(ago_text(now, now) == "now");
  CHECK(ago_text(now + 5s, now) == "now");
  CHECK(ago_text(now - 12s, now) == "12s ago");
  CHECK(ago_text(now - 179s, now) == "2m ago");
  CHECK(ago_text(now - 50h, now) == "2d ago");
}

TEST_CASE("a time to come is told by how long that is, in two units at most") {
  db_time now{1'000'000s};
  CHECK(when_text(now + 4900ms, now) == "in 4s");
  CHECK(when_text(now + 200s, now) == "in 3m 20s");
  CHECK(when_text(now + 2h, now) == "in 2h");
  CHECK(when_text(now + 31h + 5min, now) == "in 1d 7h");
  CHECK(when_text(now + 999ms, now) == "now");
  CHECK(when_text(now - 12s, now) == "12s ago");
}

TEST_CASE("times are ISO-8601 in UTC with milliseconds, and can be read back") {
  db_time at{std::chrono::microseconds{1'772'360'430'123'456}};
  CHECK(iso_time(at) == "2026-03-01T10:20:30.123Z");
  CHECK(parse_iso_time(iso_time(at)) == std::chrono::floor<std::chrono::milliseconds>(at));
  CHECK(iso_time(db_time{-1ms}) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("numbers are grouped by thousands") {
  CHECK(grouped(0) == "0");
  CHECK(grouped(999) == "999");
  CHECK(grouped(1'234'567) == "1,234,567");
  CHECK(grouped(-123) == "-123");
  CHECK(grouped(-1234) == "-1,234");
  CHECK(grouped(INT64_MIN) == "-9,223,372,036,854,775,808");
}

TEST_CASE("one thing is not said in the plural") {
  CHECK(counted(0, "run is", "runs are") == "0 runs are");
  CHECK(counted(1, "run is", "runs are") == "1 run is");
  CHECK(counted(1234, "run is", "runs are") == "1,234 runs are");
}

TEST_CASE("CSV fields are quoted when they have to be") {
  CHECK(csv_field("plain") == "plain");
  CHECK(csv_field("a,b") == "\"a,b\"");
  CHECK(csv_field("say \"x\"") == "\"say \"\"x\"\"\"");
  CHECK(csv_field("two\nlines") == "\"two\nlines\"");
}

TEST_CASE("suggested commands can be pasted into a shell") {
  CHECK(shell_word("sqlite:/tmp/x.db") == "sqlite:/tmp/x.db");
  CHECK(shell_word("a b") == "'a b'");
  CHECK(shell_word("it's; rm") == "'it'\\''s; rm'");
  CHECK(shell_word("") == "''");
}

TEST_CASE("a document is printed whatever bytes it holds") {
  CHECK(dump(document("a\xff")) == "\"a\xef\xbf\xbd\"");
  CHECK(dump(document(INT64_MAX)) == "9223372036854775807");
  CHECK(dump({{"b", 1}, {"a", 2}}) == "{\"b\":1,\"a\":2}");
}
