#include "tests/support/contract.hpp"

// Several steps of a run at once, decisions, and steps that a continued run has not come to yet.

using namespace partita;
using namespace partita::test;

namespace {

const decision to_repair{decision_kind::go_to, "repair"};

struct flows : contract {
  node_id node = join();

  void decide(const driven_run& r, step_id step, const decision& chosen) {
    db->decide_step(step, r.master, r.term, chosen);
  }
  step_id completed(const driven_run& r, const std::string& name, int ordinal) {
    auto s = spec(name, ordinal);
    s.kind = step_kind::tasklet;
    const auto id = begin(r, s);
    end(r, id, step_state::completed);
    return id;
  }
  driven_run continued(run_id ended) {
    const auto made = db->restart(ended, "again " + std::to_string(ended.value));
    return {made.id, node, db->adopt_run(made.id, node, made.term).value()};
  }
  step_row at(const driven_run& r, int ordinal) {
    for (const auto& s : db->list_steps(r.run))
      if (s.spec.ordinal == ordinal) return s;
    FAIL("no step " << ordinal);
    return {};
  }
};

}  // namespace

TEST_CASE_METHOD(flows, "steps of a run are worked on side by side, and each ends for itself") {
  auto r = drive(node);
  const auto left = split(r, 2, spec("left", 0)), right = split(r, 1, spec("right", 1));
  CHECK(db->look(node).ready.size() == 2);
  const auto lease = take(node, left);
  complete_all(node, take(node, right));
  end(r, right, step_state::completed);
  CHECK(error_of([&] { end(r, run_state::failed); }) == errc::wrong_state);
  complete_all(node, lease);
  end(r, left, step_state::completed);
  end(r, run_state::completed);
}

TEST_CASE_METHOD(flows, "what a decider chose stands in the row of its step, and never changes") {
  auto r = drive(node);
  const auto id = completed(r, "check", 0);
  CHECK_FALSE(step(r, id).decided);
  decide(r, id, to_repair);
  CHECK(step(r, id).decided == to_repair);
  decide(r, id, {decision_kind::complete, ""});
  CHECK(step(r, id).decided == to_repair);
  CHECK(events(event::step_decided).size() == 1);
  for (const auto& s : db->summarize(r.run)) CHECK(s.row.decided == to_repair);
}

TEST_CASE_METHOD(flows, "only after a COMPLETED step something is decided, and by its master") {
  auto r = drive(node);
  const auto running = begin(r, spec("load", 0));
  CHECK(error_of([&] { decide(r, running, to_repair); }) == errc::wrong_state);
  end(r, running, step_state::failed);
  CHECK(error_of([&] { decide(r, running, to_repair); }) == errc::wrong_state);
  const auto id = completed(r, "check", 1);
  CHECK(error_of([&] { db->decide_step(id, node, term{7}, to_repair); }) == errc::term_lost);
  CHECK(error_of([&] { decide(r, step_id{99}, to_repair); }) == errc::not_found);
  CHECK(error_of([&] {
          decide(r, id, {decision_kind::fail, std::string("a\0b", 3)});
        }) == errc::bad_request);
  CHECK_FALSE(step(r, id).decided);
}

TEST_CASE_METHOD(flows, "a continued run takes decisions over, but for one to fail") {
  auto r = drive(node);
  decide(r, completed(r, "next", 0), {});
  decide(r, completed(r, "jump", 1), to_repair);
  decide(r, completed(r, "end", 2), {decision_kind::complete, ""});
  decide(r, completed(r, "fail", 3), {decision_kind::fail, "too dirty"});
  end(r, run_state::failed);
  auto again = continued(r.run);
  const auto steps = db->list_steps(again.run);
  REQUIRE(steps.size() == 4);
  CHECK(steps[0].decided == decision{});
  CHECK(steps[1].decided == to_repair);
  CHECK(steps[2].decided == decision{decision_kind::complete, ""});
  CHECK(steps[2].state == step_state::completed);
  CHECK_FALSE(steps[3].decided);
  CHECK(steps[3].state == step_state::running);  // it is executed again, and its decider asked
  end(again, steps[3].id, step_state::completed);
  decide(again, steps[3].id, {});
  end(again, run_state::completed);
}

TEST_CASE_METHOD(flows, "a decision to fail keeps the partitions of its step") {
  auto r = drive(node);
  const auto id = split(r, 2, spec("load", 0));
  complete_all(node, take(node, id));
  end(r, id, step_state::completed);
  decide(r, id, {decision_kind::fail, "too dirty"});
  end(r, run_state::failed);
  auto again = continued(r.run);
  const auto copy = at(again, 0);
  CHECK(copy.state == step_state::running);
  CHECK(copy.sealed);
  CHECK(waiting(copy.id).empty());
  CHECK_FALSE(db->progress(copy.id).open);
  end(again, copy.id, step_state::completed);
  end(again, run_state::completed);
}

TEST_CASE_METHOD(flows, "what began after a failure is not copied: the new run begins it anew") {
  auto r = drive(node);
  const auto first = split(r, 1, spec("load", 0));
  report(node, ended(take(node, first).lease, 0, attempt_outcome::failed));
  end(r, first, step_state::failed);
  auto handler = spec("publish", 2);
  handler.after_failure = true;
  const auto third = split(r, 2, handler);
  CHECK(step(r, third).spec.after_failure);
  complete_all(node, take(node, third));
  db->end_step(third, r.master, r.term, step_state::completed, "\"partly\"", "", "\"partly\"");
  end(r, run_state::failed);
  CHECK(db->find_run(r.run)->result == "\"partly\"");

  auto again = continued(r.run);
  REQUIRE(db->list_steps(again.run).size() == 1);
  CHECK(db->find_run(again.run)->result.empty());
  complete_all(node, take(node, at(again, 0).id));
  end(again, at(again, 0).id, step_state::completed);
  const auto begun = db->begin_step(again.run, again.master, again.term, spec("publish", 2));
  CHECK_FALSE(begun.spec.after_failure);
  CHECK(begun.count == 0);
  end(again, begun.id, step_state::stopped);
  end(again, run_state::stopped);
}

TEST_CASE_METHOD(flows, "what had begun and not ended begins again at once, all of it") {
  auto r = drive(node);
  split(r, 1, spec("left", 0)), split(r, 1, spec("right", 1));
  auto rests = spec("rests", 2);
  rests.kind = step_kind::tasklet;
  begin(r, rests);
  auto listed = spec("listed", 3);
  listed.split_context = R"({"nodes":[{"node":7}]})";
  const auto half = begin(r, listed);
  append(r, half, 0, 2);
  for (const auto& s : db->list_steps(r.run)) end(r, s.id, step_state::stopped);
  end(r, run_state::stopped);

  auto again = continued(r.run);
  REQUIRE(db->list_steps(again.run).size() == 4);
  for (int ordinal = 0; ordinal < 4; ++ordinal)
    CHECK(at(again, ordinal).state == step_state::running);
  CHECK(db->look(node).ready.size() == 2);
  CHECK(at(again, 2).sealed);
  CHECK_FALSE(at(again, 3).sealed);
  CHECK(at(again, 3).count == 0);
  CHECK(at(again, 3).spec.split_context == "{}");
  append(again, at(again, 3).id, 0, 5);
  seal(again, at(again, 3).id, {{{0, 4}, {}, 0}});
  CHECK(db->look(node).ready.size() == 3);
}
