#include "apps/partita/documents.hpp"

#include <catch2/catch.hpp>

#include "apps/partita/run_watch.hpp"

using namespace partita;
using namespace partita::cli;

namespace {

step_summary step(const std::string& name, int ordinal, step_state state) {
  step_summary s;
  s.row.id = step_id{ordinal + 1};
  s.row.spec.name = name;
  s.row.spec.ordinal = ordinal;
  s.row.spec.kind = step_kind::tasklet;
  s.row.state = state;
  s.row.sealed = true;
  return s;
}

/// check, which decides -> clean -> repair
std::vector<step_shape> plan() {
  const auto kind = step_kind::tasklet;
  return {{"check", kind, {}, {}, 0, true}, {"clean", kind, {0}}, {"repair", kind, {1}}};
}

std::vector<std::string> states(const std::vector<document>& items) {
  std::vector<std::string> all;
  for (const auto& item : items)
    all.push_back(item["name"].get<std::string>() + " " + item["state"].get<std::string>());
  return all;
}

using words = std::vector<std::string>;

}  // namespace

TEST_CASE("the steps of a run are listed with what was decided, and what was jumped over") {
  std::vector<step_summary> steps{step("check", 0, step_state::completed)};
  CHECK(states(step_documents(steps, plan(), {})) == words{"check COMPLETED"});
  steps[0].row.decided = decision{decision_kind::go_to, "repair"};
  steps.push_back(step("repair", 2, step_state::running));
  const auto items = step_documents(steps, plan(), {});
  CHECK(states(items) == words{"check COMPLETED", "clean JUMPED_OVER", "repair RUNNING"});
  CHECK(items[0]["decision"] == document{{"kind", "GO_TO"}, {"text", "repair"}});
  CHECK(items[2]["decision"].is_null());
  std::vector<std::string> fields, of_jumped;
  for (const auto& [name, value] : items[0].items()) fields.push_back(name);
  for (const auto& [name, value] : items[1].items()) of_jumped.push_back(name);
  CHECK(fields == of_jumped);
  CHECK(items[1]["partitions"]["total"] == 0);
  // A job that no node told of: only the rows are known.
  CHECK(states(step_documents(steps, {}, {})) == words{"check COMPLETED", "repair RUNNING"});
}

TEST_CASE("the progress of a step is the share of its partitions that are completed") {
  auto work = step("work", 0, step_state::failed);
  CHECK(step_document(work, {})["progress"].is_null());
  work.row.count = 4;
  work.totals.completed = 2;
  work.totals.failed = 1;
  CHECK(step_document(work, {})["progress"] == 0.5);
}

TEST_CASE("ids in the detail of an event are texts, and none is null") {
  event_row row;
  row.detail = R"({"schedule":2,"from":0,"count":3})";
  CHECK(event_document(row)["detail"] ==
        document{{"schedule", "2"}, {"from", nullptr}, {"count", 3}});
  row.detail = R"({"runs":[11,9007199254740993],"by":"anna","term":1,"restart_of":"x"})";
  const auto detail = event_document(row)["detail"];
  CHECK(detail["runs"] == document{"11", "9007199254740993"});
  CHECK(detail["term"] == "1");
  CHECK(detail["restart_of"] == "x");
  row.detail = "no JSON";
  CHECK(event_document(row)["detail"] == "no JSON");
}

TEST_CASE("how long something took is told to the nearest millisecond") {
  auto one = step("one", 0, step_state::completed);
  one.row.ended_at = one.row.started_at + microseconds{1'600};
  CHECK(step_document(one, {})["duration_s"] == 0.002);
}

TEST_CASE("a run has a result once it is completed, and not that of the run it continues") {
  run_row run;
  run.result = R"({"saved":3})";
  for (const auto state : {run_state::created, run_state::running, run_state::failed})
    CHECK(result_document((run.state = state, run)).is_null());
  run.state = run_state::completed;
  CHECK(result_document(run) == document{{"saved", 3}});
}
