#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;

TEST_CASE_METHOD(contract, "a summary adds up what leases did, and the items of the results") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 10);
  auto later = begin(r, spec("later", 1));
  auto a = take(node, id, 4);
  auto b = take(node, id, 2);
  complete(node, a.lease, 0);
  complete(node, a.lease, 1);
  report(node, ended(a.lease, 2, attempt_outcome::retry));
  report(node, ended(b.lease, 4, attempt_outcome::failed));
  auto steps = db->summarize(r.run);
  REQUIRE(steps.size() == 2);
  CHECK(steps[0].row.id == id);
  CHECK(steps[0].row.count == 10);
  CHECK(steps[0].totals.completed == 2);
  CHECK(steps[0].totals.failed == 1);
  CHECK(steps[0].totals.claimed == 2);
  CHECK(steps[0].totals.counts == item_counts{30, 24, 3, 3});
  CHECK(steps[1].row.id == later);
  CHECK(steps[1].totals.completed == 0);
  CHECK(steps[1].totals.counts == item_counts{});
  CHECK(db->summarize(run_id{99}).empty());
  // Of several runs at once.
  const auto other = drive(node, "other");
  const auto idle = drive(node, "idle");
  complete_all(node, take(node, split(other, 3)));
  const std::vector runs{other.run, idle.run, r.run, run_id{99}};
  const auto all = db->summarize(runs);
  REQUIRE(all.size() == 2);
  REQUIRE(all.at(other.run).size() == 1);
  CHECK(all.at(other.run)[0].totals.completed == 3);
  REQUIRE(all.at(r.run).size() == 2);
  CHECK(all.at(r.run)[0].row.id == id);
  CHECK(all.at(r.run)[0].totals.claimed == 2);
  CHECK(all.at(r.run)[1].row.id == later);
  CHECK(db->summarize(std::span<const run_id>{}).empty());
}

TEST_CASE_METHOD(contract, "each partition is PENDING, CLAIMED, COMPLETED or FAILED") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 8);
  auto grant = take(node, id, 5);
  complete(node, grant.lease, 0);
  report(node, ended(grant.lease, 1, attempt_outcome::failed));
  report(node, ended(grant.lease, 2, attempt_outcome::retry));
  report(node, ended(grant.lease, 3, attempt_outcome::released));
  using s = partition_state;
  CHECK(in_state(id, s::completed) == std::vector<partition_no>{0});
  CHECK(in_state(id, s::failed) == std::vector<partition_no>{1});
  CHECK(in_state(id, s::claimed) == std::vector<partition_no>{4});
  CHECK(in_state(id, s::pending) == std::vector<partition_no>{2, 3, 5, 6, 7});
}

TEST_CASE_METHOD(contract, "a partition tells who ended it, when, and with what") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 2);
  auto grant = take(node, id);
  complete(node, grant.lease, 0);
  report(node, ended(grant.lease, 1, attempt_outcome::failed));
  auto done = partition(id, 0);
  CHECK(done.key == "key 0");
  CHECK(done.input == "{\"no\":0}");
  CHECK(done.attempt == 1);
  CHECK(done.node == node);
  CHECK(done.lease == grant.lease);
  CHECK(done.output == "0");
  CHECK(done.counts == item_counts{10, 8, 1, 1});
  CHECK(done.ended_at);
  CHECK(done.error.empty());
  CHECK(partition(id, 1).error == "partition 1 threw");
}

TEST_CASE_METHOD(contract, "a waiting or claimed partition tells its tries and the last error") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 1);
  CHECK(partition(id, 0).attempt == 0);
  auto first = take(node, id);
  auto claimed = partition(id, 0);
  CHECK(claimed.attempt == 1);
  CHECK(claimed.node == node);
  CHECK(claimed.lease == first.lease);
  CHECK(claimed.error.empty());
  CHECK_FALSE(claimed.ended_at);
  report(node, ended(first.lease, 0, attempt_outcome::retry));
  auto pending = partition(id, 0);
  CHECK(pending.state == partition_state::pending);
  CHECK(pending.attempt == 1);
  CHECK(pending.error == "partition 0 threw");
  auto second = take(node, id);
  CHECK(partition(id, 0).attempt == 2);
  CHECK(partition(id, 0).lease == second.lease);
  CHECK(partition(id, 0).error == "partition 0 threw");
  complete(node, second.lease, 0);
  CHECK(partition(id, 0).error.empty());
}

TEST_CASE_METHOD(contract, "partitions and results come in pages") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 7);
  split(r, 7, spec("other", 1));
  complete_all(node, take(node, id, 5));
  auto partitions = [&](partition_no after, int limit) {
    std::vector<partition_no> numbers;
    for (const auto& p : db->list_partitions(id, after, limit)) numbers.push_back(p.no);
    return numbers;
  };
  auto results = [&](partition_no after, int limit) {
    std::vector<partition_no> numbers;
    for (const auto& p : db->list_results(id, after, limit)) numbers.push_back(p.no);
    return numbers;
  };
  CHECK(partitions(-1, 3) == std::vector<partition_no>{0, 1, 2});
  CHECK(partitions(2, 3) == std::vector<partition_no>{3, 4, 5});
  CHECK(partitions(5, 3) == std::vector<partition_no>{6});
  CHECK(partitions(6, 3).empty());
  CHECK(results(-1, 2) == std::vector<partition_no>{0, 1});
  CHECK(results(3, 9) == std::vector<partition_no>{4});
  CHECK(results(4, 9).empty());
  CHECK(db->list_partitions(step_id{99}, -1, 9).empty());
  const std::vector<partition_no> wanted{5, 1, 99, 1};
  const auto found = db->find_partitions(id, wanted);
  REQUIRE(found.size() == 2);
  CHECK(found[0].no == 1);
  CHECK(found[0].state == partition_state::completed);
  CHECK(found[1].no == 5);
  CHECK(found[1].key == "key 5");
  CHECK(db->find_partitions(id, {}).empty());
}

TEST_CASE_METHOD(contract, "failures are listed newest first, of one run only") {
  auto node = join();
  auto r = drive(node, "1");
  auto other = drive(node, "2");
  auto id = split(r, 3);
  auto grant = take(node, id);
  auto theirs = take(node, split(other, 1));
  for (partition_no no : {1, 0, 2}) report(node, ended(grant.lease, no, attempt_outcome::retry));
  report(node, ended(theirs.lease, 0, attempt_outcome::retry));
  std::vector<partition_no> numbers;
  for (const auto& f : db->list_failures(r.run, 2)) numbers.push_back(f.no);
  CHECK(numbers == std::vector<partition_no>{2, 0});
  CHECK(db->list_failures(r.run, 10).size() == 3);
  CHECK(db->list_failures(other.run, 10).size() == 1);
}

TEST_CASE_METHOD(contract, "the log is read from where one was, of one run or of all") {
  auto node = join();
  auto r = drive(node, "1");
  auto id = split(r, 2);
  db->submit(launch("2"));
  auto all = db->list_events({}, 0, 1000);
  for (std::size_t i = 1; i < all.size(); ++i) CHECK(all[i - 1].id < all[i].id);
  auto mine = db->list_events(r.run, 0, 1000);
  std::vector<std::string> kinds;
  for (const auto& e : mine) {
    CHECK(e.run == r.run);
    kinds.push_back(e.kind);
  }
  CHECK(kinds == std::vector<std::string>{"RUN_SUBMITTED", "RUN_ADOPTED", "STEP_BEGUN",
                                          "SPLIT_APPENDED", "SPLIT_SEALED"});
  CHECK(mine[2].step == id);
  auto rest = db->list_events(r.run, mine[1].id, 1);
  REQUIRE(rest.size() == 1);
  CHECK(rest[0].id == mine[2].id);
  CHECK(db->list_events({}, all.back().id, 10).empty());
}

TEST_CASE_METHOD(contract, "the life of a run is in the log, from launch to end") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 3);
  auto grant = take(node, id);
  db->give_back(node, grant.lease, 2);
  complete(node, grant.lease, 0);
  complete(node, grant.lease, 1);
  complete_all(node, take(node, id));
  end(r, id, step_state::completed);
  end(r, run_state::completed);
  std::vector<std::string> kinds;
  for (const auto& e : db->list_events(r.run, 0, 1000)) kinds.push_back(e.kind);
  CHECK(kinds == std::vector<std::string>{"RUN_SUBMITTED", "RUN_ADOPTED", "STEP_BEGUN",
                                          "SPLIT_APPENDED", "SPLIT_SEALED", "LEASE_GRANTED",
                                          "LEASE_SHRUNK", "LEASE_REPORTED", "LEASE_REPORTED",
                                          "LEASE_ENDED", "LEASE_GRANTED", "LEASE_REPORTED",
                                          "LEASE_ENDED", "STEP_ENDED", "RUN_ENDED"});
}

TEST_CASE_METHOD(contract, "a result ended when it ended, not when it was reported") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 4);
  auto grant = take(node, id);
  pass(milliseconds{3000});
  auto ago = [&](partition_no no, milliseconds time, attempt_outcome how) {
    auto item = ended(grant.lease, no, how);
    item.ended_ago = time;
    return item;
  };
  using o = attempt_outcome;
  const std::vector<attempt_report> completed{ago(0, milliseconds{0}, o::completed),
                                              ago(1, milliseconds{2000}, o::completed),
                                              ago(2, milliseconds{90'000}, o::completed)};
  db->report(node, completed);
  report(node, ago(3, milliseconds{2000}, o::failed));
  const auto granted = lease(grant.lease).granted_at;
  const auto at = [&](partition_no no) { return *partition(id, no).ended_at - granted; };
  CHECK(at(2) == microseconds{0});  // not before the lease
  CHECK(at(0) - at(1) == milliseconds{2000});
  CHECK(at(0) >= milliseconds{3000});
  CHECK(at(3) >= milliseconds{1000});
  CHECK(at(3) < milliseconds{2000});
  CHECK(db->list_failures(r.run, 1).at(0).at - granted == at(3));
}

TEST_CASE_METHOD(contract, "partitions of one state are found by what puts them in it, in pages") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 12);
  auto first = take(node, id, 4);   // 0..3
  auto second = take(node, id, 3);  // 4..6
  report(node, ended(first.lease, 0, attempt_outcome::failed));
  complete(node, first.lease, 1);
  report(node, ended(first.lease, 2, attempt_outcome::retry));
  complete(node, second.lease, 5);
  using s = partition_state;
  auto numbers = [&](s state, partition_no after, int limit) {
    std::vector<partition_no> found;
    for (const auto& p : db->list_partitions(id, after, limit, state)) {
      CHECK(p.state == state);
      found.push_back(p.no);
    }
    return found;
  };
  using list = std::vector<partition_no>;
  CHECK(numbers(s::failed, -1, 10) == list{0});
  CHECK(numbers(s::failed, 0, 10).empty());
  CHECK(numbers(s::completed, -1, 1) == list{1});
  CHECK(numbers(s::completed, 1, 9) == list{5});
  CHECK(numbers(s::claimed, -1, 2) == list{3, 4});
  CHECK(numbers(s::claimed, 4, 9) == list{6});
  CHECK(numbers(s::pending, -1, 3) == list{2, 7, 8});
  CHECK(numbers(s::pending, 8, 9) == list{9, 10, 11});
  CHECK(numbers(s::pending, 11, 9).empty());
  for (auto state : {s::pending, s::claimed, s::completed, s::failed})
    CHECK(numbers(state, -1, 100) == in_state(id, state));
}

TEST_CASE_METHOD(contract, "before a listed split is sealed all its partitions are PENDING") {
  auto node = join();
  auto r = drive(node);
  auto id = begin(r, spec());
  append(r, id, 0, 3);
  CHECK(db->list_partitions(id, 0, 10, partition_state::pending).size() == 2);
}

TEST_CASE_METHOD(contract, "a partition tells when its try began and how long it took") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 3);
  CHECK_FALSE(partition(id, 0).started_at);
  auto grant = take(node, id);
  CHECK(partition(id, 0).started_at == lease(grant.lease).granted_at);
  pass(milliseconds{500});
  auto quick = ended(grant.lease, 0), slow = ended(grant.lease, 1);
  quick.took = milliseconds{20};
  slow.took = milliseconds{300};
  report(node, quick);
  report(node, slow);
  auto done = partition(id, 1);
  CHECK(*done.ended_at - *done.started_at == milliseconds{300});
  std::vector<partition_no> slowest;
  for (const auto& p : db->list_slowest(id, 9)) slowest.push_back(p.no);
  CHECK(slowest == std::vector<partition_no>{1, 0});
  CHECK(db->list_slowest(id, 1).size() == 1);
}

TEST_CASE_METHOD(contract, "every lease that held a partition is a try, with what came of it") {
  auto a = join("a");
  auto r = drive(a);
  auto b = join("b");
  auto id = split(r, 3);
  auto first = take(b, id);
  report(b, ended(first.lease, 1, attempt_outcome::retry));
  auto second = take(b, id);
  REQUIRE(second.span.contains(1));
  lose(b);
  auto third = take(a, id);
  while (!third.span.contains(1)) third = take(a, id);
  CHECK(db->list_tries(id, 1, 10).size() == 3);
  CHECK_FALSE(db->list_tries(id, 1, 10).back().outcome);
  CHECK(db->list_tries(id, 1, 10).back().state == lease_state::live);
  auto last = ended(third.lease, 1);
  last.took = milliseconds{40};
  report(a, last);
  const auto tries = db->list_tries(id, 1, 10);
  REQUIRE(tries.size() == 3);
  CHECK(tries[0].lease == first.lease);
  CHECK(tries[0].node == b);
  CHECK(tries[0].attempt == 1);
  CHECK(tries[0].outcome == attempt_outcome::retry);
  CHECK(tries[0].error == "partition 1 threw");
  CHECK(tries[0].ended_at);
  CHECK(tries[1].lease == second.lease);
  CHECK(tries[1].state == lease_state::revoked);
  CHECK(tries[1].ended_at == lease(second.lease).ended_at);
  CHECK(tries[2].node == a);
  CHECK(tries[2].attempt == 3);
  CHECK(tries[2].outcome == attempt_outcome::completed);
  CHECK(tries[2].took == milliseconds{40});
  CHECK(db->list_tries(id, 1, 2).size() == 2);
  CHECK(db->list_tries(id, 2, 10).front().lease == first.lease);
  CHECK(db->list_tries(id, 99, 10).empty());
}

TEST_CASE_METHOD(contract, "a run tells whether its partitions are held, may be claimed, or rest") {
  auto node = join();
  auto r = drive(node);
  CHECK_FALSE(db->standing(r.run).held);
  CHECK_FALSE(db->standing(r.run).claimable);
  auto id = split(r, 1);
  CHECK(db->standing(r.run).claimable_now);
  auto grant = take(node, id);
  CHECK(db->standing(r.run).held);
  CHECK_FALSE(db->standing(r.run).claimable);
  auto again = ended(grant.lease, 0, attempt_outcome::retry);
  again.retry_after = milliseconds{2000};
  report(node, again);
  auto rests = db->standing(r.run);
  CHECK_FALSE(rests.held);
  CHECK_FALSE(rests.claimable_now);
  REQUIRE(rests.claimable);
  pass(milliseconds{2500});
  CHECK(db->standing(r.run).claimable_now);
  CHECK_FALSE(db->standing(run_id{99}).held);
}

TEST_CASE_METHOD(contract,
                 "live runs are summed by job and state, and those tell that hold nothing") {
  CHECK(db->sum_live().empty());
  const auto node = join();
  const auto busy = drive(node, "1");
  const auto id = split(busy, 10);
  const auto grant = take(node, id, 4);
  complete(node, grant.lease, 0);
  report(node, ended(grant.lease, 1, attempt_outcome::failed));
  const auto rests = drive(node, "2");
  split(rests, 5);
  const auto waits = db->submit(launch("3")).id;
  const auto over = drive(node, "4");
  end(over, run_state::failed);
  const auto sums = db->sum_live();
  REQUIRE(sums.size() == 2);
  CHECK(sums[0].job == job.name);
  CHECK(sums[0].state == run_state::created);
  CHECK(sums[0].runs == 1);
  CHECK(sums[0].pending == 0);
  CHECK(sums[1].state == run_state::running);
  CHECK(sums[1].runs == 2);
  CHECK(sums[1].completed == 1);
  CHECK(sums[1].failed == 1);
  CHECK(sums[1].claimed == 2);
  CHECK(sums[1].pending == 11);
  const auto idle = db->list_idle_runs(10);
  REQUIRE(idle.size() == 2);
  CHECK(idle[0].run.id == rests.run);
  CHECK(idle[0].standing.claimable_now);
  CHECK(idle[1].run.id == waits);
  CHECK_FALSE(idle[1].standing.claimable);
  CHECK(db->list_idle_runs(1).size() == 1);
}

TEST_CASE_METHOD(contract, "the newest events come oldest first, of one run or of all") {
  auto node = join();
  auto r = drive(node, "1");
  split(r, 2);
  db->submit(launch("2"));
  const auto all = db->list_events({}, 0, 1000);
  const auto newest = db->newest_events({}, 3);
  REQUIRE(newest.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(newest[i].id == all[all.size() - 3 + i].id);
  const auto mine = db->newest_events(r.run, 2);
  REQUIRE(mine.size() == 2);
  CHECK(mine[0].kind == "SPLIT_APPENDED");
  CHECK(mine[1].kind == "SPLIT_SEALED");
  CHECK(db->newest_events({}, 1000).size() == all.size());
}

TEST_CASE_METHOD(contract, "the run that continues another one is found") {
  auto node = join();
  auto r = drive(node);
  end(r, run_state::failed);
  CHECK_FALSE(db->find_continuation(r.run));
  auto next = db->restart(r.run, "again");
  CHECK(db->find_continuation(r.run).value().id == next.id);
}
