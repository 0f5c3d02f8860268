#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;

TEST_CASE_METHOD(contract, "who adopts a run drives it under the next term") {
  auto node = join();
  auto made = db->submit(launch());
  CHECK(db->adopt_run(made.id, node, term{0}) == term{1});
  auto row = run(made.id);
  CHECK(row.state == run_state::running);
  CHECK(row.master == node);
  CHECK(row.term == term{1});
  CHECK(row.started_at);
  auto adoptions = events(event::run_adopted);
  REQUIRE(adoptions.size() == 1);
  CHECK(adoptions[0].run == made.id);
  CHECK(adoptions[0].node == node);
}

TEST_CASE_METHOD(contract, "a run is adopted once; the same node is told again, another is not") {
  auto a = join("a");
  auto b = join("b");
  auto made = db->submit(launch());
  CHECK(db->adopt_run(made.id, a, term{0}) == term{1});
  CHECK(db->adopt_run(made.id, a, term{0}) == term{1});
  CHECK_FALSE(db->adopt_run(made.id, b, term{0}));
  CHECK_FALSE(db->adopt_run(made.id, b, term{1}));
  CHECK_FALSE(db->adopt_run(made.id, a, term{1}));
  CHECK(run(made.id).term == term{1});
  CHECK(events(event::run_adopted).size() == 1);
}

TEST_CASE_METHOD(contract, "nobody adopts what is absent, has ended, or has moved on") {
  auto node = join();
  auto stopped = db->submit(launch("stopped")).id;
  db->request_stop(stopped, stop_mode::stop);
  auto moved = drive(node, "moved");
  db->step_down(moved.run, node, moved.term);
  CHECK_FALSE(db->adopt_run(run_id{99}, node, term{0}));
  CHECK_FALSE(db->adopt_run(stopped, node, term{0}));
  CHECK_FALSE(db->adopt_run(moved.run, join(), term{0}));
  CHECK(db->adopt_run(moved.run, node, term{1}) == term{2});
  CHECK(run(moved.run).state == run_state::running);
}

TEST_CASE_METHOD(contract, "only an ACTIVE node adopts a run") {
  auto made = db->submit(launch());
  auto draining = join();
  db->heartbeat(draining, 0, true, limits);
  auto left = join();
  db->leave(left);
  auto silent = join();
  pass_unreachable();
  db->sweep(silent, limits);
  for (auto node : {draining, left, silent, node_id{99}})
    CHECK_FALSE(db->adopt_run(made.id, node, term{0}));
  CHECK(run(made.id).state == run_state::created);
}

TEST_CASE_METHOD(contract,
                 "a master that steps down leaves the run to others, under the next term") {
  auto a = join("a");
  auto b = join("b");
  auto r = drive(a);
  auto started = run(r.run).started_at;
  db->step_down(r.run, a, r.term);
  CHECK_FALSE(run(r.run).master);
  CHECK(run(r.run).term == r.term);
  CHECK(run(r.run).state == run_state::running);
  db->step_down(r.run, a, r.term);  // a repeat
  CHECK(events(event::run_let_go).size() == 1);
  CHECK(db->adopt_run(r.run, b, r.term) == term{2});
  CHECK(run(r.run).started_at == started);
  CHECK(error_of([&] { db->step_down(r.run, a, r.term); }) == errc::term_lost);
  CHECK(run(r.run).master == b);
}

TEST_CASE_METHOD(contract, "every verb of a master who lost the term is refused") {
  auto node = join();
  auto other = join();
  auto old = drive(node);
  auto step = begin(old, spec());
  append(old, step, 0, 2);
  db->step_down(old.run, node, old.term);
  auto now = driven_run{old.run, node, db->adopt_run(old.run, node, old.term).value()};
  auto before = db->list_events({}, 0, 1000).size();
  auto stranger = driven_run{old.run, other, now.term};
  auto early = driven_run{old.run, node, term{now.term.value + 1}};
  for (const auto& r : {old, stranger, early}) {
    CHECK(error_of([&] { db->step_down(r.run, r.master, r.term); }) == errc::term_lost);
    CHECK(error_of([&] { begin(r, spec("next", 1)); }) == errc::term_lost);
    CHECK(error_of([&] { begin(r, spec()); }) == errc::term_lost);
    CHECK(error_of([&] { db->reset_split(step, r.master, r.term); }) == errc::term_lost);
    CHECK(error_of([&] { append(r, step, 2, 1); }) == errc::term_lost);
    CHECK(error_of([&] { seal(r, step, {{{0, 1}, {}, 0}}); }) == errc::term_lost);
    CHECK(error_of([&] { end(r, step, step_state::stopped); }) == errc::term_lost);
    CHECK(error_of([&] { end(r, run_state::failed); }) == errc::term_lost);
  }
  CHECK(db->list_events({}, 0, 1000).size() == before);
  CHECK(this->step(now, step).count == 2);
  CHECK(db->list_steps(now.run).size() == 1);
}

TEST_CASE_METHOD(contract, "a new master goes on where the old one was cut off") {
  auto a = join("a");
  auto b = join("b");
  auto r = drive(a);
  auto step = begin(r, spec());
  append(r, step, 0, 3);
  lose(a);
  CHECK_FALSE(run(r.run).master);
  CHECK(run(r.run).term == r.term);
  auto next = driven_run{r.run, b, db->adopt_run(r.run, b, r.term).value()};
  CHECK(begin(next, spec()) == step);
  append(next, step, 3, 2);
  seal(next, step, {{{0, 4}, {}, 0}});
  CHECK(this->step(next, step).count == 5);
}

TEST_CASE_METHOD(contract, "a step begins RUNNING, unsealed, empty, with its whole specification") {
  auto r = drive(join());
  auto s = spec("count", 3);
  s.streamed = true;
  s.transferable = false;
  s.retry = {7, milliseconds{250}, 1.5, milliseconds{9000}};
  s.split_context = "{\"nodes\": [1, 2]}";
  auto row = db->begin_step(r.run, r.master, r.term, s);
  auto again = db->begin_step(r.run, r.master, r.term, spec("renamed", 3));
  for (const auto& seen : {row, again, step(r, row.id)}) {
    CHECK(seen.id == row.id);
    CHECK(seen.run == r.run);
    CHECK(seen.spec.name == "count");
    CHECK(seen.spec.ordinal == 3);
    CHECK(seen.spec.kind == step_kind::partitioned);
    CHECK(seen.spec.streamed);
    CHECK_FALSE(seen.spec.transferable);
    CHECK(seen.spec.retry == s.retry);
    CHECK(seen.spec.split_context == s.split_context);
    CHECK(seen.state == step_state::running);
    CHECK(seen.count == 0);
    CHECK_FALSE(seen.sealed);
    CHECK_FALSE(seen.ended_at);
  }
  auto begins = events(event::step_begun);
  REQUIRE(begins.size() == 1);
  CHECK(begins[0].run == r.run);
  CHECK(begins[0].step == row.id);
}

TEST_CASE_METHOD(contract, "a tasklet step is born sealed and can complete at once") {
  auto r = drive(join());
  auto s = spec();
  s.kind = step_kind::tasklet;
  auto row = db->begin_step(r.run, r.master, r.term, s);
  CHECK(row.sealed);
  CHECK(row.count == 0);
  CHECK_FALSE(db->progress(row.id).open);
  db->end_step(row.id, r.master, r.term, step_state::completed, "42", "", "\"sum: 42\"");
  CHECK(step(r, row.id).result == "42");
  CHECK(run(r.run).result == "\"sum: 42\"");
}

TEST_CASE_METHOD(contract, "steps are listed by ordinal") {
  auto r = drive(join());
  begin(r, spec("third", 2));
  begin(r, spec("first", 0));
  begin(r, spec("second", 1));
  std::vector<std::string> names;
  for (const auto& s : db->list_steps(r.run)) names.push_back(s.spec.name);
  CHECK(names == std::vector<std::string>{"first", "second", "third"});
  CHECK(db->list_steps(run_id{99}).empty());
}

TEST_CASE_METHOD(contract, "ending a step twice is ending it once, and only one way") {
  auto r = drive(join());
  auto id = split(r, 2);
  CHECK(error_of([&] { end(r, id, step_state::completed); }) == errc::wrong_state);
  db->end_step(id, r.master, r.term, step_state::failed, "[]", "it broke", std::nullopt);
  auto first = step(r, id);
  CHECK(first.state == step_state::failed);
  CHECK(first.error == "it broke");
  CHECK(first.ended_at);
  db->end_step(id, r.master, r.term, step_state::failed, "[9]", "other", "\"other\"");
  CHECK(step(r, id).error == "it broke");
  CHECK(step(r, id).result == "[]");
  CHECK(step(r, id).ended_at == first.ended_at);
  CHECK(run(r.run).result.empty());
  CHECK(error_of([&] { end(r, id, step_state::stopped); }) == errc::wrong_state);
  CHECK(error_of([&] { end(r, id, step_state::completed); }) == errc::wrong_state);
  CHECK(events(event::step_ended).size() == 1);
}

TEST_CASE_METHOD(contract, "a step completes only when the end is true") {
  auto node = join();
  auto r = drive(node);
  auto id = begin(r, spec());
  auto complete_it = [&] { end(r, id, step_state::completed); };
  CHECK(error_of(complete_it) == errc::wrong_state);  // not sealed
  append(r, id, 0, 2);
  CHECK(error_of(complete_it) == errc::wrong_state);
  seal(r, id, {{{0, 1}, {}, 0}});
  CHECK(error_of(complete_it) == errc::wrong_state);  // ready
  auto grant = take(node, id);
  CHECK(error_of(complete_it) == errc::wrong_state);  // leased
  complete(node, grant.lease, 0);
  CHECK(error_of(complete_it) == errc::wrong_state);
  complete(node, grant.lease, 1);
  CHECK_FALSE(error_of(complete_it));
  CHECK(step(r, id).state == step_state::completed);
}

TEST_CASE_METHOD(contract, "a step with a FAILED result does not complete") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 1);
  report(node, ended(take(node, id).lease, 0, attempt_outcome::failed));
  CHECK_FALSE(db->progress(id).open);
  CHECK(db->progress(id).any_failed);
  CHECK(error_of([&] { end(r, id, step_state::completed); }) == errc::wrong_state);
  CHECK_FALSE(error_of([&] { end(r, id, step_state::failed); }));
}

TEST_CASE_METHOD(contract, "no step ends while a lease of it is LIVE, however it ends") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 2);
  auto grant = take(node, id, 1);
  for (auto state : {step_state::completed, step_state::failed, step_state::stopped})
    CHECK(error_of([&] { end(r, id, state); }) == errc::wrong_state);
  complete(node, grant.lease, 0);
  CHECK_FALSE(error_of([&] { end(r, id, step_state::stopped); }));
  CHECK(waiting(id).size() == 1);
}

TEST_CASE_METHOD(contract, "a streamed step may be stopped before its split ends") {
  auto r = drive(join());
  auto s = spec();
  s.streamed = true;
  auto id = begin(r, s);
  append(r, id, 0, 3);
  CHECK(error_of([&] { end(r, id, step_state::completed); }) == errc::wrong_state);
  CHECK_FALSE(error_of([&] { end(r, id, step_state::stopped); }));
}

TEST_CASE_METHOD(contract, "an empty sealed step completes") {
  auto r = drive(join());
  auto id = begin(r, spec());
  seal(r, id);
  CHECK_FALSE(db->progress(id).open);
  end(r, id, step_state::completed);
  end(r, run_state::completed);
}

TEST_CASE_METHOD(contract, "a run ends when no step of it is RUNNING, once and one way") {
  auto r = drive(join());
  auto id = split(r, 1);
  CHECK(error_of([&] { end(r, run_state::failed); }) == errc::wrong_state);
  end(r, id, step_state::failed);
  db->end_run(r.run, r.master, r.term, run_state::failed, "it broke");
  auto first = run(r.run);
  CHECK(first.state == run_state::failed);
  CHECK(first.error == "it broke");
  CHECK(first.ended_at);
  db->end_run(r.run, r.master, r.term, run_state::failed, "other");
  CHECK(run(r.run).error == "it broke");
  CHECK(run(r.run).ended_at == first.ended_at);
  CHECK(error_of([&] { end(r, run_state::completed); }) == errc::wrong_state);
  CHECK(events(event::run_ended).size() == 1);
  CHECK_FALSE(db->adopt_run(r.run, join(), r.term));
}

TEST_CASE_METHOD(contract, "nothing is begun in a run that has ended") {
  auto r = drive(join());
  end(r, run_state::completed);
  CHECK(error_of([&] { begin(r, spec()); }));
  CHECK(db->list_steps(r.run).empty());
}

TEST_CASE_METHOD(contract, "progress tells what a master waits for") {
  auto node = join();
  auto r = drive(node);
  auto id = begin(r, spec());
  CHECK(db->progress(id).open);
  CHECK_FALSE(db->progress(id).live);
  append(r, id, 0, 2);
  seal(r, id, {{{0, 1}, {}, 0}});
  CHECK(db->progress(id).open);
  auto grant = take(node, id);
  CHECK(db->progress(id).live);
  CHECK(db->progress(id).open);
  CHECK_FALSE(db->progress(id).any_failed);
  report(node, ended(grant.lease, 0, attempt_outcome::failed));
  CHECK(db->progress(id).any_failed);
  complete(node, grant.lease, 1);
  CHECK_FALSE(db->progress(id).live);
  CHECK_FALSE(db->progress(id).open);
  CHECK(db->progress(id).stop == stop_mode::none);
  db->request_stop(r.run, stop_mode::now);
  CHECK(db->progress(id).stop == stop_mode::now);
}

TEST_CASE_METHOD(contract, "a master whose end of the run was not answered has nothing to let go") {
  auto node = join();
  auto r = drive(node);
  end(r, run_state::completed);
  db->step_down(r.run, node, r.term);
  CHECK(run(r.run).state == run_state::completed);
  CHECK(events(event::run_let_go).empty());
  CHECK(error_of([&] { db->step_down(r.run, join("other"), r.term); }) == errc::term_lost);
}

TEST_CASE_METHOD(contract,
                 "of a step whose split failed nothing is claimed, and leases must stop") {
  auto node = join();
  auto r = drive(node);
  auto s = spec();
  s.streamed = true;
  auto id = begin(r, s);
  append(r, id, 0, 10);
  auto grant = take(node, id, 2);
  auto fail = [&](const std::string& why) { db->fail_step(id, node, r.term, why); };
  CHECK(error_of([&] { fail(""); }) == errc::bad_request);
  fail("the source is gone");
  fail("another reason");
  CHECK(step(r, id).state == step_state::running);
  CHECK(step(r, id).error == "the source is gone");
  CHECK(events(event::step_failing).size() == 1);
  CHECK_FALSE(db->claim(node, id, 1, 1));
  auto view = db->look(node);
  CHECK(view.ready.empty());
  REQUIRE(view.held.size() == 1);
  CHECK(view.held[0].stop == stop_mode::stop);
  CHECK(error_of([&] { append(r, id, 10, 1); }) == errc::wrong_state);
  CHECK(error_of([&] { seal(r, id); }) == errc::wrong_state);
  CHECK(error_of([&] { end(r, id, step_state::failed); }) == errc::wrong_state);  // a LIVE lease
  complete(node, grant.lease, 0);
  db->release(node, {&grant.lease, 1});
  db->end_step(id, node, r.term, step_state::failed, "", "the source is gone", std::nullopt);
  fail("late");
  end(r, run_state::failed);
}

TEST_CASE_METHOD(contract, "a stronger stop of the run outranks that of a failing step") {
  auto node = join();
  auto r = drive(node);
  auto s = spec();
  s.streamed = true;
  auto id = begin(r, s);
  append(r, id, 0, 3);
  take(node, id, 1);
  db->fail_step(id, node, r.term, "no");
  db->request_stop(r.run, stop_mode::now);
  CHECK(db->look(node).held.at(0).stop == stop_mode::now);
}

TEST_CASE_METHOD(contract, "a failing step does not complete, and a completed one does not fail") {
  auto node = join();
  auto r = drive(node);
  auto failing = begin(r, spec());
  db->fail_step(failing, node, r.term, "no");
  CHECK(error_of([&] { end(r, failing, step_state::completed); }) == errc::wrong_state);
  end(r, failing, step_state::stopped);
  auto done = begin(r, spec("done", 1));
  seal(r, done);
  end(r, done, step_state::completed);
  CHECK(error_of([&] { db->fail_step(done, node, r.term, "no"); }) == errc::wrong_state);
  CHECK(error_of([&] { db->fail_step(step_id{99}, node, r.term, "no"); }) == errc::not_found);
  CHECK(error_of([&] { db->fail_step(done, node, term{9}, "no"); }) == errc::term_lost);
}
