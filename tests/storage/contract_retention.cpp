#include <algorithm>

#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;

namespace {

using namespace std::chrono_literals;

/// Runs that have ended, and what is kept of them.
struct ended_runs : contract {
  /// It tells of the job, so the catalogue knows it.
  const node_id node = db->register_node({.name = "node",
                                          .host = "host",
                                          .pid = 1,
                                          .slots = 2,
                                          .version = "0",
                                          .jobs = {job},
                                          .catalogue = {{job, "{}"}}});

  /// Ends at once, COMPLETED or FAILED, with so many partitions, each in a lease of its own.
  run_id ended(const std::string& identity, bool well = true, std::int64_t partitions = 2) {
    return end_of(drive(node, identity), well, partitions);
  }

  run_id end_of(const driven_run& r, bool well, std::int64_t partitions) {
    const auto step = split(r, partitions);
    for (partition_no no = 0; no < partitions; ++no) {
      const auto lease = take(node, step, 1).lease;
      const auto good = well || no > 0;
      report(node, contract::ended(lease, no,
                                   good ? attempt_outcome::completed : attempt_outcome::failed));
    }
    end(r, step, well ? step_state::completed : step_state::failed);
    end(r, well ? run_state::completed : run_state::failed);
    pass(1ms);
    return r.run;
  }

  /// The run that continues this one, driven.
  driven_run continued(run_id of) {
    const auto next = db->restart(of, "again-" + std::to_string(of.value)).id;
    return {next, node, db->adopt_run(next, node, term{0}).value()};
  }

  /// A continued run ends well.
  run_id end_well(const driven_run& r) {
    const auto step = db->list_steps(r.run).at(0).id;
    const auto grant = take(node, step);
    complete_all(node, grant);
    end(r, step, step_state::completed);
    end(r, run_state::completed);
    pass(1ms);
    return r.run;
  }

  std::vector<run_id> purge(const purge_choice& which = {}) { return db->purge(which, 100); }
  std::vector<run_id> purgeable(const purge_choice& which = {}) {
    return db->list_purgeable(which, 100);
  }
  bool purged(run_id id) { return run(id).purged_at.has_value(); }

  std::int64_t remove_all(int most = 1'000) {
    std::int64_t removed = 0;
    for (;;) {
      const auto piece = db->purge_rows(most, 0ms);
      REQUIRE(!piece.resting);
      if (piece.removed == 0) return removed;
      removed += piece.removed;
    }
  }

  std::vector<run_id> listed() {
    std::vector<run_id> runs;
    for (const auto& r : db->list_runs(100, {})) runs.push_back(r.id);
    return runs;
  }
};

using ids = std::vector<run_id>;

/// Runs that have published files.
struct with_old_files : ended_runs {
  static std::string file(const std::string& run, partition_no no) {
    const auto name = "/out/" + run + "-" + std::to_string(no);
    return R"([[")" + name + R"(",")" + name + R"(.part"]])";
  }

  /// Ends well; all partitions but the first have published a file each.
  run_id filed(const std::string& name, std::int64_t partitions) {
    const auto r = drive(node, name);
    const auto step = split(r, partitions);
    const auto lease = take(node, step).lease;
    for (partition_no no = 0; no < partitions; ++no) {
      auto item = contract::ended(lease, no);
      if (no > 0) item.files = file(name, no);
      report(node, item);
    }
    end(r, step, step_state::completed);
    end(r, run_state::completed);
    pass(1ms);
    return r.run;
  }

  purged_files next(const purged_files_cursor& after = {}, int most = 100) {
    return db->next_purged_files(after, most, 0ms);
  }

  void let_files_go() {
    for (auto piece = next(); !piece.none(); piece = next(piece.next))
      db->files_are_gone(piece.ended);
  }
};

using file_texts = std::vector<json_text>;

file_texts files_of(const purged_files& piece) {
  file_texts all;
  for (const auto& result : piece.results) all.push_back(result.files);
  return all;
}

}  // namespace

TEST_CASE_METHOD(ended_runs, "of a purged run only its row is left", "[contract]") {
  const auto old = ended("1");
  const auto live = drive(node, "2");
  split(live, 2);
  CHECK(purge() == ids{old});
  const auto kept = run(old);
  CHECK(kept.purged_at);
  CHECK(kept.state == run_state::completed);
  CHECK(kept.identity == "1");
  CHECK(kept.result.empty());
  CHECK(listed() == ids{live.run});
  CHECK(db->count_runs({}, 10) == 1);
  CHECK(db->count_purging() == 1);
  CHECK(remove_all() > 0);
  CHECK(db->count_purging() == 0);
  CHECK(db->list_steps(old).empty());
  CHECK(db->list_events(old, 0, 100).empty());
  CHECK(db->list_steps(live.run).size() == 1);
  CHECK(!db->list_events(live.run, 0, 100).empty());
  CHECK(purge().empty());
  const auto told = events(event::runs_purged);
  REQUIRE(told.size() == 1);
  CHECK(!told[0].run);
}

TEST_CASE_METHOD(ended_runs, "runs that continue each other are purged together, when all ended",
                 "[contract]") {
  const auto first = ended("1", false);
  const auto second = continued(first);
  CHECK(purgeable().empty());
  CHECK(purge().empty());
  end_well(second);
  CHECK(purgeable() == ids{second.run});
  CHECK(purgeable({"", {"FAILED"}, {}}).empty());  // a chain is as its last run
  CHECK(purge() == ids{first, second.run});
  CHECK(db->count_purging() == 2);
  remove_all(1);
  CHECK(purged(first));
  CHECK(purged(second.run));
}

TEST_CASE_METHOD(ended_runs, "a run is purged when it ended long enough ago", "[contract]") {
  const auto old = ended("1");
  pass(60s);
  db->heartbeat(node, 0, false, {});
  ended("2");
  pass(1s);
  CHECK(purgeable({"", {}, {62s, 0}}).empty());
  CHECK(purge({"", {}, {30s, 0}}) == ids{old});
}

TEST_CASE_METHOD(ended_runs, "so many of the last runs of a job stay", "[contract]") {
  const auto a = ended("1"), b = ended("2"), c = ended("3");
  CHECK(purgeable({"", {}, {0ms, 3}}).empty());
  CHECK(purge({"", {}, {0ms, 2}}) == ids{a});
  CHECK(purge({"", {}, {0ms, 2}}).empty());  // what is purged counts no more
  CHECK(db->purge({"", {}, {0ms, 0}}, 1) == ids{b});
  CHECK(purgeable() == ids{c});
}

TEST_CASE_METHOD(ended_runs, "what is to be purged is chosen by job and state", "[contract]") {
  const auto good = ended("1"), bad = ended("2", false), given_up = ended("3", false);
  db->abandon(given_up);
  CHECK(purgeable({"other", {}, {}}).empty());
  CHECK(purgeable({job.name, {}, {}}) == ids{good, bad, given_up});
  CHECK(purgeable({"", {"FAILED"}, {}}) == ids{bad});
  CHECK(purgeable({"", {"ABANDONED", "COMPLETED"}, {}}) == ids{good, given_up});
  CHECK(purge({job.name, {"ABANDONED"}, {}}) == ids{given_up});
  CHECK(listed() == ids{bad, good});
}

TEST_CASE_METHOD(ended_runs, "the launch key of a purged run stays taken", "[contract]") {
  auto wanted = launch("1");
  const auto first = db->submit(wanted).id;
  const auto r = driven_run{first, node, db->adopt_run(first, node, term{0}).value()};
  end_of(r, true, 1);
  purge();
  CHECK(db->submit(wanted).id == first);
  wanted.parameters = R"({"other":1})";
  CHECK(error_of([&] { db->submit(wanted); }) == errc::launch_key_taken);
  remove_all();
  CHECK(error_of([&] { db->submit(wanted); }) == errc::launch_key_taken);
}

TEST_CASE_METHOD(ended_runs, "a purged run is not continued", "[contract]") {
  const auto bad = ended("1", false);
  purge();
  CHECK(error_of([&] { db->restart(bad, "again"); }) == errc::wrong_state);
  CHECK(sentence_of([&] { db->restart(bad, "again"); }).find("purged") != std::string::npos);
  CHECK(error_of([&] { db->abandon(bad); }) == errc::wrong_state);
  remove_all();
  CHECK(error_of([&] { db->restart(bad, "again"); }) == errc::wrong_state);
}

TEST_CASE_METHOD(ended_runs, "rows are removed in pieces, with all that a step may have",
                 "[contract]") {
  const auto r = drive(node, "1");
  const auto step = split(r, 40);
  const auto grant = take(node, step);
  db->commit_checkpoint(grant.lease, 5, {1, "5", {1, 1, 0, 0}});
  chunk part;
  part.to = {1, "6", {2, 1, 0, 1}};
  part.skipped = {{1, skip_stage::process, "line 1", "bad"}};
  db->commit_chunk(grant.lease, 6, part, nullptr);
  db->record_log(std::vector<log_line>{{grant.lease, 7, 1, "hello", {}}});
  auto filed = contract::ended(grant.lease, 8);
  filed.files = R"([["/out/a","/out/.a.part"]])";
  report(node, filed);
  report(node, contract::ended(grant.lease, 9, attempt_outcome::retry));
  const auto lease = take(node, step, 1).lease;
  report(node, contract::ended(lease, 9, attempt_outcome::failed));
  db->request_stop(r.run, stop_mode::stop);
  for (partition_no no = 0; no < 40; ++no)
    if (no != 8 && no != 9)
      report(node, contract::ended(grant.lease, no, attempt_outcome::released));
  end(r, step, step_state::stopped);
  end(r, run_state::stopped);
  pass(1ms);
  const auto other = drive(node, "2");
  const auto other_step = split(other, 3);
  complete(node, take(node, other_step, 1).lease, 0);
  REQUIRE(purge() == ids{r.run});
  CHECK(db->purge_rows(7, 0ms).removed == 0);
  db->files_are_gone(ids{r.run});
  const auto piece = db->purge_rows(7, 0ms);
  CHECK(piece.removed >= 7);
  if (on->name() != "memory") {  // which removes whole runs
    CHECK(piece.removed < 60);
    CHECK(db->count_purging() == 1);
  }
  remove_all(7);
  CHECK(db->count_purging() == 0);
  CHECK(error_of([&] { db->commit_checkpoint(grant.lease, 5, {2, "6", {}}); }) == errc::lease_lost);
  db->record_log(std::vector<log_line>{{grant.lease, 7, 2, "too late", {}}});
  CHECK(db->list_log(step, 7, 10).empty());
  CHECK(in_state(other_step, partition_state::completed) == std::vector<partition_no>{0});
  // Its number is not given again, so nobody takes a new lease for an old one.
  CHECK(take(node, other_step, 1).lease > lease);
}

TEST_CASE_METHOD(with_old_files, "rows of a purged run wait until its files are gone",
                 "[contract]") {
  const auto old = filed("a", 3), plain = ended("2");
  REQUIRE(purge() == ids{old, plain});
  CHECK(remove_all() > 0);
  CHECK(db->count_purging() == 1);
  CHECK(db->list_steps(plain).empty());
  const auto piece = next();
  CHECK(files_of(piece) == file_texts{file("a", 1), file("a", 2)});
  CHECK(piece.results.at(0).run == old);
  CHECK(piece.ended == ids{old});
  CHECK(remove_all() == 0);
  db->files_are_gone(piece.ended);
  db->files_are_gone(piece.ended);
  CHECK(next().none());
  CHECK(remove_all() > 0);
  CHECK(db->count_purging() == 0);
  db->files_are_gone(piece.ended);
  CHECK(db->count_purging() == 0);
}

TEST_CASE_METHOD(with_old_files, "files of purged runs come in pieces, the newest run first",
                 "[contract]") {
  const auto a = filed("a", 4), b = filed("b", 3);
  filed("c", 2);
  REQUIRE(purge({"", {}, {0ms, 1}}) == ids{a, b});
  auto piece = next({}, 2);
  CHECK(files_of(piece) == file_texts{file("b", 1), file("b", 2)});
  CHECK(piece.ended.empty());  // nobody has looked behind them
  piece = next(piece.next, 2);
  CHECK(files_of(piece) == file_texts{file("a", 1), file("a", 2)});
  CHECK(piece.ended == ids{b});
  const auto last = next(piece.next, 2);
  CHECK(files_of(last) == file_texts{file("a", 3)});
  CHECK(last.ended == ids{a});
  CHECK(next(last.next, 2).none());
  CHECK(next({}, 100).ended == ids{b, a});
  CHECK(next(purged_files_cursor::behind(b)).ended == ids{a});
  // Where another one has ended a run, the next one begins at its beginning.
  db->files_are_gone(ids{b});
  CHECK(next({b, {}, 7}, 100).results.size() == 3);
  let_files_go();
  remove_all();
  CHECK(db->count_purging() == 0);
}

TEST_CASE_METHOD(with_old_files, "files of several steps, and of runs that continue each other",
                 "[contract]") {
  const auto r = drive(node, "1");
  const auto first = split(r, 1), second = split(r, 2, spec("second", 1));
  const auto report_file = [&](step_id step, const std::string& name) {
    auto item = contract::ended(take(node, step, 1).lease, 0);
    item.files = file(name, 0);
    report(node, item);
  };
  report_file(first, "x");
  end(r, first, step_state::completed);
  report_file(second, "y");
  report(node, contract::ended(take(node, second, 1).lease, 1, attempt_outcome::failed));
  end(r, second, step_state::failed);
  end(r, run_state::failed);
  pass(1ms);
  const auto again = continued(r.run);
  const auto step = db->list_steps(again.run).at(1).id;
  complete_all(node, take(node, step));
  end(again, step, step_state::completed);
  end(again, run_state::completed);
  pass(1ms);
  REQUIRE(purge() == ids{r.run, again.run});
  const file_texts of_each{file("x", 0), file("y", 0)};
  auto piece = next({}, 1);
  CHECK(files_of(piece) == file_texts{of_each[0]});
  piece = next(piece.next, 1);
  CHECK(files_of(piece) == file_texts{of_each[1]});
  piece = next(piece.next, 2);
  CHECK(piece.ended == ids{again.run});
  CHECK(files_of(piece) == of_each);
  CHECK(next(piece.next, 2).ended == ids{r.run});
  let_files_go();
  remove_all();
  CHECK(db->count_purging() == 0);
}

TEST_CASE_METHOD(with_old_files, "who removes files and who removes rows share the pauses",
                 "[contract]") {
  filed("a", 2);
  REQUIRE(purge().size() == 1);
  CHECK(db->next_purged_files({}, 10, 2s).results.size() == 1);
  const auto early = db->next_purged_files({}, 10, 2s);
  CHECK(early.resting);
  CHECK(early.results.empty());
  CHECK(db->purge_rows(10, 2s).resting);
  pass(2s);
  let_files_go();
  remove_all();
}

TEST_CASE_METHOD(ended_runs, "nobody removes rows while somebody's pause lasts", "[contract]") {
  for (int i = 0; i < 3; ++i) ended(std::to_string(i), true, 20);
  REQUIRE(purge().size() == 3);
  CHECK(!db->purge_rows(5, 2s).resting);
  const auto early = db->purge_rows(5, 2s);
  CHECK(early.resting);
  CHECK(early.removed == 0);
  pass(2s);
  CHECK(db->purge_rows(5, 0ms).removed > 0);
  CHECK(db->purge_rows(5, 0ms).removed > 0);
  remove_all();
}

TEST_CASE_METHOD(ended_runs, "what is stored for a job decides, else what is stored for all",
                 "[contract]") {
  const auto mine = ended("1");
  pass(3s);
  CHECK(db->purge_expired(10).purged.empty());
  db->set_retention("", retention{1s, 0});
  db->set_retention(job.name, retention{60s, 0});
  CHECK(db->purge_expired(10).purged.empty());
  db->set_retention(job.name, retention{1s, 1});
  CHECK(db->purge_expired(10).purged.empty());
  db->set_retention(job.name, std::nullopt);
  const auto round = db->purge_expired(10);
  CHECK(round.purged == ids{mine});
  CHECK(round.rows_wait);
  remove_all();
  CHECK(!db->purge_expired(10).rows_wait);
  const auto rows = db->list_retention();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].job.empty());
  CHECK(rows[0].what == retention{1s, 0});
}

TEST_CASE_METHOD(ended_runs, "a retention that makes no sense is refused", "[contract]") {
  CHECK(error_of([&] { db->set_retention("", retention{999ms, 0}); }) == errc::bad_request);
  CHECK(error_of([&] { db->set_retention("", retention{1s, -1}); }) == errc::bad_request);
  CHECK(error_of([&] {
          db->set_retention("", retention{1s, highest_keep_last + 1});
        }) == errc::bad_request);
  CHECK(error_of([&] { db->set_retention("unknown", retention{1s, 0}); }) == errc::not_found);
  db->set_retention("unknown", std::nullopt);
  CHECK(db->list_retention().empty());
}

TEST_CASE_METHOD(ended_runs, "a tick whose run is purged is not started again", "[contract]") {
  new_schedule s;
  s.name = "nightly";
  s.job = job.name;
  s.trigger = "every 1s at fixed rate";
  db->add_schedule(s, true);
  const auto first = db->run_schedule("nightly", std::nullopt, 1);
  end_of({first.id, node, db->adopt_run(first.id, node, term{0}).value()}, true, 1);
  REQUIRE(purge() == ids{first.id});
  remove_all();
  CHECK(db->run_schedule("nightly", first.tick, 1).id == first.id);
  CHECK(db->list_runs_of_schedule(db->find_schedule("nightly")->id, 10).empty());
}
