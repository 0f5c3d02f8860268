#include <algorithm>

#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;
using namespace std::chrono_literals;

namespace {

struct timeline : contract {
  timeline() : a_(join("a")), b_(join("b")), run_(drive(a_)), step_(split(run_, 10)) {}

  attempt_report took(lease_id lease, partition_no no, microseconds time,
                      attempt_outcome how = attempt_outcome::completed) const {
    auto item = ended(lease, no, how);
    item.took = time;
    return item;
  }

  std::vector<tile_row> tiles() { return db->list_tiles(step_, 0s, 1000); }

  tile_sums all_tiles() {
    tile_sums sum;
    for (const auto& tile : tiles()) sum.add(tile.sums);
    return sum;
  }

  lease_window always() const { return {lease_id{1}, lease_id{1000}, db_time{}, db_time::max()}; }

  node_id a_, b_;
  driven_run run_;
  step_id step_;
};

}  // namespace

TEST_CASE_METHOD(timeline, "tiles count what ended, by node and time") {
  const auto mine = take(a_, step_, 4);
  const auto others = take(b_, step_, 3);
  CHECK(tiles().empty());
  db->report(a_, std::vector{took(mine.lease, 0, 20ms), took(mine.lease, 1, 50ms)});
  db->report(b_, std::vector{took(others.lease, 4, 30ms), took(others.lease, 5, 1ms)});
  CHECK(all_tiles() == tile_sums{4, 0, 0, 101ms, 50ms, 1});
  pass(30s);
  report(a_, took(mine.lease, 2, 70ms, attempt_outcome::failed));
  report(a_, took(mine.lease, 3, 60ms, attempt_outcome::retry));
  const auto rows = tiles();
  REQUIRE(rows.size() >= 3);
  CHECK(rows.front().node == a_);
  CHECK(rows.front().first_lease == mine.lease);
  CHECK(rows.front().last_lease == mine.lease);
  CHECK(rows.back().begins >= 30s);
  CHECK(rows.back().begins < 60s);
  CHECK(rows.back().sums.slowest_no == 2);
  CHECK(all_tiles() == tile_sums{4, 1, 1, 231ms, 70ms, 2});
  // A repeat counts once.
  report(a_, took(mine.lease, 2, 70ms, attempt_outcome::failed));
  CHECK(all_tiles() == tile_sums{4, 1, 1, 231ms, 70ms, 2});
}

TEST_CASE_METHOD(timeline, "an attempt is in the tile of its end, not of its report") {
  const auto grant = take(a_, step_);
  pass(200s);
  auto before = took(grant.lease, 0, 1s);
  before.ended_ago = 90s;
  auto unknown = took(grant.lease, 1, 1s);
  unknown.ended_ago = 1000s;  // before the lease: when that began
  db->report(a_, std::vector{before, unknown, took(grant.lease, 2, 1s)});
  std::vector<std::int64_t> begins;
  for (const auto& tile : tiles()) begins.push_back(tile.begins.count());
  REQUIRE(begins.size() == 3);
  CHECK(begins[0] < 5);
  CHECK(begins[1] >= 110);
  CHECK(begins[1] < 120);
  CHECK(begins[2] >= 200);
  CHECK(begins[2] % 10 == 0);
  CHECK(db->list_tiles(step_, 100s, 1000).size() == 2);
  CHECK(db->list_tiles(step_, 0s, 2).size() == 1);  // the last time may not be whole
}

TEST_CASE_METHOD(timeline, "attempts that were under way within a window") {
  const auto grant = take(a_, step_, 5);
  db->report(a_, std::vector{took(grant.lease, 0, 20ms), took(grant.lease, 1, 50ms)});
  report(a_, took(grant.lease, 2, 60ms, attempt_outcome::retry));
  report(a_, took(grant.lease, 3, 70ms, attempt_outcome::failed));
  auto rows = db->list_ended(step_, always(), 100);
  std::sort(rows.begin(), rows.end(), [](const auto& x, const auto& y) { return x.no < y.no; });
  REQUIRE(rows.size() == 4);
  CHECK(rows[1].node == a_);
  CHECK(rows[1].lease == grant.lease);
  CHECK(rows[1].attempt == 1);
  CHECK(rows[1].outcome == attempt_outcome::completed);
  CHECK(rows[1].took == 50ms);
  CHECK(rows[2].outcome == attempt_outcome::retry);
  CHECK(rows[3].outcome == attempt_outcome::failed);
  CHECK(db->list_ended(step_, always(), 3).size() == 3);
  auto none = always();
  none.first = lease_id{grant.lease.value + 1};
  CHECK(db->list_ended(step_, none, 100).empty());
  auto later = always();
  later.from = rows[3].ended_at + 1h;
  CHECK(db->list_ended(step_, later, 100).empty());
  auto earlier = always();
  earlier.to = rows[0].ended_at - 1h;
  CHECK(db->list_ended(step_, earlier, 100).empty());
}

TEST_CASE_METHOD(timeline, "who holds leases, and where those of a lost node went") {
  const auto lost = take(a_, step_, 4);
  const auto kept = take(b_, step_, 2);
  complete(a_, lost.lease, 0);
  auto held = db->list_live_leases(run_.run, {}, 100);
  REQUIRE(held.size() == 2);
  CHECK(held[0].lease == lost.lease);
  CHECK(held[0].run == run_.run);
  CHECK(held[0].ended == 1);
  CHECK(held[0].span == range{0, 3});
  CHECK(db->list_live_leases({}, b_, 100).size() == 1);
  CHECK(db->list_live_leases({}, b_, 0).empty());
  CHECK(db->list_moved(run_.run, 100).empty());
  lose(a_);
  auto moved = db->list_moved(run_.run, 100);
  REQUIRE(moved.size() == 1);
  CHECK(moved[0].lease == lost.lease);
  CHECK(moved[0].node == a_);
  CHECK(!moved[0].next);
  const auto first = take(b_, step_, 2);
  REQUIRE(first.span == range{1, 2});
  complete_all(b_, first);
  const auto second = take(b_, step_, 1);
  moved = db->list_moved(run_.run, 100);
  REQUIRE(moved.size() == 2);
  CHECK(moved[0].next == first.lease);
  CHECK(moved[0].next_node == b_);
  CHECK(moved[1].next == second.lease);
  CHECK(moved[1].lost_at >= moved[1].granted_at);
  CHECK(moved[1].next_granted_at >= moved[1].lost_at);
  static_cast<void>(kept);
}

TEST_CASE_METHOD(timeline, "durations, failures and the pace are told without reading all") {
  const auto grant = take(a_, step_);
  CHECK(db->sample_durations(step_, 100).empty());
  for (partition_no no = 0; no < 8; ++no)
    report(a_, took(grant.lease, no, milliseconds{no + 1},
                    no == 6 ? attempt_outcome::failed : attempt_outcome::completed));
  report(a_, ended(grant.lease, 8, attempt_outcome::retry));
  report(a_, ended(grant.lease, 9, attempt_outcome::released));
  CHECK(db->sample_durations(step_, 100).size() == 8);
  CHECK(db->sample_durations(step_, 5).size() == 4);
  CHECK(db->sample_durations(step_, 8).size() == 4);  // every second number
  CHECK(db->sample_durations(step_id{999}, 5).empty());
  const auto failures = db->sample_failures(run_.run, 10);
  REQUIRE(failures.size() == 2);
  CHECK(failures[0].no == 6);
  CHECK(failures[1].outcome == attempt_outcome::retry);
  CHECK(db->sample_failures(run_.run, 1).size() == 1);
}

TEST_CASE_METHOD(timeline, "the pace is that of all nodes and steps, as far back as is asked for") {
  const auto sum_of = [&](std::chrono::seconds since) {
    pace_row sum;
    for (const auto& tile : db->list_pace(since)) {
      sum.completed += tile.completed;
      sum.failed += tile.failed;
    }
    return std::pair{sum.completed, sum.failed};
  };
  using counts = std::pair<std::int64_t, std::int64_t>;
  const auto mine = take(a_, step_, 4);
  const auto others = take(b_, step_, 3);
  complete(a_, mine.lease, 0);
  report(a_, took(mine.lease, 1, 1ms, attempt_outcome::failed));
  report(a_, ended(mine.lease, 2, attempt_outcome::retry));
  complete(b_, others.lease, 4);
  CHECK(sum_of(1h) == counts{2, 1});
  for (const auto& tile : db->list_pace(1h)) {
    CHECK(tile.step == step_);
    const auto row = step(run_, step_);
    CHECK(tile.begins >= row.started_at);
    CHECK(tile.begins <= row.started_at + 60s);
  }
  const auto next = split(run_, 3, spec("next", 1));
  complete_all(a_, take(a_, next));
  CHECK(sum_of(1h) == counts{5, 1});
  CHECK(sum_of(5min) == counts{5, 1});
  pass(5min);
  CHECK(sum_of(1h) == counts{5, 1});
  CHECK(sum_of(3min) == counts{0, 0});
  db->release(a_, std::vector{mine.lease});
  db->release(b_, std::vector{others.lease});
  end(run_, step_, step_state::failed);
  end(run_, next, step_state::completed);
  end(run_, run_state::failed);
  CHECK(sum_of(1h) == counts{5, 1});
  pass(10min);
  CHECK(sum_of(5min) == counts{0, 0});
}

TEST_CASE_METHOD(timeline, "early in a large step durations are those of the first that ended") {
  const auto large = split(run_, 400, spec("large", 1));
  const auto grant = take(a_, large, 400);
  for (partition_no no = 201; no < 209; ++no) report(a_, took(grant.lease, no, milliseconds{no}));
  // Evenly chosen are 0, 40, 80 …: none of those.
  const auto sample = db->sample_durations(large, 10);
  REQUIRE(sample.size() == 8);
  CHECK(*std::min_element(sample.begin(), sample.end()) == 201ms);
  CHECK(db->sample_durations(large, 5).size() == 5);
}

TEST_CASE_METHOD(contract, "what a node does is what its last heartbeat told") {
  const auto id = join();
  CHECK(node(id).load.doing == "[]");
  node_load load{1, 0};
  load.doing = "[[7,3,2500]]";
  db->heartbeat(id, load, false, std::nullopt);
  CHECK(node(id).load.doing == "[[7,3,2500]]");
  load.doing = "[[7,4,9]]";
  db->heartbeat(id, load, false, limits);
  CHECK(node(id).load.doing == "[[7,4,9]]");
  db->heartbeat(id, {}, true, limits);
  CHECK(node(id).load.doing == "[]");
}

TEST_CASE_METHOD(contract, "runs are chosen by job, state and time, and counted") {
  const auto master = join();
  const auto first = drive(master, "1");
  end(first, run_state::failed);
  pass(10s);
  const auto second = drive(master, "2");
  end(second, run_state::stopped);
  const auto third = drive(master, "3");
  const auto found = [&](const run_choice& only) {
    std::vector<run_id> ids;
    for (const auto& row : db->list_runs(10, {}, only)) ids.push_back(row.id);
    CHECK(db->count_runs(only, 10) == std::ssize(ids));
    auto by_parameters = ids;
    by_parameters.clear();
    for (const auto& row : db->list_parameters(10, {}, only)) {
      by_parameters.push_back(row.run);
      CHECK(row.parameters == run(row.run).parameters);
    }
    CHECK(by_parameters == ids);
    by_parameters.clear();
    for (const auto& row : db->find_runs(ids)) by_parameters.push_back(row.id);
    CHECK(by_parameters == ids);
    return ids;
  };
  using ids = std::vector<run_id>;
  CHECK(found({}) == ids{third.run, second.run, first.run});
  CHECK(found({"none", {}, {}, {}}).empty());
  CHECK(found({job.name, {"FAILED", "RUNNING"}, {}, {}}) == ids{third.run, first.run});
  const auto then = run(second.run).created_at;
  CHECK(found({"", {}, then, {}}) == ids{third.run, second.run});
  CHECK(found({"", {}, {}, then}) == ids{first.run});
  CHECK(db->list_runs(10, third.run, {"", {"STOPPED", "FAILED"}, {}, {}}).size() == 2);
  CHECK(db->list_parameters(10, third.run, {"", {"STOPPED", "FAILED"}, {}, {}}).size() == 2);
  CHECK(db->list_parameters(2, {}).size() == 2);
  CHECK(db->find_runs(std::vector{run_id{999}, second.run}).size() == 1);
  auto other = launch();
  other.job.name = "another";
  const auto fourth = db->submit(other).id;
  const std::vector<std::string> jobs{"none", job.name, "another"};
  const auto newest = db->list_runs_of(jobs, 2);
  REQUIRE(newest.size() == 2);
  REQUIRE(newest.at(job.name).size() == 2);
  CHECK(newest.at(job.name)[0].id == third.run);
  CHECK(newest.at(job.name)[1].id == second.run);
  REQUIRE(newest.at("another").size() == 1);
  CHECK(newest.at("another")[0].id == fourth);
  const auto ended = db->list_runs_of(jobs, 1, {"FAILED", "STOPPED"});
  REQUIRE(ended.size() == 1);
  CHECK(ended.at(job.name).front().id == second.run);
  db->request_stop(fourth, stop_mode::stop);
  CHECK(found({"", {"RUNNING"}, {}, {}, master}) == ids{third.run});
  CHECK(found({"", {"FAILED"}, {}, {}, master}) == found({"", {"FAILED"}, {}, {}, {}}));
  CHECK(found({"", {"RUNNING"}, {}, {}, node_id{999}}).empty());
  CHECK(db->count_runs({}, 2) == 2);
  db->abandon(first.run);
  CHECK(found({"", {"FAILED"}, {}, {}}).empty());
  CHECK(found({"", {"ABANDONED"}, {}, {}}) == ids{first.run});
}

TEST_CASE_METHOD(contract, "an abandoned run is continued by nobody") {
  const auto master = join();
  const auto r = drive(master);
  CHECK(error_of([&] { db->abandon(r.run); }) == errc::wrong_state);
  CHECK(error_of([&] { db->abandon(run_id{999}); }) == errc::not_found);
  end(r, run_state::failed);
  CHECK(!run(r.run).abandoned);
  const auto after = db->abandon(r.run, "anna");
  CHECK(after.abandoned);
  CHECK(after.state == run_state::failed);
  db->abandon(r.run, "bert");  // a repeat changes nothing
  const auto told = events(event::run_abandoned);
  REQUIRE(told.size() == 1);
  CHECK(told[0].detail == R"({"by":"anna"})");
  CHECK(error_of([&] { db->restart(r.run, "again"); }) == errc::wrong_state);
  CHECK(sentence_of([&] { db->restart(r.run, "again"); }).find("abandoned") != std::string::npos);
  // One that is continued is not.
  const auto next = drive(master, "next");
  end(next, run_state::stopped);
  db->restart(next.run, "key");
  CHECK(error_of([&] { db->abandon(next.run); }) == errc::wrong_state);
}

TEST_CASE_METHOD(contract, "the log tells who asked") {
  const auto id = join();
  auto what = launch("a");
  what.by = "anna";
  const auto run = db->submit(what);
  CHECK(events(event::run_submitted).back().detail.find(R"("by":"anna")") != std::string::npos);
  db->request_stop(run.id, stop_mode::now, "bert");
  CHECK(events(event::stop_requested).back().detail.find(R"("by":"bert")") != std::string::npos);
  db->restart(run.id, "again", 0, "carl");
  CHECK(events(event::run_submitted).back().detail.find(R"("by":"carl")") != std::string::npos);
  db->request_drain(id, "dora");
  CHECK(events(event::node_draining).back().detail == R"({"by":"dora"})");
}
