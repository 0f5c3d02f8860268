#include "protocol/schedule_watch.hpp"

#include <catch2/catch.hpp>

using namespace partita;
using namespace std::chrono_literals;

namespace {

constexpr db_time at{std::chrono::hours{500'000}};

schedule_row every(const std::string& trigger, std::optional<db_time> next) {
  schedule_row s;
  s.what.trigger = trigger;
  s.next_tick = next;
  s.owner = node_id{7};
  return s;
}

schedule_trouble judged(const schedule_row& s, db_time now, bool lives = true, bool runs = false) {
  return trouble_of(
      s, lives, [=] { return runs; }, now, 3);
}

}  // namespace

TEST_CASE("a schedule whose ticks pass by is found after so many intervals") {
  const auto s = every("every 1h at fixed rate", at);
  CHECK(judged(s, at - 1s) == schedule_trouble::none);
  CHECK(judged(s, at + 3h - 1s) == schedule_trouble::none);
  CHECK(judged(s, at + 3h) == schedule_trouble::not_fired);
  CHECK(judged(every("every 1h", at), at + 3h) == schedule_trouble::not_fired);
}

TEST_CASE("a short interval leaves time for a takeover") {
  const auto s = every("every 1s", at);
  CHECK(judged(s, at + 59s) == schedule_trouble::none);
  CHECK(judged(s, at + 61s) == schedule_trouble::not_fired);
}

TEST_CASE("a schedule without a living owner is found at once, unless it is paused") {
  auto s = every("@daily", at);
  CHECK(judged(s, at, false) == schedule_trouble::no_owner);
  s.paused = pause_mark{at, "ann", "why"};
  CHECK(judged(s, at + 1000h, false) == schedule_trouble::none);
}

TEST_CASE("a tick may wait for the end of a run") {
  auto s = every("every 1h at fixed rate", at);
  s.what.overlap = overlap_policy::queue_one;
  CHECK(judged(s, at + 9h, true, true) == schedule_trouble::none);
  CHECK(judged(s, at + 9h, true, false) == schedule_trouble::not_fired);
}

TEST_CASE("a schedule that only misses its ticks is found, whatever comes next") {
  auto s = every("every 1h at fixed rate", at + 1h);
  s.created_at = at - 9h;
  s.missed = 3;
  CHECK(judged(s, at) == schedule_trouble::not_run);
  s.missed = 2;
  CHECK(judged(s, at) == schedule_trouble::none);
  s.missed = 300;
  s.last_tick = at - 3h;
  CHECK(judged(s, at) == schedule_trouble::not_run);
  s.last_tick = at - 2h;
  CHECK(judged(s, at) == schedule_trouble::none);
  s.last_tick = at - 9h;
  for (const auto overlap : {overlap_policy::skip, overlap_policy::queue_one}) {
    s.what.overlap = overlap;
    CHECK(judged(s, at, true, true) == schedule_trouble::none);  // its run lasts, which is shown
  }
  auto slow = every("every 1h", at + 1h);  // its ticks go by the ends of its runs
  slow.missed = 3;
  slow.last_tick = at - 9h;
  CHECK(judged(slow, at) == schedule_trouble::none);
  auto once = every("at 2001-01-01T00:00", {});
  once.missed = 1;
  CHECK(judged(once, at) == schedule_trouble::not_run);
}

TEST_CASE("a schedule rests for ever: after its only tick, or because of its trigger") {
  CHECK(judged(every("at 2001-01-01T00:00", {}), at) == schedule_trouble::none);
  CHECK(judged(every("@daily", {}), at) == schedule_trouble::no_trigger);
  CHECK(judged(every("every 3 moons", at), at) == schedule_trouble::no_trigger);
}
