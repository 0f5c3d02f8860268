#include "protocol/schedule_policy.hpp"

#include <catch2/catch.hpp>

using namespace partita;
using namespace std::chrono_literals;

namespace {

const db_time ten{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + 10h};

schedule_rules rules(const std::string& text, overlap_policy overlap, microseconds catch_up) {
  return {*parse_trigger(text).value, overlap, catch_up};
}

schedule_decision waits(std::optional<db_time> next) {
  return {{}, {}, missed_why::none_missed, next};
}
schedule_decision fires(db_time tick, std::optional<db_time> next) {
  return {tick, {}, missed_why::none_missed, next};
}
schedule_decision fires(db_time tick, missed_ticks missed, std::optional<db_time> next) {
  return {tick, missed, missed_why::newer, next};
}
schedule_decision skips(missed_why why, missed_ticks missed, std::optional<db_time> next) {
  return {{}, missed, why, next};
}

const schedule_runs no_runs{};
const schedule_runs live{true, {}};

schedule_runs ended(db_time began, db_time at) { return {false, schedule_runs::span{began, at}}; }

constexpr auto skip = overlap_policy::skip;
constexpr auto queue_one = overlap_policy::queue_one;
constexpr auto allow = overlap_policy::allow;

}  // namespace

TEST_CASE("what becomes of an hourly schedule: stored tick, now, runs, overlap, window") {
  struct row {
    std::string what;
    microseconds late;  // of now, after the stored tick at 10:00
    schedule_runs runs;
    overlap_policy overlap;
    microseconds window;
    schedule_decision wanted;
  };
  const auto eleven = ten + 1h, two = ten + 4h, one = ten + 3h;
  const missed_ticks first{1, ten, ten};
  const missed_ticks three{3, ten, ten + 2h};
  const missed_ticks all{4, ten, one};
  const std::vector<row> table{
      // Not due yet: neither runs nor rules matter.
      {"before", -1us, no_runs, skip, 0s, waits(ten)},
      {"before", -1us, live, skip, 0s, waits(ten)},
      {"before", -1us, live, queue_one, 0s, waits(ten)},
      {"before", -1us, live, allow, 0s, waits(ten)},
      // Due, and no run is live.
      {"now", 0s, no_runs, skip, 0s, fires(ten, eleven)},
      {"now", 0s, no_runs, queue_one, 0s, fires(ten, eleven)},
      {"now", 0s, no_runs, allow, 0s, fires(ten, eleven)},
      {"now", 0s, ended(ten - 1h, ten - 1min), skip, 0s, fires(ten, eleven)},
      // Due, and a run is live.
      {"live", 0s, live, skip, 0s, skips(missed_why::overlap, first, eleven)},
      {"live", 0s, live, queue_one, 0s, waits(ten)},
      {"live", 0s, live, allow, 0s, fires(ten, eleven)},
      // On time, whatever the window.
      {"a minute", 1min, no_runs, skip, 0s, fires(ten, eleven)},
      {"a minute", 1min, no_runs, queue_one, 0s, fires(ten, eleven)},
      {"a minute", 1min, live, allow, 0s, fires(ten, eleven)},
      // Too late.
      {"too late", 1min + 1us, no_runs, skip, 0s, skips(missed_why::too_late, first, eleven)},
      {"too late", 1min + 1us, no_runs, queue_one, 0s, skips(missed_why::too_late, first, eleven)},
      {"too late", 1min + 1us, no_runs, allow, 0s, skips(missed_why::too_late, first, eleven)},
      {"too late, and live", 1min + 1us, live, skip, 0s, skips(missed_why::overlap, first, eleven)},
      {"too late, and live", 1min + 1us, live, queue_one, 0s, waits(ten)},
      {"too late, and live", 1min + 1us, live, allow, 0s,
       skips(missed_why::too_late, first, eleven)},
      // The window.
      {"within", 30min, no_runs, skip, 30min, fires(ten, eleven)},
      {"within", 30min, no_runs, queue_one, 30min, fires(ten, eleven)},
      {"within", 30min, no_runs, allow, 30min, fires(ten, eleven)},
      {"beyond", 30min + 1us, no_runs, skip, 30min, skips(missed_why::too_late, first, eleven)},
      // Several are due, at 10, 11, 12 and 13: the newest fires if it is within the window.
      {"several", 3h + 5min, no_runs, skip, 5min, fires(one, three, two)},
      {"several", 3h + 5min, no_runs, queue_one, 5min, fires(one, three, two)},
      {"several", 3h + 5min, live, allow, 5min, fires(one, three, two)},
      {"several", 3h + 5min, no_runs, skip, 24h, fires(one, three, two)},
      {"several, beyond", 3h + 5min, no_runs, skip, 4min, skips(missed_why::too_late, all, two)},
      {"several, live", 3h + 5min, live, skip, 24h, skips(missed_why::overlap, all, two)},
      {"several, live", 3h + 5min, live, queue_one, 24h, waits(ten)},
      // A tick that waited behind a run is as old as the end of that run.
      {"waited", 50min, ended(ten - 1h, ten + 50min - 5s), queue_one, 0s, fires(ten, eleven)},
      {"waited too long", 50min, ended(ten - 1h, ten + 40min), queue_one, 0s,
       skips(missed_why::too_late, first, eleven)},
      {"several waited", 3h + 50min, ended(ten - 1h, ten + 3h + 50min), queue_one, 0s,
       fires(one, three, two)},
      {"that run began later", 50min, ended(ten + 1s, ten + 50min), queue_one, 0s,
       skips(missed_why::too_late, first, eleven)},
      {"nothing waits", 50min, ended(ten - 1h, ten + 50min), skip, 0s,
       skips(missed_why::too_late, first, eleven)},
      {"nothing waits", 50min, ended(ten - 1h, ten + 50min), allow, 0s,
       skips(missed_why::too_late, first, eleven)},
  };
  for (const auto& r : table) {
    INFO(r.what << ", " << r.late.count() << " us late, overlap " << int(r.overlap));
    CHECK(decide(rules("0 * * * *", r.overlap, r.window), ten, ten + r.late, r.runs) == r.wanted);
  }
}

TEST_CASE("a fixed delay goes by the end of the last run and never overlaps") {
  struct row {
    std::string what;
    microseconds late;
    schedule_runs runs;
    microseconds window;
    schedule_decision wanted;  // its next tick is given as of `late`
  };
  const missed_ticks first{1, ten, ten};
  const std::vector<row> table{
      {"not due", -1us, no_runs, 0s, waits(ten)},
      {"the first run", 0s, no_runs, 0s, fires(ten, ten + 30s)},
      {"late", 20s, no_runs, 0s, fires(ten, ten + 50s)},
      {"live", 0s, live, 0s, waits(ten + 30s)},
      {"live, late", 2h, live, 0s, waits(ten + 2h + 30s)},
      {"ended, not yet", 1s, ended(ten - 30s, ten - 10s), 0s, waits(ten + 20s)},
      {"ended, now", 20s, ended(ten - 30s, ten - 10s), 0s, fires(ten + 20s, ten + 50s)},
      {"ended long before", 0s, ended(ten - 3h, ten - 2h), 0s, fires(ten, ten + 30s)},
      {"too late", 2min, ended(ten - 3h, ten - 2h), 0s,
       skips(missed_why::too_late, first, ten + 150s)},
      {"caught up with", 2h, ended(ten - 3h, ten - 2h), 2h, fires(ten, ten + 2h + 30s)},
  };
  for (const auto& r : table)
    for (const auto overlap : {skip, queue_one, allow}) {
      INFO(r.what << ", overlap " << int(overlap));
      CHECK(decide(rules("every 30s", overlap, r.window), ten, ten + r.late, r.runs) == r.wanted);
    }
}

TEST_CASE("a fixed delay needs no word of the end of a run, and still goes by it") {
  const auto every = rules("every 30s", skip, 0s);
  // Fires at 0, the run lasts 47 s.
  auto next = decide(every, ten, ten, no_runs).next;
  CHECK(next == ten + 30s);
  next = decide(every, *next, *next, {true, {}}).next;
  CHECK(next == ten + 60s);
  const auto runs = ended(ten, ten + 47s);
  next = decide(every, *next, *next, runs).next;
  CHECK(next == ten + 77s);
  CHECK(decide(every, *next, *next, runs) == fires(ten + 77s, ten + 107s));
}

TEST_CASE("at fires once, late within its window, or never") {
  const auto once = "at 2026-03-01T10:00";
  CHECK(decide(rules(once, skip, 0s), ten, ten - 1s, no_runs) == waits(ten));
  CHECK(decide(rules(once, skip, 0s), ten, ten, no_runs) == fires(ten, {}));
  CHECK(decide(rules(once, skip, 1h), ten, ten + 1h, no_runs) == fires(ten, {}));
  CHECK(decide(rules(once, skip, 0s), ten, ten + 1h, no_runs) ==
        skips(missed_why::too_late, {1, ten, ten}, {}));
  CHECK(decide(rules(once, skip, 0s), ten, ten, live) ==
        skips(missed_why::overlap, {1, ten, ten}, {}));
  CHECK(decide(rules(once, queue_one, 0s), ten, ten, live) == waits(ten));
}

TEST_CASE("missed ticks are counted up to a limit; the newest of them is known all the same") {
  const auto now = ten + std::chrono::days{30};
  const auto each_second = rules("every 1s at fixed rate", skip, 0s);
  CHECK(decide(each_second, ten, now, no_runs) ==
        fires(now, {most_missed, ten, now - 1s}, now + 1s));
  CHECK(decide(each_second, ten, now, live) ==
        skips(missed_why::overlap, {most_missed, ten, now}, now + 1s));
}

TEST_CASE("a stored tick that the trigger no longer has still counts as one") {
  CHECK(decide(rules("30 * * * *", skip, 0s), ten, ten + 1s, no_runs) == fires(ten, ten + 30min));
  CHECK(decide(rules("30 * * * *", skip, 0s), ten, ten + 30min, no_runs) ==
        fires(ten + 30min, {1, ten, ten}, ten + 90min));
}

TEST_CASE("the next tick is later than now, but for one that waits behind a run") {
  for (const auto* text : {"0 * * * *", "30 2 * * *", "every 30s", "every 30s at fixed rate"})
    for (const auto overlap : {skip, queue_one, allow})
      for (const auto& runs : {no_runs, live, ended(ten - 1h, ten - 5s), ended(ten - 1h, ten + 3h)})
        for (const microseconds window : {microseconds{0}, microseconds{1h}, microseconds{100h}})
          for (const microseconds late : {microseconds{-1}, microseconds{0}, microseconds{59s},
                                          microseconds{1h}, microseconds{26h}}) {
            const auto now = ten + late;
            const auto out = decide(rules(text, overlap, window), ten, now, runs);
            INFO(text << " " << int(overlap) << " " << runs.live << " " << late.count());
            REQUIRE(out.next);
            const auto queued = runs.live && overlap == queue_one && !out.fire;
            CHECK((*out.next > now || (queued && *out.next == ten)));
            if (out.fire) CHECK((*out.fire >= ten && *out.fire <= now));
            if (out.missed.count > 0) CHECK((out.missed.first >= ten && out.missed.last <= now));
            if (out.fire && out.missed.count > 0) CHECK(out.missed.last < *out.fire);
            CHECK((out.missed.count > 0) == (out.why != missed_why::none_missed));
          }
}
