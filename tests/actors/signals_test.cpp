// What becomes of a node, and of the work it does, at each signal to its process: the table that
// users are promised (README, "Stopping, draining, continuing"), pair by pair, in virtual time.

#include <catch2/catch.hpp>

#include "batch/batch.hpp"
#include "tests/support/sim_cluster.hpp"

using namespace partita;
using namespace std::chrono_literals;
using partita::test::sim_cluster;

namespace {

enum class role { idle, works, masters, masters_and_works };
enum class signal { term, term_twice, ask, kill, freeze };

/// 30 partitions; every first try fails, so that leases come and go over some rounds.
job some_work(bool transferable) {
  return job{"work"}.step(partitioned{"step"}
                              .split([](split_context&) { return std::vector<partition>(30); })
                              .transferable(transferable)
                              .retry(attempts{100}, {100ms, 1.0, 100ms})
                              .each([transferable](partition_context& p) {
                                if (transferable && p.attempt() == 1)
                                  throw std::runtime_error("not yet");
                              }));
}

struct case_of_node {
  role before;
  signal sent;
  node_state after;      // of the row of this incarnation
  milliseconds at_most;  // until then
};

/// `ask` is `partita drain`: the node learns it with its next heartbeat. A kill and a freeze are
/// known only by the silence that follows: until deregister_after, and the next heartbeat of a
/// survivor.
const case_of_node table[] = {
    {role::idle, signal::term, node_state::left, 200ms},
    {role::idle, signal::term_twice, node_state::left, 200ms},
    {role::idle, signal::ask, node_state::left, 1s},
    {role::idle, signal::kill, node_state::deregistered, 3s},
    {role::idle, signal::freeze, node_state::deregistered, 3s},
    {role::works, signal::term, node_state::left, 500ms},
    {role::works, signal::ask, node_state::left, 1s},
    {role::works, signal::kill, node_state::deregistered, 3s},
    {role::works, signal::freeze, node_state::deregistered, 3s},
    {role::masters, signal::term, node_state::left, 500ms},
    {role::masters, signal::term_twice, node_state::left, 500ms},
    {role::masters, signal::ask, node_state::left, 1s},
    {role::masters, signal::kill, node_state::deregistered, 3s},
    {role::masters, signal::freeze, node_state::deregistered, 3s},
    {role::masters_and_works, signal::term, node_state::left, 500ms},
    {role::masters_and_works, signal::ask, node_state::left, 1s},
    {role::masters_and_works, signal::kill, node_state::deregistered, 3s},
    {role::masters_and_works, signal::freeze, node_state::deregistered, 3s},
};

std::size_t index_of(node_id id) { return static_cast<std::size_t>(id.value - 1); }

}  // namespace

TEST_CASE("every signal to a node in every role ends as the table says, and its runs complete") {
  for (const auto& c : table) {
    DYNAMIC_SECTION("role " << static_cast<int>(c.before) << ", signal "
                            << static_cast<int>(c.sent)) {
      sim_cluster cluster{{some_work(true)}};
      cluster.add_node();
      cluster.add_node();
      auto run = run_id{};
      std::size_t target = 0;
      if (c.before != role::idle) {
        run = cluster.submit("work");
        REQUIRE(cluster.advance_until(
            [&] {
              return cluster.client().summarize(run).size() == 1 &&
                     cluster.client().find_run(run)->master;
            },
            5s));
        auto master = index_of(cluster.client().find_run(run)->master);
        target = c.before == role::works ? 1 - master : master;
        cluster.advance(60ms);
      }
      if (c.sent == signal::kill) cluster.kill(target);
      if (c.sent == signal::freeze) cluster.pause(target);
      if (c.sent == signal::term || c.sent == signal::term_twice) cluster.drain(target);
      if (c.sent == signal::term_twice) cluster.release(target);
      if (c.sent == signal::ask)
        cluster.client().request_drain(cluster.client().list_nodes(true).at(target).id);
      auto row = [&] { return cluster.client().list_nodes(true).at(target); };
      CHECK(cluster.advance_until([&] { return row().state == c.after; }, c.at_most));
      if (c.sent == signal::term || c.sent == signal::ask)
        for (const auto& lease : cluster.rows().leases)
          CHECK((lease.node != row().id || lease.state != lease_state::revoked));
      if (c.sent == signal::freeze) {
        cluster.resume(target);
        cluster.advance(2s);
        CHECK(cluster.client().list_nodes(true).size() == 3);  // a new incarnation
      }
      if (run) {
        REQUIRE(cluster.finish(run));
        CHECK(cluster.state_of(run) == run_state::completed);
        CHECK(cluster.client().find_run(run)->term.value == (c.before == role::works ? 1 : 2));
      }
      CHECK(cluster.violations() == std::vector<std::string>{});
    }
  }
}

TEST_CASE("a drain stops claims first and heartbeats last, and gives unstarted work back at once") {
  sim_cluster cluster{{some_work(true)}};
  cluster.add_node();
  cluster.add_node();
  auto run = cluster.submit("work");
  cluster.advance(150ms);
  cluster.drain(0);
  REQUIRE(cluster.advance_until([&] { return cluster.has_left(0); }, 2s));
  db_time draining_at{}, left_at{}, last_claim{};
  auto drained = cluster.client().list_nodes(true).at(0).id;
  for (const auto& e : cluster.rows().events) {
    if (e.node != drained) continue;
    if (e.kind == "NODE_DRAINING") draining_at = e.at;
    if (e.kind == "NODE_LEFT") left_at = e.at;
    if (e.kind == "LEASE_GRANTED") last_claim = e.at;
  }
  CHECK(draining_at > last_claim);
  CHECK(left_at > draining_at);
  for (const auto& e : cluster.rows().events)
    if (e.node == drained) CHECK(e.at <= left_at);
  REQUIRE(cluster.finish(run));
  CHECK(cluster.state_of(run) == run_state::completed);
}

TEST_CASE("what may be started only once is not started again after a drain or a kill") {
  for (bool kill : {false, true}) {
    sim_cluster cluster{{some_work(false)}};
    cluster.add_node();
    cluster.add_node();
    auto run = cluster.submit("work");
    cluster.advance(10ms);
    kill ? cluster.kill(0) : cluster.drain(0);
    REQUIRE(cluster.finish(run));
    for (const auto& n : cluster.client().summarize(run))
      CHECK(n.totals.completed + n.totals.failed == 30);
    CHECK(cluster.violations() == std::vector<std::string>{});
  }
}
