#include "protocol/spans.hpp"

#include <catch2/catch.hpp>

using namespace partita;

namespace {

using verdict = report_verdict;

mono_time at(int ms) { return mono_time{milliseconds{ms}}; }

attempt_report attempt(attempt_outcome outcome, int ended_ms, const std::string& error = "") {
  attempt_report report;
  report.outcome = outcome;
  report.error = error;
  report.counts = {10, 7, 2, 1};
  report.ended = at(ended_ms);
  return report;
}

traced_lease some_lease() {
  run_row run;
  run.id = run_id{17};
  run.launch_key = "nightly";
  return {{node_id{3}, run.id, "words", "measure", 2, lease_id{5}}, trace_of(run), {0, 9}, at(100)};
}

span_attribute of(const trace_span& s, const std::string& name) {
  for (const auto& one : s.attributes)
    if (one.name == name) return one;
  return {"there is no " + name, std::int64_t{0}};
}

run_row ended_run(run_state state) {
  run_row run;
  run.id = run_id{17};
  run.job = {"words", 4};
  run.launch_key = "nightly";
  run.state = state;
  run.created_at = db_time{milliseconds{1000}};
  run.started_at = db_time{milliseconds{2000}};
  run.ended_at = db_time{milliseconds{5000}};
  return run;
}

}  // namespace

TEST_CASE("the span of a lease is a child of its run, with a link to the submit") {
  auto lease = some_lease();
  lease.tally.add(attempt(attempt_outcome::completed, 300), verdict::recorded);
  lease.tally.add(attempt(attempt_outcome::completed, 200), verdict::recorded);
  const auto s = span_of(lease, at(900));
  CHECK(s.self == span_context{lease.of.submit.trace, span_of(lease.of, lease_id{5}), true});
  CHECK(s.parent == lease.of.run);
  REQUIRE(s.links.size() == 1);
  CHECK(s.links.front() == lease.of.submit);
  CHECK(s.kind == span_kind::consumer);
  CHECK(s.name == "words measure");
  CHECK(std::get<1>(s.when) == std::pair{at(100), at(300)});  // the last attempt, not the report
  CHECK_FALSE(s.failed);
  CHECK(of(s, "partita.outcome") == span_attribute{"partita.outcome", "COMPLETED"});
  CHECK(of(s, "partita.partition.last") == span_attribute{"partita.partition.last", 9});
  CHECK(of(s, "partita.attempt") == span_attribute{"partita.attempt", 2});
  CHECK(of(s, "partita.completed") == span_attribute{"partita.completed", 2});
  CHECK(of(s, "partita.items.read") == span_attribute{"partita.items.read", 20});
}

TEST_CASE("the span of a lease tells the worst that came of it") {
  const auto outcome_after = [](std::vector<std::pair<attempt_outcome, verdict>> all) {
    auto lease = some_lease();
    for (const auto& [how, said] : all) lease.tally.add(attempt(how, 200, "no disk"), said);
    return span_of(lease, at(900));
  };
  using enum attempt_outcome;
  const auto retried = outcome_after({{completed, verdict::recorded}, {retry, verdict::recorded}});
  CHECK(of(retried, "partita.outcome") == span_attribute{"partita.outcome", "RETRY"});
  CHECK(retried.failed);
  CHECK(retried.message == "no disk");
  const auto given_back = outcome_after({{released, verdict::recorded}});
  CHECK(of(given_back, "partita.outcome") == span_attribute{"partita.outcome", "RELEASED"});
  CHECK_FALSE(given_back.failed);
  const auto lost = outcome_after({{completed, verdict::rejected}, {retry, verdict::recorded}});
  CHECK(of(lost, "error.type") == span_attribute{"error.type", "LOST"});
  CHECK(of(lost, "partita.completed") == span_attribute{"partita.completed", 0});
  const auto has_failed = outcome_after(
      {{partita::attempt_outcome::failed, verdict::recorded}, {completed, verdict::rejected}});
  CHECK(of(has_failed, "error.type") == span_attribute{"error.type", "FAILED"});
  const auto refused_name = outcome_after({{completed, verdict::name_taken}});
  CHECK(of(refused_name, "partita.failed") == span_attribute{"partita.failed", 1});
  CHECK(refused_name.message.find("same name") != std::string::npos);
}

TEST_CASE("the message of a span is bounded, and no character is cut") {
  auto lease = some_lease();
  std::string error(longest_span_message - 1, 'x');
  lease.tally.add(attempt(attempt_outcome::failed, 200, error + "é and more"), verdict::recorded);
  CHECK(span_of(lease, at(900)).message == error + "…");
}

TEST_CASE("tallies of several reports add up") {
  lease_tally sum, more;
  CHECK(sum.empty());
  sum.add(attempt(attempt_outcome::failed, 300, "first"), verdict::recorded);
  more.add(attempt(attempt_outcome::failed, 200, "second"), verdict::recorded);
  more.add(attempt(attempt_outcome::completed, 200), verdict::rejected);
  sum += more;
  CHECK(sum.failed == 2);
  CHECK(sum.refused == 1);
  CHECK(sum.items.written == 14);
  CHECK(sum.error == "first");
  CHECK(sum.ended == at(300));
  CHECK_FALSE(sum.empty());
}

TEST_CASE("a lease whose attempts told no end ends now, and never before it began") {
  auto lease = some_lease();
  lease.tally.refused = 1;
  CHECK(std::get<1>(span_of(lease, at(900)).when).second == at(900));
  lease.tally.ended = at(50);
  CHECK(std::get<1>(span_of(lease, at(900)).when).second == at(100));
}

TEST_CASE("a run without a parent is two spans: its submit, and itself") {
  const auto all = spans_of(ended_run(run_state::completed), std::nullopt);
  REQUIRE(all.size() == 2);
  const auto& [run, submit] = std::tie(all[0], all[1]);
  CHECK(submit.parent == span_id{});
  CHECK(submit.kind == span_kind::producer);
  CHECK(submit.name == "submit words");
  CHECK(run.parent == submit.self.span);
  CHECK(run.self.trace == submit.self.trace);
  CHECK(std::get<0>(run.when) ==
        std::pair{db_time{milliseconds{2000}}, db_time{milliseconds{5000}}});
  CHECK(of(run, "partita.outcome") == span_attribute{"partita.outcome", "COMPLETED"});
  CHECK(run.links.empty());
}

TEST_CASE("a run with a parent is one span: its submit is the parent") {
  auto row = ended_run(run_state::failed);
  row.error = "3 partitions FAILED";
  row.trace_parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto all = spans_of(row, std::nullopt);
  REQUIRE(all.size() == 1);
  CHECK(hex(all[0].self.trace) == "4bf92f3577b34da6a3ce929d0e0e4736");
  CHECK(hex(all[0].parent) == "00f067aa0ba902b7");
  CHECK(all[0].failed);
  CHECK(all[0].message == "3 partitions FAILED");
}

TEST_CASE("a run that continues another one links to it") {
  const auto before = ended_run(run_state::failed);
  auto row = ended_run(run_state::completed);
  row.id = run_id{18};
  row.launch_key = "again";
  row.restart_of = before.id;
  const auto all = spans_of(row, before);
  REQUIRE(all.front().links.size() == 1);
  CHECK(all.front().links.front() == trace_of(before).run_context());
  CHECK(of(all.front(), "partita.restart_of") == span_attribute{"partita.restart_of", 17});
}
