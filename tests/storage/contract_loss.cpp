#include "storage/audit/violations.hpp"
#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;

namespace {

/// Two nodes; the first drives, the second will be lost.
struct with_victim : contract {
  node_id survivor = join("survivor");
  node_id victim = join("victim");
  driven_run r = drive(survivor);

  step_spec once() const {
    auto s = spec();
    s.transferable = false;
    return s;
  }
};

}  // namespace

TEST_CASE_METHOD(with_victim, "what a lost node had not finished goes back, as a try of each") {
  auto id = split(r, 10);
  auto grant = take(victim, id, 6);
  complete(victim, grant.lease, 1);
  report(victim, ended(grant.lease, 3, attempt_outcome::retry));
  report(victim, ended(grant.lease, 4, attempt_outcome::failed));
  lose(victim);
  CHECK(lease(grant.lease).state == lease_state::revoked);
  CHECK(lease(grant.lease).ended_at);
  CHECK(waiting(id) ==
        std::vector<ready_range>{
            {{0, 0}, {}, 1}, {{2, 2}, {}, 1}, {{3, 3}, {}, 1}, {{5, 5}, {}, 1}, {{6, 9}, {}, 0}});
  CHECK(take(survivor, id).attempt == 2);
  auto told = events(event::lease_ended);
  REQUIRE_FALSE(told.empty());
  CHECK(told[0].lease == grant.lease);
  CHECK(told[0].node == victim);
  CHECK(told[0].step == id);
  CHECK(told[0].run == r.run);
}

TEST_CASE_METHOD(with_victim, "all leases of a lost node are revoked, those of others are not") {
  auto id = split(r, 9);
  auto other = split(drive(survivor, "other"), 3);
  auto a = take(victim, id, 3);
  auto kept = take(survivor, id, 3);
  auto b = take(victim, id, 3);
  auto c = take(victim, other, 3);
  lose(victim);
  for (auto gone : {a.lease, b.lease, c.lease}) CHECK(lease(gone).state == lease_state::revoked);
  CHECK(lease(kept.lease).state == lease_state::live);
  CHECK(take(survivor, other).span == range{0, 2});
}

TEST_CASE_METHOD(with_victim, "an UNREACHABLE node keeps its leases") {
  auto id = split(r, 3);
  auto grant = take(victim, id);
  pass_unreachable();
  REQUIRE(db->sweep(victim, limits) == sweep_verdict::unreachable);
  CHECK(lease(grant.lease).state == lease_state::live);
  CHECK(waiting(id).empty());
}

TEST_CASE_METHOD(with_victim, "a lease that was lost twice is not revoked twice") {
  auto id = split(r, 3);
  take(victim, id);
  lose(victim);
  CHECK(db->sweep(victim, limits) == sweep_verdict::deregistered);
  db->leave(victim);
  CHECK(waiting(id).size() == 1);
}

TEST_CASE_METHOD(with_victim, "a partition that kills its node each time fails in the end") {
  auto s = spec();
  s.retry.max_attempts = 3;
  auto id = split(r, 2, s);
  complete(survivor, take(survivor, id, 1).lease, 0);
  lease_id last;
  for (int attempt = 1; attempt <= 3; ++attempt) {
    auto doomed = join("doomed");
    auto grant = take(doomed, id);
    CHECK(grant.attempt == attempt);
    last = grant.lease;
    lose(doomed);
  }
  CHECK(waiting(id).empty());
  CHECK_FALSE(db->progress(id).open);
  auto result = db->list_results(id, 0, 1).at(0);
  CHECK_FALSE(result.completed);
  CHECK(result.lease == last);
  CHECK_THAT(result.error, Catch::Contains("3 times"));
  CHECK(lease(last).failed == 1);
  CHECK(partition(id, 1).state == partition_state::failed);
  CHECK(db->summarize(r.run).at(0).totals.failed == 1);
}

TEST_CASE_METHOD(with_victim, "failed tries and lost leases use up the same tries") {
  auto s = spec();
  s.retry.max_attempts = 2;
  auto id = split(r, 1, s);
  report(survivor, ended(take(survivor, id).lease, 0, attempt_outcome::retry));
  CHECK(take(victim, id).attempt == 2);
  lose(victim);
  CHECK(partition(id, 0).state == partition_state::failed);
}

TEST_CASE_METHOD(with_victim, "what may be started only once fails with its node") {
  auto id = split(r, 4, once());
  auto grant = take(victim, id, 3);
  complete(victim, grant.lease, 0);
  lose(victim);
  CHECK(waiting(id) == std::vector<ready_range>{{{3, 3}, {}, 0}});
  CHECK(in_state(id, partition_state::failed) == std::vector<partition_no>{1, 2});
  CHECK(in_state(id, partition_state::completed) == std::vector<partition_no>{0});
  auto result = db->list_results(id, 0, 1).at(0);
  CHECK(result.lease == grant.lease);
  CHECK_THAT(result.error, Catch::Contains("node " + std::to_string(victim.value)));
  CHECK(lease(grant.lease).failed == 2);
  CHECK(lease(grant.lease).state == lease_state::revoked);
}

TEST_CASE_METHOD(with_victim, "what the sweep failed is not mistaken for a report of the zombie") {
  auto id = split(r, 2, once());
  auto grant = take(victim, id);
  report(victim, ended(grant.lease, 0, attempt_outcome::failed));
  lose(victim);
  CHECK(complete(victim, grant.lease, 1) == report_verdict::rejected);
  CHECK(report(victim, ended(grant.lease, 1, attempt_outcome::failed)) == report_verdict::rejected);
  CHECK(report(victim, ended(grant.lease, 0, attempt_outcome::failed)) == report_verdict::recorded);
  CHECK(partition(id, 1).state == partition_state::failed);
}

TEST_CASE_METHOD(with_victim, "ranges bound to a lost node become shared") {
  auto id = begin(r, spec());
  append(r, id, 0, 6);
  seal(r, id, {{{0, 1}, victim, 0}, {{2, 3}, survivor, 0}, {{4, 5}, victim, 0}});
  lose(victim);
  CHECK(waiting(id) ==
        std::vector<ready_range>{{{0, 1}, {}, 0}, {{2, 3}, survivor, 0}, {{4, 5}, {}, 0}});
}

TEST_CASE_METHOD(with_victim, "ranges bound to a lost node fail if they may not be transferred") {
  auto id = begin(r, once());
  append(r, id, 0, 6);
  seal(r, id, {{{0, 1}, victim, 0}, {{2, 3}, survivor, 0}, {{4, 5}, {}, 0}});
  lose(victim);
  CHECK(waiting(id) == std::vector<ready_range>{{{2, 3}, survivor, 0}, {{4, 5}, {}, 0}});
  CHECK(in_state(id, partition_state::failed) == std::vector<partition_no>{0, 1});
  auto result = db->list_results(id, -1, 1).at(0);
  auto made = lease(result.lease);
  CHECK(made.state == lease_state::revoked);
  CHECK(made.span == range{0, 1});
  CHECK(made.failed == 2);
  CHECK(db->summarize(r.run).at(0).totals.failed == 2);
  CHECK(db->progress(id).any_failed);
}

TEST_CASE_METHOD(with_victim, "runs of a lost master wait for another one, under the same term") {
  auto theirs = drive(victim, "theirs");
  auto over = drive(victim, "over");
  end(over, run_state::completed);
  lose(victim);
  CHECK_FALSE(run(theirs.run).master);
  CHECK(run(theirs.run).term == theirs.term);
  CHECK(run(theirs.run).state == run_state::running);
  CHECK(run(r.run).master == survivor);
  CHECK(events(event::run_let_go).size() == 1);
  CHECK(error_of([&] { begin(theirs, spec()); }) == errc::term_lost);
  CHECK(db->look(survivor).masterless == std::vector<masterless_run>{{theirs.run, theirs.term}});
  CHECK(db->adopt_run(theirs.run, survivor, theirs.term) == term{2});
}

TEST_CASE_METHOD(with_victim, "a node that leaves lets go of all it has") {
  auto theirs = drive(victim, "theirs");
  auto id = begin(r, spec());
  append(r, id, 0, 6);
  seal(r, id, {{{0, 3}, victim, 0}, {{4, 5}, {}, 0}});
  auto grant = take(victim, id, 2);
  complete(victim, grant.lease, 0);
  db->leave(victim);
  CHECK(lease(grant.lease).state == lease_state::revoked);
  CHECK(waiting(id) == std::vector<ready_range>{{{1, 1}, {}, 1}, {{2, 3}, {}, 0}, {{4, 5}, {}, 0}});
  CHECK_FALSE(run(theirs.run).master);
  CHECK_FALSE(db->claim(victim, id, 1, 1));
  CHECK(complete(victim, grant.lease, 1) == report_verdict::rejected);
}

// --- a loss in pieces ----------------------------------------------------------------------------

TEST_CASE_METHOD(with_victim, "a CONDEMNED node takes part in nothing, and is always overdue") {
  auto theirs = drive(victim, "theirs");
  auto id = split(r, 4, once());
  auto grant = take(victim, id, 2);
  pass_deregistered();
  db->heartbeat(survivor, 0, false, std::nullopt);
  REQUIRE(db->sweep(victim, limits) == sweep_verdict::condemned);
  CHECK(node(victim).state == node_state::condemned);
  CHECK_FALSE(node(victim).left_at);
  CHECK_FALSE(run(theirs.run).master);
  CHECK(error_of([&] { db->heartbeat(victim, 0, false, limits); }) == errc::fenced);
  CHECK_FALSE(db->claim(victim, id, 1, 1));
  CHECK_FALSE(db->adopt_run(theirs.run, victim, theirs.term));
  CHECK(db->look(victim).ready.empty());
  CHECK(db->leave(victim));
  CHECK(node(victim).state == node_state::condemned);
  CHECK(db->heartbeat(survivor, 0, false, limits).overdue == std::vector<node_id>{victim});
  CHECK(lease(grant.lease).state == lease_state::live);  // of what fails, one piece after the other
  CHECK(sweep_all(*db, victim, limits) == sweep_verdict::deregistered);
  CHECK(db->heartbeat(survivor, 0, false, limits).overdue.empty());
}

TEST_CASE_METHOD(with_victim, "what may be tried again is ready with the first piece") {
  auto id = split(r, 10);
  take(victim, id, 6);
  pass_deregistered();
  db->heartbeat(survivor, 0, false, std::nullopt);
  REQUIRE(db->sweep(victim, limits) == sweep_verdict::condemned);
  CHECK(waiting(id) == std::vector<ready_range>{{{0, 5}, {}, 1}, {{6, 9}, {}, 0}});
}

namespace {

/// Eight partitions leased to the victim, one of them completed, and seven bound to it; none of
/// them may be started twice.
struct with_much_to_lose : with_victim {
  step_id id = begin(r, once());
  lease_id held;

  with_much_to_lose() {
    append(r, id, 0, 15);
    seal(r, id, {{{0, 7}, victim, 0}, {{8, 14}, victim, 0}});
    held = take(victim, id, 8).lease;
    complete(victim, held, 2);
  }

  std::size_t failed() { return in_state(id, partition_state::failed).size(); }

  void check_the_end() {
    CHECK(failed() == 14);
    CHECK(waiting(id).empty());
    CHECK(lease(held).state == lease_state::revoked);
    CHECK(lease(held).failed == 7);
    CHECK(events(event::lease_lost).size() == 2);
    for (const auto& result : db->list_results(id, -1, 20))
      CHECK(result.completed == (result.no == 2));
    CHECK_FALSE(db->progress(id).open);
  }
};

}  // namespace

TEST_CASE_METHOD(with_much_to_lose, "a loss is settled in pieces, within a lease and a range too") {
  auto in_pieces = limits;
  in_pieces.loss_piece = 3;
  pass_deregistered();
  db->heartbeat(survivor, 0, false, std::nullopt);
  REQUIRE(db->sweep(victim, in_pieces) == sweep_verdict::condemned);
  CHECK(failed() == 0);
  for (std::size_t settled : {3, 6, 9, 12}) {
    REQUIRE(db->sweep(victim, in_pieces) == sweep_verdict::condemned);
    CHECK(failed() == settled);
    CHECK(audit::violations_with_log(on->dump()) == std::vector<std::string>{});
  }
  CHECK(db->sweep(victim, in_pieces) == sweep_verdict::deregistered);
  CHECK(node(victim).state == node_state::deregistered);
  check_the_end();
}

TEST_CASE_METHOD(with_much_to_lose, "a node that leaves with much in its hands leaves in pieces") {
  for (std::size_t settled : {3, 6, 9, 12}) {
    REQUIRE_FALSE(db->leave(victim, 3));
    CHECK(node(victim).state == node_state::draining);
    CHECK(failed() == settled);
    CHECK(audit::violations_with_log(on->dump()) == std::vector<std::string>{});
  }
  CHECK(db->leave(victim, 3));
  CHECK(node(victim).state == node_state::left);
  check_the_end();
}

TEST_CASE_METHOD(with_much_to_lose, "what a lost node reports before its piece is settled counts") {
  auto in_pieces = limits;
  in_pieces.loss_piece = 3;
  pass_deregistered();
  db->heartbeat(survivor, 0, false, std::nullopt);
  db->sweep(victim, in_pieces);
  db->sweep(victim, in_pieces);
  CHECK(complete(victim, held, 0) == report_verdict::rejected);  // FAILED with the piece before
  CHECK(complete(victim, held, 7) == report_verdict::recorded);
  CHECK(sweep_all(*db, victim, in_pieces) == sweep_verdict::deregistered);
  CHECK(failed() == 13);
}

TEST_CASE_METHOD(with_victim, "ranges of a step that has ended are shared, not failed") {
  auto id = begin(r, once());
  append(r, id, 0, 4);
  seal(r, id, {{{0, 3}, victim, 0}});
  end(r, id, step_state::stopped);
  lose(victim);
  CHECK(waiting(id) == std::vector<ready_range>{{{0, 3}, {}, 0}});
  CHECK(in_state(id, partition_state::failed).empty());
}
