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

/// A run whose first step FAILED, and which went on with the third: that was STOPPED, with one of
/// its two partitions COMPLETED.
struct gone_on : flows {
  driven_run old = drive(node);

  gone_on() {
    const auto first = split(old, 1, spec("load", 0));
    report(node, ended(take(node, first).lease, 0, attempt_outcome::failed));
    end(old, first, step_state::failed);
    const auto third = split(old, 2, spec("publish", 2));
    complete(node, take(node, third, 1).lease, 0);
    end(old, third, step_state::stopped);
    end(old, run_state::stopped);
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
  const auto steps = db->list_steps(db->restart(r.run, "again").id);
  REQUIRE(steps.size() == 4);
  CHECK(steps[0].decided == decision{});
  CHECK(steps[1].decided == to_repair);
  CHECK(steps[2].decided == decision{decision_kind::complete, ""});
  CHECK_FALSE(steps[3].decided);
}

TEST_CASE_METHOD(gone_on,
                 "what a continued run has not come to is ahead: nothing of it is claimed") {
  auto r = continued(old.run);
  CHECK_FALSE(at(r, 0).ahead);
  const auto third = at(r, 2);
  CHECK(third.ahead);
  CHECK(third.state == step_state::running);
  CHECK(waiting(third.id).size() == 1);
  CHECK(db->look(node).ready.size() == 1);
  CHECK_FALSE(db->claim(node, third.id, 1, 1));
  complete_all(node, take(node, at(r, 0).id));
  CHECK_FALSE(db->standing(r.run).claimable);
  end(r, at(r, 0).id, step_state::completed);

  const auto begun = db->begin_step(r.run, r.master, r.term, spec("publish", 2));
  CHECK(begun.id == third.id);
  CHECK_FALSE(begun.ahead);
  CHECK(begun.count == 2);
  CHECK_FALSE(at(r, 2).ahead);
  db->begin_step(r.run, r.master, r.term, spec("publish", 2));  // a repeat
  CHECK(events(event::step_reached).size() == 1);
  CHECK(db->look(node).ready.size() == 1);
  CHECK(db->standing(r.run).claimable);
  const auto rest = take(node, third.id);
  CHECK(rest.span == range{1, 1});
  complete_all(node, rest);
  end(r, third.id, step_state::completed);
  end(r, run_state::completed);
}

TEST_CASE_METHOD(gone_on, "a run may COMPLETE without a step that was ahead") {
  auto r = continued(old.run);
  complete_all(node, take(node, at(r, 0).id));
  end(r, at(r, 0).id, step_state::completed);
  end(r, at(r, 2).id, step_state::stopped);
  end(r, run_state::completed);
  CHECK(at(r, 2).ahead);
}

TEST_CASE_METHOD(gone_on, "what was ahead keeps what it has, over several runs") {
  auto r = continued(old.run);
  db->request_stop(r.run, stop_mode::stop);
  for (int ordinal : {0, 2}) end(r, at(r, ordinal).id, step_state::stopped);
  end(r, run_state::stopped);
  auto third = continued(r.run);
  CHECK_FALSE(at(third, 0).ahead);
  CHECK(at(third, 2).ahead);
  CHECK(db->summarize(third.run).at(1).totals.completed == 1);
  CHECK(waiting(at(third, 2).id) == std::vector<ready_range>{{{1, 1}, {}, 0}});
}

TEST_CASE_METHOD(flows, "of steps side by side that did not end, the first goes on at once") {
  auto r = drive(node);
  split(r, 1, spec("left", 0)), split(r, 1, spec("right", 1));
  for (const auto& s : db->list_steps(r.run)) end(r, s.id, step_state::stopped);
  end(r, run_state::stopped);
  auto again = continued(r.run);
  CHECK_FALSE(at(again, 0).ahead);
  CHECK(at(again, 1).ahead);
  CHECK_FALSE(db->begin_step(again.run, node, again.term, spec("right", 1)).ahead);
  CHECK(db->look(node).ready.size() == 2);
}
