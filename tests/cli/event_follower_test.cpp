#include "apps/partita/event_follower.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace partita;
using namespace partita::cli;

namespace {

constexpr mono_time begin{std::chrono::hours{1}};

/// A log whose transactions commit in any order.
struct log_of_events {
  std::set<std::int64_t> committed;
  std::int64_t rows_read = 0;
  std::vector<std::int64_t> printed;

  void commit(std::int64_t from, std::int64_t to) {
    for (auto id = from; id <= to; ++id) committed.insert(id);
  }
  event_follower::fetch_function reading() {
    return [this](std::int64_t after, int limit) {
      std::vector<event_row> rows;
      for (auto at = committed.upper_bound(after); at != committed.end() && limit-- > 0; ++at) {
        rows.emplace_back().id = *at;
        ++rows_read;
      }
      return rows;
    };
  }
  void look(event_follower& follower, mono_time now, bool to_the_end = false) {
    follower.look(now, to_the_end, [this](const std::vector<event_row>& rows) {
      for (const auto& row : rows) printed.push_back(row.id);
    });
  }
  bool has_printed(std::int64_t id) const {
    return std::count(printed.begin(), printed.end(), id) == 1;
  }
};

}  // namespace

TEST_CASE("each event is followed once, in order of ids where they commit in that order") {
  log_of_events log;
  event_follower follower(5, log.reading());
  log.commit(1, 3'500);
  log.look(follower, begin);
  log.look(follower, begin + std::chrono::milliseconds{500});
  CHECK(log.printed.size() == 3'495);
  CHECK(log.printed.front() == 6);
  CHECK(std::is_sorted(log.printed.begin(), log.printed.end()));
}

TEST_CASE("an event whose transaction commits late is followed at the next look") {
  log_of_events log;
  event_follower follower(0, log.reading());
  log.commit(1, 999);
  log.commit(1'001, 1'500);
  log.look(follower, begin);
  log.commit(1'000, 1'000);
  log.look(follower, begin + std::chrono::milliseconds{500});
  CHECK(log.has_printed(1'000));
}

TEST_CASE("an event that commits minutes later, behind many others, is followed all the same") {
  log_of_events log;
  event_follower follower(0, log.reading());
  log.commit(1, 999);
  log.commit(1'001, 90'000);
  log.look(follower, begin);
  log.commit(1'000, 1'000);
  log.look(follower, begin + std::chrono::milliseconds{500});
  CHECK_FALSE(log.has_printed(1'000));  // so far back it looks only now and then
  log.look(follower, begin + event_follower::far_every);
  CHECK(log.has_printed(1'000));
  CHECK(log.printed.size() == 90'000);
}

TEST_CASE("the last look at a run that has ended is a far one") {
  log_of_events log;
  event_follower follower(0, log.reading());
  log.commit(1, 999);
  log.commit(1'001, 90'000);
  log.look(follower, begin);
  log.commit(1'000, 1'000);
  log.look(follower, begin + std::chrono::milliseconds{500}, true);
  CHECK(log.has_printed(1'000));
}

TEST_CASE("looks that find nothing read a thousand rows, not the log") {
  log_of_events log;
  event_follower follower(0, log.reading());
  log.commit(1, 300'000);
  log.look(follower, begin);
  log.rows_read = 0;
  for (int i = 1; i < 40; ++i) log.look(follower, begin + std::chrono::milliseconds{499} * i);
  CHECK(log.rows_read <= 39 * event_follower::near);
}
