#include "protocol/report_queue.hpp"

#include <catch2/catch.hpp>

using namespace partita;

namespace {

attempt_report report_of(partition_no no, std::size_t bytes = 0) {
  attempt_report r;
  r.no = no;
  r.output = std::string(bytes, '1');
  return r;
}

report_queue queue(int count, int most, std::size_t most_bytes = 1000, std::size_t bytes = 10) {
  settings s;
  s.max_report_batch = most;
  s.max_statement_bytes = most_bytes;
  report_queue q{s};
  for (int no = 0; no < count; ++no) q.add(report_of(no, bytes));
  return q;
}

}  // namespace

TEST_CASE("a batch of results holds as many as a statement may, and not too many bytes") {
  CHECK(queue(3, 5).send({}).size() == 3);
  CHECK_FALSE(queue(4, 5).has_full_batch());
  CHECK(queue(5, 5).has_full_batch());
  CHECK(queue(9, 5).send({}).size() == 5);
  CHECK(queue(9, 5, 25, 10).send({}).size() == 2);
  CHECK(queue(9, 5, 25, 100).send({}).size() == 1);  // too large, and still it must go
}

TEST_CASE("results that were answered are gone; the others wait in their order") {
  auto q = queue(7, 3);
  CHECK(q.send({}).front().no == 0);
  const auto answered = q.answered(3);
  REQUIRE(answered.size() == 3);
  CHECK(answered.back().no == 2);
  CHECK(q.send({}).front().no == 3);
}

TEST_CASE("only results that were never sent come out when all is forgotten") {
  auto q = queue(7, 3);
  q.send({});
  CHECK(q.clear().size() == 4);  // the others may stand
  CHECK(q.empty());
  auto answered = queue(7, 3);
  answered.send({});
  answered.answered(3);
  CHECK(answered.clear().size() == 4);
  auto doubtful = queue(7, 5);
  doubtful.send({});
  doubtful.add(report_of(7));
  CHECK(doubtful.clear().size() == 3);
}

TEST_CASE("a report says how long ago it ended, each time it is sent") {
  report_queue q{{}};
  attempt_report ended, unknown;
  ended.ended = mono_time{std::chrono::seconds{10}};
  q.add(ended);
  q.add(unknown);
  CHECK(q.send(mono_time{std::chrono::seconds{12}}).front().ended_ago == std::chrono::seconds{2});
  const auto again = q.send(mono_time{std::chrono::seconds{20}});
  CHECK(again[0].ended_ago == std::chrono::seconds{10});
  CHECK(again[1].ended_ago == microseconds{0});
}
