#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;

namespace {

std::vector<step_id> ready_for(store& db, node_id node) {
  std::vector<step_id> steps;
  for (const auto& r : db.look(node).ready) steps.push_back(r.step);
  return steps;
}

}  // namespace

TEST_CASE_METHOD(contract, "a claim cuts the front off a range and brings all there is to do") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 10);
  auto grant = take(node, id, 3);
  CHECK(grant.step == id);
  CHECK(grant.span == range{0, 2});
  CHECK(grant.attempt == 1);
  REQUIRE(grant.partitions.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(grant.partitions[i].no == static_cast<partition_no>(i));
    CHECK(grant.partitions[i].key == "key " + std::to_string(i));
    CHECK(grant.partitions[i].input == "{\"no\":" + std::to_string(i) + "}");
    CHECK_FALSE(grant.partitions[i].resume);
  }
  CHECK(waiting(id) == std::vector<ready_range>{{{3, 9}, {}, 0}});
  auto next = take(node, id, 100);
  CHECK(next.span == range{3, 9});
  CHECK(next.lease > grant.lease);
  CHECK(waiting(id).empty());
  CHECK_FALSE(db->claim(node, id, 1, 1));
  auto told = events(event::lease_granted);
  REQUIRE(told.size() == 2);
  CHECK(told[0].run == r.run);
  CHECK(told[0].step == id);
  CHECK(told[0].lease == grant.lease);
  CHECK(told[0].node == node);
}

TEST_CASE_METHOD(contract, "a node takes what is bound to it first, then by number") {
  auto a = join("a");
  auto b = join("b");
  auto r = drive(a);
  auto id = begin(r, spec());
  append(r, id, 0, 8);
  seal(r, id, {{{6, 7}, a, 0}, {{0, 1}, {}, 0}, {{4, 5}, {}, 0}, {{2, 3}, b, 0}});
  CHECK(take(a, id, 9).span == range{6, 7});
  CHECK(take(a, id, 9).span == range{0, 1});
  CHECK(take(a, id, 9).span == range{4, 5});
  CHECK_FALSE(db->claim(a, id, 9, 9));
  CHECK(take(b, id, 9).span == range{2, 3});
}

TEST_CASE_METHOD(contract, "what was tried before is claimed narrowly") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 8);
  auto lost = join();
  take(lost, id, 5);
  lose(lost);
  CHECK(db->claim(node, id, 100, 2)->span == range{0, 1});
  CHECK(db->claim(node, id, 1, 2)->span == range{2, 2});
  CHECK(db->claim(node, id, 100, 100)->span == range{3, 4});
  auto fresh = db->claim(node, id, 100, 1);
  CHECK(fresh->span == range{5, 7});
  CHECK(fresh->attempt == 1);
}

TEST_CASE_METHOD(contract, "nothing can be claimed from what does not run") {
  auto node = join();
  auto r = drive(node, "a");
  auto id = split(r, 4);
  CHECK_FALSE(db->claim(node, step_id{99}, 1, 1));
  CHECK_FALSE(db->claim(node_id{99}, id, 1, 1));
  db->request_stop(r.run, stop_mode::stop);
  CHECK_FALSE(db->claim(node, id, 1, 1));
  end(r, id, step_state::stopped);
  CHECK_FALSE(db->claim(node, id, 1, 1));
  end(r, run_state::stopped);
  CHECK_FALSE(db->claim(node, id, 1, 1));
  CHECK(waiting(id) == std::vector<ready_range>{{{0, 3}, {}, 0}});
}

TEST_CASE_METHOD(contract, "a run without a master goes on being worked on") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 4);
  db->step_down(r.run, node, r.term);
  CHECK(ready_for(*db, node) == std::vector<step_id>{id});
  complete_all(node, take(node, id));
}

TEST_CASE_METHOD(contract, "only an ACTIVE node claims") {
  auto master = join();
  auto r = drive(master);
  auto id = split(r, 4);
  auto draining = join();
  db->heartbeat(draining, 0, true, limits);
  auto left = join();
  db->leave(left);
  auto silent = join();
  pass_unreachable();
  db->sweep(silent, limits);
  for (auto node : {draining, left, silent}) {
    CHECK_FALSE(db->claim(node, id, 1, 1));
    CHECK(db->look(node).ready.empty());
    CHECK(db->look(node).masterless.empty());
  }
  CHECK(db->look(node_id{99}).ready.empty());
}

TEST_CASE_METHOD(contract, "a look shows what could be claimed now") {
  auto a = join("a", 2);
  auto b = join("b", 3);
  auto r1 = drive(a, "1");
  auto r2 = drive(a, "2");
  auto s1 = begin(r1, spec());
  append(r1, s1, 0, 10);
  seal(r1, s1, {{{0, 3}, a, 0}, {{4, 6}, b, 0}, {{7, 9}, {}, 0}});
  auto s2 = split(r2, 5);
  auto view = db->look(a);
  REQUIRE(view.ready.size() == 2);
  auto seen = view.ready[0].step == s1 ? view.ready[0] : view.ready[1];
  CHECK(seen.step == s1);
  CHECK(seen.run == r1.run);
  CHECK(seen.remaining == 7);
  CHECK(seen.slots_held == 0);
  CHECK(seen.next_attempt == 0);
  take(a, s2);
  CHECK(ready_for(*db, a) == std::vector<step_id>{s1});
  CHECK(db->look(b).ready.at(0).remaining == 6);
}

TEST_CASE_METHOD(contract, "a look counts the executors that leases of a step occupy") {
  auto a = join("a", 2);
  auto b = join("b", 3);
  auto r = drive(a, "1");
  auto id = split(r, 100);
  auto other = split(drive(a, "2"), 100);  // they are counted where there is a choice
  auto held = [&] {
    auto view = db->look(a);
    REQUIRE(view.ready.size() == 2);
    for (const auto& seen : view.ready)
      if (seen.step == other) CHECK(seen.slots_held == 0);
    return view.ready[0].step == id ? view.ready[0].slots_held : view.ready[1].slots_held;
  };
  auto wide = take(a, id, 10);  // 2 executors can work on it
  CHECK(held() == 2);
  auto narrow = take(b, id, 1);
  CHECK(held() == 3);
  auto medium = take(b, id, 4);
  CHECK(held() == 6);
  complete(b, medium.lease, medium.span.lo);
  complete(b, medium.lease, medium.span.lo + 1);
  CHECK(held() == 5);
  report(b, ended(medium.lease, medium.span.lo + 2, attempt_outcome::retry));
  CHECK(held() == 4);
  complete_all(b, narrow);
  CHECK(held() == 3);
  db->give_back(a, wide.lease, 1);
  CHECK(held() == 2);
}

TEST_CASE_METHOD(contract, "a look tells the tries of the range a claim would cut") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 5);
  auto grant = take(node, id, 3);
  CHECK(db->look(node).ready.at(0).next_attempt == 0);
  report(node, ended(grant.lease, 1, attempt_outcome::retry));
  CHECK(db->look(node).ready.at(0).next_attempt == 1);
  CHECK(db->look(node).ready.at(0).remaining == 3);
}

TEST_CASE_METHOD(contract, "a node sees nothing of jobs and versions it does not know") {
  auto node = join();
  auto old = db->register_node({"old", "h", 1, 1, "v", {{"census", 2}, {"tax", 1}}});
  auto r = drive(node);
  split(r, 3);
  db->submit(launch("waits"));
  CHECK(db->look(old).ready.empty());
  CHECK(db->look(old).masterless.empty());
  CHECK(db->look(node).ready.size() == 1);
  CHECK(db->look(node).masterless.size() == 1);
}

TEST_CASE_METHOD(contract, "a look finds live runs that wait for a master") {
  auto node = join();
  auto fresh = db->submit(launch("fresh"));
  auto let_go = drive(node, "let go");
  db->step_down(let_go.run, node, let_go.term);
  drive(node, "driven");
  auto over = db->submit(launch("over"));
  db->request_stop(over.id, stop_mode::stop);
  CHECK(db->look(node).masterless ==
        std::vector<masterless_run>{{fresh.id, term{0}}, {let_go.run, let_go.term}});
  db->request_stop(let_go.run, stop_mode::stop);
  CHECK(db->look(node).masterless.size() == 2);  // somebody must end it
}

TEST_CASE_METHOD(contract, "a look names the LIVE leases of the node, and whose run must stop") {
  auto a = join("a");
  auto b = join("b");
  auto r = drive(a, "1");
  auto other = drive(a, "2");
  auto id = split(r, 6);
  auto mine = take(a, id, 2);
  take(b, id, 2);
  auto unasked = take(a, split(other, 1));
  auto held = [&] { return db->look(a).held; };
  REQUIRE(held().size() == 2);
  for (const auto& h : held()) CHECK(h.stop == stop_mode::none);
  db->request_stop(r.run, stop_mode::stop);
  auto view = db->look(a);
  CHECK(view.ready.empty());
  REQUIRE(view.held.size() == 2);
  CHECK(view.held[0].lease == mine.lease);
  CHECK(view.held[0].stop == stop_mode::stop);
  CHECK(view.held[1].lease == unasked.lease);
  CHECK(view.held[1].stop == stop_mode::none);
  db->request_stop(r.run, stop_mode::now);
  CHECK(held().at(0).stop == stop_mode::now);
  db->heartbeat(a, 1, true, limits);
  CHECK(held().size() == 2);  // a draining node must hear of it too
  complete_all(a, mine);
  REQUIRE(held().size() == 1);
  CHECK(held()[0].lease == unasked.lease);
}

TEST_CASE_METHOD(contract, "leases on which nobody works are released") {
  auto node = join();
  auto other = join();
  auto r = drive(node);
  auto id = split(r, 12);
  auto kept = take(node, id, 3);
  auto lost = take(node, id, 3);
  auto theirs = take(other, id, 3);
  complete(node, lost.lease, 4);
  const std::vector<lease_id> strays{lost.lease, lease_id{999}, theirs.lease};
  CHECK(db->release(node, strays) == 1);
  CHECK(lease(lost.lease).state == lease_state::released);
  CHECK(lease(kept.lease).state == lease_state::live);
  CHECK(lease(theirs.lease).state == lease_state::live);
  CHECK(waiting(id) ==
        std::vector<ready_range>{{{3, 3}, {}, 0}, {{5, 5}, {}, 0}, {{9, 11}, {}, 0}});
  CHECK(db->release(node, strays) == 0);
  CHECK(report(node, ended(lost.lease, 3)) == report_verdict::rejected);
  CHECK(db->release(node, {}) == 0);
  CHECK(db->release(node_id{99}, strays) == 0);
}

TEST_CASE_METHOD(contract, "a lease given back does not count as a try") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 2);
  auto first = take(node, id);
  report(node, ended(first.lease, 0, attempt_outcome::retry));
  report(node, ended(first.lease, 1, attempt_outcome::retry));
  for (int i = 0; i < 5; ++i) {
    auto again = take(node, id, 1);
    CHECK(again.attempt == 2);
    CHECK(db->release(node, {&again.lease, 1}) == 1);
  }
  CHECK(waiting(id) == std::vector<ready_range>{{{0, 0}, {}, 1}, {{1, 1}, {}, 1}});
}

TEST_CASE_METHOD(contract, "the unstarted end of a lease is given back and the lease shrinks") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 10);
  auto grant = take(node, id, 6);
  db->give_back(node, grant.lease, 4);
  db->give_back(node, grant.lease, 4);
  CHECK(lease(grant.lease).span == range{0, 3});
  CHECK(lease(grant.lease).state == lease_state::live);
  CHECK(waiting(id) == std::vector<ready_range>{{{4, 5}, {}, 0}, {{6, 9}, {}, 0}});
  CHECK(events(event::lease_shrunk).size() == 1);
  CHECK(report(node, ended(grant.lease, 4)) == report_verdict::rejected);
  db->give_back(node, grant.lease, 2);
  CHECK(lease(grant.lease).span == range{0, 1});
  complete(node, grant.lease, 0);
  complete(node, grant.lease, 1);
  CHECK(lease(grant.lease).state == lease_state::done);
}

TEST_CASE_METHOD(contract, "a lease given back whole is RELEASED") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 4);
  auto grant = take(node, id);
  db->give_back(node, grant.lease, grant.span.lo);
  db->give_back(node, grant.lease, grant.span.lo);
  CHECK(lease(grant.lease).state == lease_state::released);
  CHECK(waiting(id) == std::vector<ready_range>{{{0, 3}, {}, 0}});
  auto again = take(node, id);
  CHECK(again.attempt == 1);
  CHECK(again.lease != grant.lease);
}

TEST_CASE_METHOD(contract, "a lease is DONE when what is left after giving back has ended") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 4);
  auto grant = take(node, id);
  complete(node, grant.lease, 0);
  report(node, ended(grant.lease, 1, attempt_outcome::retry));
  db->give_back(node, grant.lease, 2);
  CHECK(lease(grant.lease).state == lease_state::done);
  CHECK(in_state(id, partition_state::claimed).empty());
}

TEST_CASE_METHOD(contract, "giving back has no effect outside of a LIVE lease of one's own") {
  auto node = join();
  auto other = join();
  auto r = drive(node);
  auto id = split(r, 6);
  auto grant = take(node, id, 3);
  db->give_back(other, grant.lease, 1);
  db->give_back(node, grant.lease, 3);
  db->give_back(node, lease_id{99}, 0);
  CHECK(lease(grant.lease).span == range{0, 2});
  complete_all(node, grant);
  db->give_back(node, grant.lease, 1);
  CHECK(lease(grant.lease).span == range{0, 2});
  CHECK(waiting(id) == std::vector<ready_range>{{{3, 5}, {}, 0}});
}
