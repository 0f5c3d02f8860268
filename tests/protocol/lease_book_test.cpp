// What a claimer decides, as traces that can be read: each line is an event, the lines after `>`
// are what the book then wants done.

#include "protocol/lease_book.hpp"

#include <catch2/catch.hpp>

#include <sstream>

using namespace partita;
using namespace std::chrono_literals;

namespace {

settings limits() {
  settings s;
  s.lease_hold = 1000ms;
  s.max_lease_width = 5000;
  return s;
}

lease_grant grant_of(int lease, int step, partition_no lo, partition_no hi, int attempt = 1) {
  lease_grant g{lease_id{lease}, step_id{step}, {lo, hi}, attempt, {}};
  for (auto no = lo; no <= hi; ++no) g.partitions.push_back({no, "", "null", {}});
  return g;
}

/// A book with two executors that knows step 1 (transferable) and step 2 (not).
class trace {
 public:
  trace() {
    step_facts facts;
    book.learn(step_id{1}, facts);
    facts.spec.transferable = false;
    book.learn(step_id{2}, facts);
  }

  lease_book book{2, limits()};

  void grant(int lease, int step, partition_no lo, partition_no hi) {
    line() << "lease " << lease << " of step " << step << " grants " << lo << ".." << hi << "\n";
    book.granted(grant_of(lease, step, lo, hi));
    show_handouts();
  }

  /// The executor is through with these partitions; each took as long.
  void end(int executor, int lease, partition_no lo, partition_no hi, microseconds took,
           attempt_outcome outcome = attempt_outcome::completed) {
    line() << "executor " << executor << " ends " << lo << ".." << hi << " of lease " << lease
           << " " << to_string(outcome) << "\n";
    std::vector<finished_attempt> attempts;
    for (auto no = lo; no <= hi; ++no) {
      finished_attempt ended;
      ended.begun = true;
      ended.report.lease = lease_id{lease};
      ended.report.no = no;
      ended.report.outcome = outcome;
      ended.report.took = took;
      attempts.push_back(ended);
    }
    auto back = book.finished(executor, lease_id{lease}, std::move(attempts));
    show("> report", back.to_report);
    show("> too late:", back.late);
    show_handouts();
  }

  void stop(int lease, stop_mode mode) {
    line() << "lease " << lease << " must " << to_string(mode) << "\n";
    show("> report", book.stop(lease_id{lease}, mode));
    offer(lease);
    show_handouts();
  }

  void offer(int lease) {
    if (const auto from = book.offer_back(lease_id{lease}))
      line() << "> give back lease " << lease << " from " << *from << "\n";
  }

  void settle(int lease, int count) {
    book.settled(lease_id{lease}, count);
    line() << count << " of lease " << lease << " settled"
           << (book.holds(lease_id{lease}) ? "" : ": it is over") << "\n";
  }

  std::string text() const { return text_.str(); }

 private:
  std::ostream& line() { return text_; }

  void show(const char* what, const std::vector<attempt_report>& reports) {
    if (reports.empty()) return;
    line() << what << " " << reports.front().no << ".." << reports.back().no << " "
           << to_string(reports.front().outcome) << "\n";
  }

  void show_handouts() {
    for (const auto& batch : book.hand_out())
      line() << "> executor " << batch.executor << " gets " << batch.partitions.front().no << ".."
             << batch.partitions.back().no << " of lease " << batch.lease.value << "\n";
  }

  std::ostringstream text_;
};

}  // namespace

TEST_CASE("trace: long partitions are handed out one by one, short ones in batches, one ahead") {
  trace t;
  t.grant(7, 1, 0, 99);
  t.end(0, 7, 0, 0, 1000us);
  t.end(1, 7, 1, 1, 1000us);
  t.end(0, 7, 2, 6, 1000us);
  CHECK(t.text() == R"(lease 7 of step 1 grants 0..99
> executor 0 gets 0..0 of lease 7
> executor 1 gets 1..1 of lease 7
executor 0 ends 0..0 of lease 7 COMPLETED
> report 0..0 COMPLETED
> executor 0 gets 2..6 of lease 7
> executor 0 gets 7..11 of lease 7
> executor 1 gets 12..16 of lease 7
executor 1 ends 1..1 of lease 7 COMPLETED
> report 1..1 COMPLETED
> executor 1 gets 17..21 of lease 7
executor 0 ends 2..6 of lease 7 COMPLETED
> report 2..6 COMPLETED
> executor 0 gets 22..26 of lease 7
)");
}

TEST_CASE("trace: the oldest lease goes first; a lease is over when all of it is settled") {
  trace t;
  t.grant(8, 1, 10, 10);
  t.grant(9, 1, 20, 21);
  t.end(0, 8, 10, 10, 1s);
  t.settle(8, 1);
  t.end(1, 9, 20, 20, 1s);
  t.settle(9, 1);
  t.end(0, 9, 21, 21, 1s);
  t.settle(9, 1);
  CHECK(t.text() == R"(lease 8 of step 1 grants 10..10
> executor 0 gets 10..10 of lease 8
lease 9 of step 1 grants 20..21
> executor 1 gets 20..20 of lease 9
executor 0 ends 10..10 of lease 8 COMPLETED
> report 10..10 COMPLETED
> executor 0 gets 21..21 of lease 9
1 of lease 8 settled: it is over
executor 1 ends 20..20 of lease 9 COMPLETED
> report 20..20 COMPLETED
1 of lease 9 settled
executor 0 ends 21..21 of lease 9 COMPLETED
> report 21..21 COMPLETED
1 of lease 9 settled: it is over
)");
}

TEST_CASE("trace: a run that is asked to stop gives back what was not handed out") {
  trace t;
  t.grant(7, 1, 0, 9);
  t.stop(7, stop_mode::stop);
  t.end(0, 7, 0, 0, 1s, attempt_outcome::released);
  CHECK(t.text() == R"(lease 7 of step 1 grants 0..9
> executor 0 gets 0..0 of lease 7
> executor 1 gets 1..1 of lease 7
lease 7 must STOP
> give back lease 7 from 2
executor 0 ends 0..0 of lease 7 RELEASED
> report 0..0 RELEASED
)");
}

TEST_CASE("trace: a stop that waits for nothing gives back what executors hold too") {
  trace t;
  t.grant(7, 1, 0, 2);
  t.stop(7, stop_mode::now);
  t.end(0, 7, 0, 0, 1s);
  t.stop(7, stop_mode::now);
  CHECK(t.text() == R"(lease 7 of step 1 grants 0..2
> executor 0 gets 0..0 of lease 7
> executor 1 gets 1..1 of lease 7
lease 7 must NOW
> report 0..1 RELEASED
> give back lease 7 from 2
executor 0 ends 0..0 of lease 7 COMPLETED
> too late: 0..0 COMPLETED
lease 7 must NOW
> give back lease 7 from 2
)");
}

TEST_CASE("trace: what may be started only once fails when it is interrupted, but not by its run") {
  trace t;
  t.grant(7, 2, 0, 1);
  t.end(0, 7, 0, 0, 1s, attempt_outcome::released);
  t.stop(7, stop_mode::stop);
  t.end(1, 7, 1, 1, 1s, attempt_outcome::released);
  CHECK(t.text() == R"(lease 7 of step 2 grants 0..1
> executor 0 gets 0..0 of lease 7
> executor 1 gets 1..1 of lease 7
executor 0 ends 0..0 of lease 7 RELEASED
> report 0..0 FAILED
lease 7 must STOP
executor 1 ends 1..1 of lease 7 RELEASED
> report 1..1 RELEASED
)");
}

TEST_CASE("what was offered back is never handed out, and taken off when the answer comes") {
  lease_book book{1, limits()};
  book.learn(step_id{1}, {});
  book.granted(grant_of(7, 1, 0, 4));
  CHECK(book.hand_out().size() == 1);
  CHECK(book.unhanded() == 4);
  CHECK(book.offered_back().empty());
  CHECK(book.offer_back(lease_id{7}) == 1);
  CHECK(book.unhanded() == 0);
  CHECK(book.offered_back() == std::vector{lease_id{7}});
  CHECK(book.offer_back(lease_id{7}) == 1);  // the answer was lost: it is offered again
  book.given_back(lease_id{7});
  CHECK(book.offered_back().empty());
  CHECK_FALSE(book.offer_back(lease_id{7}));
  CHECK_FALSE(book.offer_back(lease_id{99}));
  book.finished(0, lease_id{7}, {{{lease_id{7}, 0, {}, {}, {}, {}, {}, {}, {}}, true}});
  CHECK(book.hand_out().empty());
  book.settled(lease_id{7}, 1);
  CHECK(book.empty());
}

TEST_CASE("more results without an answer than two reports hold: nothing is claimed") {
  auto few = limits();
  few.max_report_batch = 2;
  lease_book book{1, few};
  book.learn(step_id{1}, {});
  book.granted(grant_of(7, 1, 0, 3));
  book.granted(grant_of(8, 1, 4, 4));
  attempt_report done;
  done.took = 1s;  // long: one by one
  auto end_next = [&](int lease, partition_no no) {
    CHECK(book.hand_out().size() == 1);
    auto report = done;
    report.lease = lease_id{lease};
    report.no = no;
    book.finished(0, lease_id{lease}, {{report, true}});
  };
  for (partition_no no = 0; no < 4; ++no) end_next(7, no);
  CHECK(book.unsettled() == 4);
  CHECK_FALSE(book.overloaded());
  end_next(8, 4);
  CHECK(book.unsettled() == 5);
  CHECK(book.overloaded());
  CHECK_FALSE(book.wants_more(false));  // although the only executor is free
  book.settled(lease_id{7}, 2);
  CHECK_FALSE(book.overloaded());
  CHECK(book.wants_more(false));
  SECTION("what was reported of a lost lease does not count") {
    book.lost(lease_id{7});
    CHECK(book.unsettled() == 1);
    book.settled(lease_id{7}, 2);  // the answers to what was under way
    CHECK(book.unsettled() == 1);
    book.settled(lease_id{8}, 1);
    CHECK(book.empty());
  }
  SECTION("a node that was given up waits for no answer") {
    book.lost_all();
    CHECK(book.unsettled() == 0);
    book.settled(lease_id{7}, 2);
    CHECK(book.unsettled() == 0);
    CHECK(book.wants_more(false));
  }
}

TEST_CASE("nodes look as often as there may be something to find") {
  lease_book book{1, limits()};
  book.learn(step_id{1}, {});
  cluster_view cluster;
  cluster.nodes = 1000;
  cluster.live_runs = false;
  CHECK(book.watchers(cluster) == 4);
  cluster.live_runs = true;
  CHECK(book.watchers(cluster) == 1000);
  book.granted(grant_of(7, 1, 0, 0));
  CHECK(book.watchers(cluster) == 128);  // its executor is promised: it has all it can do
  book.hand_out();
  CHECK(book.watchers(cluster) == 128);
  book.finished(0, lease_id{7}, {{{lease_id{7}, 0, {}, {}, {}, {}, {}, {}, {}}, true}});
  CHECK(book.watchers(cluster) == 1000);  // a result is under way
}

TEST_CASE("what comes back of a lease that was lost is late, and its executor is free") {
  lease_book book{1, limits()};
  book.learn(step_id{1}, {});
  book.granted(grant_of(7, 1, 0, 0));
  book.hand_out();
  CHECK(book.free_executors() == 0);
  book.lost_all();
  CHECK(book.empty());
  auto back = book.finished(0, lease_id{7}, {{{lease_id{7}, 0, {}, {}, {}, {}, {}, {}, {}}, true}});
  CHECK(back.to_report.empty());
  CHECK(back.late.size() == 1);
  CHECK(book.free_executors() == 1);
}

TEST_CASE("more is wanted while an executor is free, and ahead only of short partitions") {
  auto with_mean = [](double mean_us, std::int64_t held) {
    lease_book book{2, limits()};
    step_facts facts;
    facts.mean_us = mean_us;
    book.learn(step_id{1}, facts);
    book.granted(grant_of(7, 1, 0, held - 1));
    book.hand_out();
    return book;
  };
  CHECK(lease_book{2, limits()}.wants_more(false));
  CHECK(lease_book{2, limits()}.wants_more(true));
  CHECK(with_mean(0, 1).wants_more(true));              // one executor is free
  CHECK_FALSE(with_mean(0, 2).wants_more(false));       // nothing is measured
  CHECK(with_mean(1e3, 20).wants_more(false));          // 20 ms of work; 100 ms ahead for each
  CHECK_FALSE(with_mean(1e3, 20).wants_more(true));     // but nothing is ready
  CHECK_FALSE(with_mean(1e3, 300).wants_more(false));   // 300 ms of work
  CHECK_FALSE(with_mean(2e5, 4).wants_more(false));     // each takes 200 ms
  CHECK_FALSE(with_mean(1, 15'000).wants_more(false));  // more than the widest lease
}

TEST_CASE("the width is decided on what is free and not promised to anybody") {
  lease_book book{4, limits()};
  step_facts facts;
  facts.mean_us = 100;
  book.learn(step_id{1}, facts);
  auto in = book.width_in({step_id{1}, run_id{1}, 1000, 0, 0}, 2);
  CHECK(in.remaining == 1000);
  CHECK(in.executors == 4);
  CHECK(in.free_executors == 4);
  CHECK(in.cluster_slots == 4);  // its own at least
  CHECK(in.mean_duration == 100us);
  CHECK_FALSE(in.one_start);
  CHECK(book.width_in({step_id{1}, run_id{1}, 1000, 0, 1}, 2).one_start);  // tried before
  book.granted(grant_of(7, 1, 0, 2));
  CHECK(book.width_in({step_id{1}, run_id{1}, 1000, 0, 0}, 2).free_executors == 1);
}

TEST_CASE("steps of which no lease is held are forgotten when there are too many") {
  lease_book book{1, limits()};
  book.learn(step_id{1}, {});
  book.granted(grant_of(7, 1, 0, 0));
  for (int i = 2; i <= 1001; ++i) book.learn(step_id{i}, {});
  CHECK(book.knows(step_id{1}));
  CHECK_FALSE(book.knows(step_id{2}));
  CHECK(book.knows(step_id{1001}));
}
