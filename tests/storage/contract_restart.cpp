#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;

namespace {

/// A run that FAILED in its second step: partition 0 COMPLETED, 1 FAILED, 2 stopped with a
/// checkpoint, 3 never started.
struct half_done : contract {
  node_id worker = join();
  driven_run old = drive(worker, "year 2024");
  step_id first = split(old, 3, spec("first", 0));
  step_id second;
  lease_grant lease;

  half_done() {
    complete_all(worker, take(worker, first));
    db->end_step(first, old.master, old.term, step_state::completed, "[1]", "", std::nullopt);
    second = split(old, 4, spec("second", 1));
    lease = take(worker, second);
    complete(worker, lease.lease, 0);
    report(worker, ended(lease.lease, 1, attempt_outcome::failed));
    db->commit_checkpoint(lease.lease, 2, {3, "\"row 30\"", {30, 29, 1, 0}});
    report(worker, ended(lease.lease, 2, attempt_outcome::released));
    report(worker, ended(lease.lease, 3, attempt_outcome::released));
    end(old, second, step_state::failed);
    end(old, run_state::failed);
  }

  driven_run continue_it() {
    auto made = db->restart(old.run, "again");
    return {made.id, worker, db->adopt_run(made.id, worker, made.term).value()};
  }
};

}  // namespace

TEST_CASE_METHOD(half_done, "a continued run is a new one with the same job and parameters") {
  auto made = db->restart(old.run, "again");
  auto before = run(old.run);
  CHECK(made.id != old.run);
  CHECK(made.job == before.job);
  CHECK(made.parameters == before.parameters);
  CHECK(made.identity == before.identity);
  CHECK(made.launch_key == "again");
  CHECK(made.state == run_state::created);
  CHECK(made.restart_of == old.run);
  CHECK(made.term == term{0});
  CHECK(made.stop == stop_mode::none);
  CHECK(before.state == run_state::failed);
  CHECK(events(event::run_submitted).back().run == made.id);
}

TEST_CASE_METHOD(half_done, "COMPLETED steps come along with partitions, results and aggregate") {
  auto made = db->restart(old.run, "again");
  auto steps = db->list_steps(made.id);
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].spec.name == "first");
  CHECK(steps[0].state == step_state::completed);
  CHECK(steps[0].result == "[1]");
  CHECK(steps[0].sealed);
  CHECK(steps[0].count == 3);
  auto copied = db->list_results(steps[0].id, -1, 10);
  auto original = db->list_results(first, -1, 10);
  REQUIRE(copied.size() == 3);
  for (std::size_t i = 0; i < copied.size(); ++i) {
    CHECK(copied[i].lease == original[i].lease);
    CHECK(copied[i].output == original[i].output);
    CHECK(copied[i].counts == original[i].counts);
    CHECK(copied[i].took == original[i].took);
  }
  CHECK(waiting(steps[0].id).empty());
}

TEST_CASE_METHOD(half_done, "the step that failed is RUNNING again with what it has not done") {
  auto made = db->restart(old.run, "again");
  auto redone = db->list_steps(made.id).at(1);
  CHECK(redone.state == step_state::running);
  CHECK(redone.spec.name == "second");
  CHECK(redone.spec.retry == spec().retry);
  CHECK(redone.sealed);
  CHECK(redone.count == 4);
  CHECK(redone.error.empty());
  CHECK_FALSE(redone.ended_at);
  CHECK(waiting(redone.id) == std::vector<ready_range>{{{1, 3}, {}, 0}});
  auto carried = db->list_results(redone.id, -1, 10);
  REQUIRE(carried.size() == 1);
  CHECK(carried[0].no == 0);
  CHECK(carried[0].lease == lease.lease);
  CHECK(partition(redone.id, 1).key == "key 1");
  CHECK(partition(redone.id, 1).input == "{\"no\":1}");
}

TEST_CASE_METHOD(half_done, "a continued run goes on from the checkpoints and can complete") {
  auto r = continue_it();
  auto redone = db->list_steps(r.run).at(1).id;
  auto grant = take(worker, redone);
  CHECK(grant.span == range{1, 3});
  CHECK(grant.attempt == 1);
  CHECK_FALSE(grant.partitions.at(0).resume);
  CHECK(grant.partitions.at(1).resume == checkpoint{3, "\"row 30\"", {30, 29, 1, 0}});
  complete_all(worker, grant);
  end(r, redone, step_state::completed);
  end(r, run_state::completed);
  CHECK(run(r.run).state == run_state::completed);
}

TEST_CASE_METHOD(half_done, "totals of a continued run include what was carried over") {
  auto r = continue_it();
  auto before = db->summarize(r.run);
  REQUIRE(before.size() == 2);
  CHECK(before[0].totals.completed == 3);
  CHECK(before[0].totals.counts == item_counts{30, 24, 3, 3});
  CHECK(before[1].totals.completed == 1);
  CHECK(before[1].totals.failed == 0);
  complete_all(worker, take(worker, before[1].row.id));
  CHECK(db->summarize(r.run).at(1).totals.completed == 4);
  CHECK(db->summarize(old.run).at(1).totals.completed == 1);
  CHECK(db->summarize(old.run).at(1).totals.failed == 1);
}

TEST_CASE_METHOD(half_done, "continuing with the same launch key again finds the first one") {
  auto made = db->restart(old.run, "again");
  CHECK(db->restart(old.run, "again").id == made.id);
  CHECK(db->list_runs(10, {}).size() == 2);
  CHECK(db->list_steps(made.id).size() == 2);
}

TEST_CASE_METHOD(half_done, "a run may be continued by another version of its job") {
  auto made = db->restart(old.run, "again", 7);
  CHECK(made.job == job_ref{db->find_run(old.run)->job.name, 7});
  CHECK(db->restart(old.run, "again", 7).id == made.id);
  CHECK(error_of([&] { db->restart(old.run, "again"); }) == errc::launch_key_taken);
}

TEST_CASE_METHOD(half_done,
                 "a run is continued once; the refusal names the run that continues it") {
  for (int i = 0; i < 11; ++i) db->submit(launch("filler " + std::to_string(i)));
  auto made = db->restart(old.run, "again");
  auto twice = [&] { db->restart(old.run, "once more"); };
  CHECK(error_of(twice) == errc::wrong_state);
  CHECK_THAT(sentence_of(twice), Catch::Contains(std::to_string(made.id.value)));
  db->request_stop(made.id, stop_mode::now);
  CHECK(error_of(twice) == errc::wrong_state);
}

TEST_CASE_METHOD(half_done,
                 "a continuation that is stopped before anybody took it can be continued") {
  auto made = db->restart(old.run, "again");
  db->request_stop(made.id, stop_mode::stop);
  auto steps = db->list_steps(made.id);
  CHECK(steps.at(0).state == step_state::completed);
  CHECK(steps.at(1).state == step_state::stopped);
  auto third = db->list_steps(db->restart(made.id, "third").id).at(1);
  CHECK(third.state == step_state::running);
  CHECK(waiting(third.id) == std::vector<ready_range>{{{1, 3}, {}, 0}});
}

TEST_CASE_METHOD(half_done, "a continuation can be continued, and carries on what was carried") {
  auto r = continue_it();
  auto redone = db->list_steps(r.run).at(1).id;
  auto grant = take(worker, redone, 1);
  complete_all(worker, grant);
  end(r, redone, step_state::stopped);
  end(r, run_state::stopped);
  auto third = db->restart(r.run, "third");
  auto last = db->list_steps(third.id).at(1);
  CHECK(waiting(last.id) == std::vector<ready_range>{{{2, 3}, {}, 0}});
  auto results = db->list_results(last.id, -1, 10);
  REQUIRE(results.size() == 2);
  CHECK(results[0].lease == lease.lease);
  CHECK(results[1].lease == grant.lease);
  CHECK(db->summarize(third.id).at(1).totals.completed == 2);
}

TEST_CASE_METHOD(half_done, "a run is not continued while another one with its identity is live") {
  auto live = db->submit(launch("year 2024"));
  auto refused = [&] { db->restart(old.run, "again"); };
  CHECK(error_of(refused) == errc::already_running);
  CHECK_THAT(sentence_of(refused), Catch::Contains(std::to_string(live.id.value)));
  CHECK(db->list_runs(10, {}).size() == 2);
}

TEST_CASE_METHOD(contract, "only a FAILED or STOPPED run can be continued") {
  auto created = db->submit(launch("created"));
  auto running = drive(join(), "running");
  auto completed = drive(join(), "completed");
  end(completed, run_state::completed);
  for (auto id : {created.id, running.run, completed.run})
    CHECK(error_of([&] { db->restart(id, "again"); }) == errc::wrong_state);
  CHECK(error_of([&] { db->restart(run_id{99}, "again"); }) == errc::not_found);
  db->request_stop(created.id, stop_mode::stop);
  CHECK_FALSE(error_of([&] { db->restart(created.id, "again"); }));
}

TEST_CASE_METHOD(contract, "splits that were not sealed and unfinished tasklets begin anew") {
  auto r = drive(join());
  auto done = spec("prepare", 0);
  done.kind = step_kind::tasklet;
  auto prepared = begin(r, done);
  db->end_step(prepared, r.master, r.term, step_state::completed, "\"ready\"", "", std::nullopt);
  auto unfinished = spec("tasklet", 1);
  unfinished.kind = step_kind::tasklet;
  end(r, begin(r, unfinished), step_state::failed);
  auto open = begin(r, spec("open", 2));
  append(r, open, 0, 5);
  end(r, open, step_state::stopped);
  end(r, run_state::stopped);
  auto steps = db->list_steps(db->restart(r.run, "again").id);
  REQUIRE(steps.size() == 3);
  CHECK(steps[0].spec.name == "prepare");
  CHECK(steps[0].state == step_state::completed);
  CHECK(steps[0].result == "\"ready\"");
  CHECK(steps[1].state == step_state::running);
  CHECK(steps[2].state == step_state::running);
  CHECK_FALSE(steps[2].sealed);
  CHECK(steps[2].count == 0);
}

TEST_CASE_METHOD(contract,
                 "a step that had all its results waits for nothing when it is continued") {
  auto node = join();
  auto r = drive(node);
  auto step = split(r, 3);
  complete_all(node, take(node, step));
  end(r, step, step_state::failed);  // its aggregator threw
  end(r, run_state::failed);
  auto made = db->restart(r.run, "again");
  auto copy = db->list_steps(made.id).at(0);
  CHECK(copy.state == step_state::running);
  CHECK(waiting(copy.id).empty());
  CHECK_FALSE(db->progress(copy.id).open);
}

TEST_CASE_METHOD(contract, "a partition that failed is tried anew in the continued run") {
  auto node = join();
  auto r = drive(node);
  auto s = spec();
  s.retry.max_attempts = 1;
  auto step = split(r, 1, s);
  report(node, ended(take(node, step).lease, 0, attempt_outcome::failed));
  end(r, step, step_state::failed);
  end(r, run_state::failed);
  auto made = db->restart(r.run, "again");
  db->adopt_run(made.id, node, term{0});
  auto grant = take(node, db->list_steps(made.id).at(0).id);
  CHECK(grant.attempt == 1);
}

TEST_CASE_METHOD(contract, "ranges of a stopped step that were bound wait shared in the next run") {
  auto node = join();
  auto r = drive(node);
  auto step = begin(r, spec());
  append(r, step, 0, 4);
  seal(r, step, {{{0, 1}, node, 0}, {{2, 3}, {}, 0}});
  end(r, step, step_state::stopped);
  CHECK(waiting(step).size() == 2);  // they stay
  end(r, run_state::stopped);
  auto made = db->restart(r.run, "again");
  CHECK(waiting(db->list_steps(made.id).at(0).id) == std::vector<ready_range>{{{0, 3}, {}, 0}});
}

TEST_CASE_METHOD(contract, "a stream that was not sealed goes on in the continued run") {
  auto node = join();
  auto r = drive(node);
  auto s = spec();
  s.streamed = true;
  auto id = begin(r, s);
  append(r, id, 0, 4);
  auto grant = take(node, id, 2);
  complete(node, grant.lease, 0);
  report(node, ended(grant.lease, 1, attempt_outcome::failed));
  db->fail_step(id, node, r.term, "the source is gone");
  end(r, id, step_state::failed);
  end(r, run_state::failed);
  auto made = db->restart(r.run, "again");
  driven_run next{made.id, node, db->adopt_run(made.id, node, made.term).value()};
  auto copy = db->list_steps(made.id).at(0);
  CHECK(copy.state == step_state::running);
  CHECK(copy.error.empty());
  CHECK_FALSE(copy.sealed);
  CHECK(copy.count == 4);
  CHECK(waiting(copy.id) == std::vector<ready_range>{{{1, 3}, {}, 0}});
  auto more = take(node, copy.id);
  CHECK(more.span == range{1, 3});
  complete_all(node, more);
  append(next, copy.id, 4, 2);
  complete_all(node, take(node, copy.id));
  seal(next, copy.id);
  end(next, copy.id, step_state::completed);
  end(next, run_state::completed);
  CHECK(db->summarize(made.id).at(0).totals.completed == 6);
}

TEST_CASE_METHOD(contract, "a stream that yielded nothing yet is continued from its beginning") {
  auto node = join();
  auto r = drive(node);
  auto s = spec();
  s.streamed = true;
  end(r, begin(r, s), step_state::stopped);
  end(r, run_state::stopped);
  auto made = db->restart(r.run, "again");
  driven_run next{made.id, node, db->adopt_run(made.id, node, made.term).value()};
  auto copy = db->list_steps(made.id).at(0);
  CHECK_FALSE(copy.sealed);
  append(next, copy.id, 0, 1);
  complete_all(node, take(node, copy.id));
  seal(next, copy.id);
  end(next, copy.id, step_state::completed);
}
