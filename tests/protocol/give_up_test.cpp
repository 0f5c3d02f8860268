#include <catch2/catch.hpp>

#include "protocol/lease_book.hpp"

using namespace partita;
using namespace std::chrono_literals;

namespace {

lease_grant grant_of(int lease, int step, partition_no lo, partition_no hi) {
  lease_grant g{lease_id{lease}, step_id{step}, {lo, hi}, 1, {}};
  for (auto no = lo; no <= hi; ++no) g.partitions.push_back({no, "", "null", {}});
  return g;
}

finished_attempt done(int lease, partition_no no) {
  finished_attempt ended;
  ended.begun = true;
  ended.report.lease = lease_id{lease};
  ended.report.no = no;
  return ended;
}

}  // namespace

TEST_CASE("a body that is given up: its attempt goes back, and its executor stays busy") {
  lease_book book{1, {}};
  step_facts timed;
  timed.one_by_one = true;
  timed.mean_us = 10;  // short: without a timeout they would travel together
  book.learn(step_id{1}, timed);
  book.granted(grant_of(1, 1, 0, 1));
  const auto handed = book.hand_out();
  REQUIRE(handed.size() >= 1);
  REQUIRE(handed[0].partitions.size() == 1);

  CHECK(book.give_up(0, lease_id{1}, 1).empty());  // not the one it is busy with
  const auto given_up = book.give_up(0, lease_id{1}, 0);
  REQUIRE(given_up.size() == handed.size());  // with what waits behind it
  CHECK(given_up[0].no == 0);
  CHECK(given_up[0].outcome == attempt_outcome::released);
  CHECK(book.free_executors() == 0);
  CHECK(book.give_up(0, lease_id{1}, 0).empty());  // once
  book.settled(lease_id{1}, static_cast<int>(given_up.size()));

  const auto back = book.finished(0, lease_id{1}, {done(1, 0)});
  CHECK(back.to_report.empty());
  CHECK(back.late.size() == 1);
}

TEST_CASE("a book knows whether it holds what was tried before") {
  lease_book book{1, {}};
  book.learn(step_id{1}, {});
  CHECK_FALSE(book.holds_retried());
  book.granted(grant_of(1, 1, 0, 0));
  CHECK_FALSE(book.holds_retried());
  auto again = grant_of(2, 1, 1, 1);
  again.attempt = 2;
  book.granted(again);
  CHECK(book.holds_retried());
  book.lost(lease_id{2});
  CHECK_FALSE(book.holds_retried());
}
