#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;

TEST_CASE_METHOD(contract, "a completed partition has its result, and the lease counts it") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 3);
  auto grant = take(node, id);
  auto item = ended(grant.lease, 1);
  item.output = "{ \"sum\" : 7, \"ü\":[] }";
  item.counts = {5, 4, 3, 2};
  item.took = microseconds{123'456'789};
  CHECK(report(node, item) == report_verdict::recorded);
  auto results = db->list_results(id, -1, 10);
  REQUIRE(results.size() == 1);
  CHECK(results[0].no == 1);
  CHECK(results[0].lease == grant.lease);
  CHECK(results[0].completed);
  CHECK(results[0].output == item.output);
  CHECK(results[0].counts == item.counts);
  CHECK(results[0].took == item.took);
  CHECK(lease(grant.lease).completed == 1);
  CHECK(lease(grant.lease).state == lease_state::live);
  auto reported = events(event::lease_reported);
  REQUIRE(reported.size() == 1);
  CHECK(reported[0].run == r.run);
  CHECK(reported[0].step == id);
  CHECK(reported[0].lease == grant.lease);
  CHECK(reported[0].node == node);
  CHECK(reported[0].detail.find("[1,1]") != std::string::npos);
}

TEST_CASE_METHOD(contract, "reporting twice is reporting once, while the lease lives and after") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 2);
  auto grant = take(node, id);
  CHECK(complete(node, grant.lease, 0) == report_verdict::recorded);
  CHECK(complete(node, grant.lease, 0) == report_verdict::recorded);
  CHECK(lease(grant.lease).completed == 1);
  CHECK(complete(node, grant.lease, 1) == report_verdict::recorded);
  CHECK(lease(grant.lease).state == lease_state::done);
  auto before = db->list_events({}, 0, 1000).size();
  CHECK(complete(node, grant.lease, 0) == report_verdict::recorded);
  CHECK(complete(node, grant.lease, 1) == report_verdict::recorded);
  CHECK(db->list_events({}, 0, 1000).size() == before);
  CHECK(lease(grant.lease).completed == 2);
}

TEST_CASE_METHOD(contract, "a batch that is reported again overlaps, and is still recorded once") {
  auto node = join();
  auto r = drive(node);
  auto grant = take(node, split(r, 5));
  std::vector<attempt_report> items;
  for (partition_no no = 0; no < 4; ++no) items.push_back(ended(grant.lease, no));
  CHECK(db->report(node, items) == std::vector(4, report_verdict::recorded));
  CHECK(db->report(node, items) == std::vector(4, report_verdict::recorded));
  CHECK(lease(grant.lease).completed == 4);
  CHECK(lease(grant.lease).state == lease_state::live);
  items.push_back(ended(grant.lease, 4));
  CHECK(db->report(node, items) == std::vector(5, report_verdict::recorded));
  CHECK(db->report(node, items) == std::vector(5, report_verdict::recorded));
  CHECK(lease(grant.lease).completed == 5);
  CHECK(lease(grant.lease).state == lease_state::done);
}

TEST_CASE_METHOD(contract, "one call may report many leases, outcomes and repeats, in any order") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 8);
  auto a = take(node, id, 4);
  auto b = take(node, id, 4);
  using o = attempt_outcome;
  const std::vector<attempt_report> items{ended(b.lease, 7, o::failed),
                                          ended(a.lease, 0),
                                          ended(b.lease, 5, o::retry),
                                          ended(a.lease, 0),
                                          ended(a.lease, 4),
                                          ended(b.lease, 4),
                                          ended(a.lease, 2, o::released),
                                          ended(lease_id{999}, 1),
                                          ended(b.lease, 5, o::retry)};
  using v = report_verdict;
  CHECK(db->report(node, items) == std::vector<v>{v::recorded, v::recorded, v::recorded,
                                                  v::recorded, v::rejected, v::recorded,
                                                  v::recorded, v::rejected, v::recorded});
  CHECK(lease(a.lease).completed == 1);
  CHECK(lease(a.lease).returned == 1);
  CHECK(lease(b.lease).completed == 1);
  CHECK(lease(b.lease).failed == 1);
  CHECK(lease(b.lease).returned == 1);
  CHECK(events(event::lease_reported).size() == 2);
  CHECK(db->report(node, items)[1] == v::recorded);
  CHECK(events(event::lease_reported).size() == 2);
  CHECK(db->report(node, {}).empty());
}

TEST_CASE_METHOD(contract, "failed results, and those with files, are listed without the others") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 6);
  auto grant = take(node, id);
  for (partition_no no = 0; no < 6; ++no) {
    auto item =
        ended(grant.lease, no, no % 3 == 1 ? attempt_outcome::failed : attempt_outcome::completed);
    const auto file = "/out/" + std::to_string(no);
    if (no % 3 == 2) item.files = "[[\"" + file + "\",\"/out/.f.part\"]]";
    CHECK(report(node, item) == report_verdict::recorded);
  }
  auto numbers = [&](result_kind kind, partition_no after, int limit) {
    std::vector<partition_no> nos;
    for (const auto& row : db->list_results(id, after, limit, kind)) {
      CHECK(row.completed == (kind == result_kind::with_files));
      CHECK(!row.files.empty() == (kind == result_kind::with_files));
      nos.push_back(row.no);
    }
    return nos;
  };
  using list = std::vector<partition_no>;
  CHECK(numbers(result_kind::failed, -1, 10) == list{1, 4});
  CHECK(numbers(result_kind::with_files, -1, 10) == list{2, 5});
  CHECK(numbers(result_kind::with_files, -1, 1) == list{2});
  CHECK(numbers(result_kind::with_files, 2, 10) == list{5});
  CHECK(db->list_results(id, 1, 1).at(0).files == R"([["/out/2","/out/.f.part"]])");
}

TEST_CASE_METHOD(contract, "a failed partition keeps its failure and its FAILED result") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 1);
  auto grant = take(node, id);
  CHECK(report(node, ended(grant.lease, 0, attempt_outcome::failed)) == report_verdict::recorded);
  CHECK(report(node, ended(grant.lease, 0, attempt_outcome::failed)) == report_verdict::recorded);
  auto result = db->list_results(id, -1, 1).at(0);
  CHECK_FALSE(result.completed);
  CHECK(result.error == "partition 0 threw");
  auto failures = db->list_failures(r.run, 10);
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].step == id);
  CHECK(failures[0].no == 0);
  CHECK(failures[0].lease == grant.lease);
  CHECK(failures[0].node == node);
  CHECK(failures[0].attempt == 1);
  CHECK(failures[0].outcome == attempt_outcome::failed);
  CHECK(failures[0].error == "partition 0 threw");
  CHECK(lease(grant.lease).failed == 1);
  CHECK(lease(grant.lease).state == lease_state::done);
}

TEST_CASE_METHOD(contract, "a partition that is to be retried rests first, and its try counts") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 1);
  auto first = take(node, id);
  auto item = ended(first.lease, 0, attempt_outcome::retry);
  item.retry_after = milliseconds{2000};
  CHECK(report(node, item) == report_verdict::recorded);
  CHECK(report(node, item) == report_verdict::recorded);
  CHECK(waiting(id) == std::vector<ready_range>{{{0, 0}, {}, 1}});
  CHECK(lease(first.lease).returned == 1);
  CHECK(lease(first.lease).state == lease_state::done);
  CHECK_FALSE(db->claim(node, id, 1, 1));
  CHECK(db->look(node).ready.empty());
  CHECK(db->progress(id).open);
  pass(milliseconds{2100});
  CHECK(db->look(node).ready.at(0).next_attempt == 1);
  auto second = take(node, id);
  CHECK(second.attempt == 2);
  CHECK(report(node, item) == report_verdict::recorded);  // late repeat of the first try
  CHECK(db->list_results(id, -1, 1).empty());
  CHECK(complete(node, second.lease, 0) == report_verdict::recorded);
  CHECK(db->list_results(id, -1, 1).at(0).lease == second.lease);
}

TEST_CASE_METHOD(contract, "a partition that ended early on request has not used up a try") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 1);
  auto first = take(node, id);
  report(node, ended(first.lease, 0, attempt_outcome::retry));
  auto second = take(node, id);
  CHECK(second.attempt == 2);
  report(node, ended(second.lease, 0, attempt_outcome::released));
  CHECK(waiting(id) == std::vector<ready_range>{{{0, 0}, {}, 1}});
  CHECK(lease(second.lease).returned == 1);
  CHECK(take(node, id).attempt == 2);
  CHECK(db->list_failures(r.run, 10).at(0).outcome == attempt_outcome::released);
  CHECK(db->list_failures(r.run, 10).at(1).outcome == attempt_outcome::retry);
}

TEST_CASE_METHOD(contract, "a retried partition is shared, wherever it was bound") {
  auto a = join("a");
  auto b = join("b");
  auto r = drive(a);
  auto id = begin(r, spec());
  append(r, id, 0, 1);
  seal(r, id, {{{0, 0}, a, 0}});
  CHECK_FALSE(db->claim(b, id, 1, 1));
  report(a, ended(take(a, id).lease, 0, attempt_outcome::retry));
  CHECK(take(b, id).attempt == 2);
}

TEST_CASE_METHOD(contract,
                 "a zombie's report is rejected, and a fresh lease is not touched by it") {
  auto zombie = join("zombie");
  auto node = join("node");
  auto r = drive(node);
  auto id = split(r, 3);
  auto old = take(zombie, id);
  CHECK(complete(zombie, old.lease, 0) == report_verdict::recorded);
  lose(zombie);
  auto fresh = take(node, id);
  CHECK(fresh.span == range{1, 2});
  using o = attempt_outcome;
  for (auto outcome : {o::completed, o::failed, o::retry, o::released})
    CHECK(report(zombie, ended(old.lease, 1, outcome)) == report_verdict::rejected);
  CHECK(complete(zombie, old.lease, 0) == report_verdict::recorded);  // that one stands
  CHECK(lease(old.lease).state == lease_state::revoked);
  CHECK(waiting(id).empty());
  complete_all(node, fresh);
}

TEST_CASE_METHOD(contract, "a node cannot report under the lease of another") {
  auto a = join("a");
  auto b = join("b");
  auto r = drive(a);
  auto grant = take(a, split(r, 2));
  CHECK(complete(b, grant.lease, 0) == report_verdict::rejected);
  CHECK(complete(a, grant.lease, 0) == report_verdict::recorded);
}

TEST_CASE_METHOD(contract, "a partition outside of its lease is rejected") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 6);
  take(node, id, 2);
  auto grant = take(node, id, 2);
  for (partition_no no : {-1, 0, 1, 4, 5, 99})
    CHECK(complete(node, grant.lease, no) == report_verdict::rejected);
}

TEST_CASE_METHOD(contract, "an UNREACHABLE node still reports: it has its leases") {
  auto node = join();
  auto r = drive(node);
  auto grant = take(node, split(r, 1));
  pass_unreachable();
  REQUIRE(db->sweep(node, limits) == sweep_verdict::unreachable);
  db->commit_checkpoint(grant.lease, 0, {1, "1", {}});
  CHECK(complete(node, grant.lease, 0) == report_verdict::recorded);
}

TEST_CASE_METHOD(contract, "work under way is reported although the run is asked to stop") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 2);
  auto grant = take(node, id);
  db->request_stop(r.run, stop_mode::stop);
  CHECK(complete(node, grant.lease, 0) == report_verdict::recorded);
  CHECK(report(node, ended(grant.lease, 1, attempt_outcome::released)) == report_verdict::recorded);
  CHECK_FALSE(db->claim(node, id, 1, 1));
  end(r, id, step_state::stopped);
  end(r, run_state::stopped);
}

TEST_CASE_METHOD(contract, "the next try resumes from the last checkpoint") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 2);
  auto first = take(node, id);
  db->commit_checkpoint(first.lease, 0, {1, "{\"row\": 10}", {10, 9, 1, 0}});
  db->commit_checkpoint(first.lease, 0, {2, "{\"row\": 20}", {20, 18, 2, 0}});
  report(node, ended(first.lease, 0, attempt_outcome::retry));
  report(node, ended(first.lease, 1, attempt_outcome::retry));
  auto second = take(node, id, 1);
  CHECK(second.partitions.at(0).resume == checkpoint{2, "{\"row\": 20}", {20, 18, 2, 0}});
  CHECK_FALSE(take(node, id, 1).partitions.at(0).resume);
  db->commit_checkpoint(second.lease, 0, {3, "{\"row\": 30}", {30, 27, 3, 0}});
  complete(node, second.lease, 0);
  CHECK(on->dump().checkpoints.empty());
}

TEST_CASE_METHOD(contract, "of checkpoints the highest number stays; an equal one is a repeat") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 1);
  auto grant = take(node, id);
  db->commit_checkpoint(grant.lease, 0, {2, "\"two\"", {2, 2, 0, 0}});
  db->commit_checkpoint(grant.lease, 0, {2, "\"other\"", {9, 9, 9, 9}});
  db->commit_checkpoint(grant.lease, 0, {1, "\"one\"", {1, 1, 0, 0}});
  report(node, ended(grant.lease, 0, attempt_outcome::released));
  CHECK(take(node, id).partitions.at(0).resume == checkpoint{2, "\"two\"", {2, 2, 0, 0}});
}

TEST_CASE_METHOD(contract, "a checkpoint needs a LIVE lease on an unended partition") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 8);
  auto lost = [&](lease_id lease, partition_no no) {
    return error_of([&] { db->commit_checkpoint(lease, no, {1, "1", {}}); }) == errc::lease_lost;
  };
  auto grant = take(node, id, 4);
  CHECK(lost(grant.lease, 4));
  CHECK(lost(grant.lease, -1));
  CHECK(lost(lease_id{99}, 0));
  complete(node, grant.lease, 0);
  CHECK(lost(grant.lease, 0));
  report(node, ended(grant.lease, 1, attempt_outcome::retry));
  CHECK(lost(grant.lease, 1));
  db->give_back(node, grant.lease, 3);
  CHECK(lost(grant.lease, 3));
  db->release(node, {&grant.lease, 1});
  CHECK(lost(grant.lease, 2));
  CHECK(on->dump().checkpoints.empty());
}

TEST_CASE_METHOD(contract, "a zombie's checkpoint does not overwrite that of its successor") {
  auto zombie = join("zombie");
  auto node = join("node");
  auto r = drive(node);
  auto id = split(r, 1);
  auto old = take(zombie, id);
  db->commit_checkpoint(old.lease, 0, {1, "\"one\"", {1, 1, 0, 0}});
  lose(zombie);
  auto fresh = take(node, id);
  CHECK(fresh.partitions.at(0).resume->seq == 1);
  db->commit_checkpoint(fresh.lease, 0, {2, "\"two\"", {2, 2, 0, 0}});
  CHECK(error_of([&] {
          db->commit_checkpoint(old.lease, 0, {9, "\"nine\"", {}});
        }) == errc::lease_lost);
  report(node, ended(fresh.lease, 0, attempt_outcome::released));
  CHECK(take(node, id).partitions.at(0).resume->position == "\"two\"");
}

TEST_CASE_METHOD(contract, "progress is shown, is no position to resume from, and makes no event") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 2);
  auto grant = take(node, id);
  auto before = db->list_events({}, 0, 1000).size();
  const std::vector<progress_report> items{
      {grant.lease, 0, 30, 100}, {grant.lease, 1, 5, 0}, {lease_id{99}, 0, 1, 1}};
  db->record_progress(items);
  CHECK(partition(id, 0).progress_done == 30);
  CHECK(partition(id, 0).progress_total == 100);
  CHECK(partition(id, 1).progress_done == 5);
  CHECK(partition(id, 1).progress_total == 0);
  CHECK(db->list_events({}, 0, 1000).size() == before);
  db->record_progress({});
  report(node, ended(grant.lease, 0, attempt_outcome::retry));
  CHECK_FALSE(take(node, id, 1).partitions.at(0).resume);
}

TEST_CASE_METHOD(contract, "progress and checkpoint of a partition do not disturb each other") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 1);
  auto grant = take(node, id);
  const std::vector<progress_report> early{{grant.lease, 0, 1, 10}};
  const std::vector<progress_report> late{{grant.lease, 0, 5, 10}};
  db->record_progress(early);
  db->commit_checkpoint(grant.lease, 0, {1, "\"one\"", {1, 1, 0, 0}});
  db->record_progress(late);
  CHECK(partition(id, 0).progress_done == 5);
  report(node, ended(grant.lease, 0, attempt_outcome::retry));
  CHECK(take(node, id).partitions.at(0).resume == checkpoint{1, "\"one\"", {1, 1, 0, 0}});
}

TEST_CASE_METHOD(contract, "progress of a lease that is over is ignored") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 1);
  auto grant = take(node, id);
  complete_all(node, grant);
  const std::vector<progress_report> late{{grant.lease, 0, 30, 100}};
  db->record_progress(late);
  CHECK(on->dump().checkpoints.empty());
}
