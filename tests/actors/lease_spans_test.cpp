#include "actors/lease_spans.hpp"

#include <catch2/catch.hpp>

using namespace partita;

namespace {

struct kept_spans final : span_sink {
  void take(trace_span one) override { all.push_back(std::move(one)); }
  std::vector<trace_span> all;
};

struct traced_book {
  explicit traced_book(bool sampled = true) {
    step_facts facts;
    facts.run = run_id{1};
    facts.trace.submit = {{1, 2}, {3}, sampled};
    facts.trace.run = {4};
    book.learn(step_id{1}, facts);
    lease_grant grant{lease_id{7}, step_id{1}, {0, 2}, 1, {}};
    for (partition_no no = 0; no <= 2; ++no) grant.partitions.push_back({no, "", "null", {}});
    book.granted(grant);
    spans.granted({node_id{1}, run_id{1}, "job", "step", 1, lease_id{7}}, facts.trace, {0, 2},
                  mono_time{milliseconds{1}});
  }

  void end(int settled) {
    book.hand_out();
    book.hand_out();
    for (partition_no no = 0; no < settled; ++no) {
      finished_attempt one;
      one.report.lease = lease_id{7};
      one.report.no = no;
      book.finished(static_cast<int>(no), lease_id{7}, {one});
      lease_tally tally;
      tally.add(one.report, report_verdict::recorded);
      book.settled(lease_id{7}, 1);
      spans.reported(lease_id{7}, tally);
      spans.close_what_is_over(book, now);
    }
  }

  mono_time now{milliseconds{9}};
  lease_book book{3, settings{}};
  std::shared_ptr<kept_spans> sink = std::make_shared<kept_spans>();
  lease_spans spans{sink};
};

}  // namespace

TEST_CASE("a lease is one span, once all that it holds is reported") {
  traced_book of;
  of.end(2);
  CHECK(of.sink->all.empty());
  of.spans.close_what_is_over(of.book, of.now);
  CHECK(of.sink->all.empty());
  of.spans.lost_all(of.now);
  REQUIRE(of.sink->all.size() == 1);
  CHECK(of.sink->all.front().message == "the cluster has taken the lease away");
}

TEST_CASE("a lease whose partitions all ended is no span a second time") {
  traced_book of;
  of.end(3);
  REQUIRE(of.sink->all.size() == 1);
  CHECK_FALSE(of.sink->all.front().failed);
  of.spans.reported(lease_id{7}, {});
  of.spans.close_what_is_over(of.book, of.now);
  of.spans.lost_all(of.now);
  CHECK(of.sink->all.size() == 1);
}

TEST_CASE("a lease that was given back before anything was executed is no span") {
  traced_book of;
  of.book.offer_back(lease_id{7});
  of.book.given_back(lease_id{7});
  of.book.forget_what_is_over();
  of.spans.given_back(lease_id{7}, 0);
  of.spans.close_what_is_over(of.book, of.now);
  of.spans.lost_all(of.now);
  CHECK(of.sink->all.empty());
}

TEST_CASE("a trace that is not recorded has no spans") {
  traced_book of{false};
  of.end(3);
  of.spans.lost_all(of.now);
  CHECK(of.sink->all.empty());
}
