#include <algorithm>
#include <utility>

#include "storage/audit/violations.hpp"
#include "tests/support/contract.hpp"
#include "tests/support/interleaving.hpp"

using namespace partita;
using namespace partita::test;

// Two verbs meet in the one order in which a missing lock, or a state that is not looked at again
// after the lock, would break an invariant. Each test stops the first verb half-way by holding a
// lock it needs, lets the second one come, and goes on.

namespace {

/// A contract test on PostgreSQL, or nothing where there is none.
struct meeting : contract {
  bool possible() const { return on->name() == "postgres"; }

  /// After all have ended: every invariant holds, and the log tells the same.
  void judge() { CHECK(audit::violations_with_log(on->dump()) == std::vector<std::string>{}); }

  node_id join_with_tokens(int tokens) {
    node_info info{"node", "host", 1, 2, "0", {job}};
    info.tokens = tokens;
    return db->register_node(info);
  }

  void add_schedule(const std::string& name = "a") {
    new_schedule s;
    s.name = name;
    s.job = job.name;
    s.trigger = "every 1s";
    db->add_schedule(s, false);
  }

  /// Node `a` adopts `one` and, before that has committed, node `b` adopts `two`.
  std::pair<std::optional<term>, std::optional<term>> adopt_at_once(run_id one, node_id a,
                                                                    run_id two, node_id b) {
    interleaving order{*on};
    order.hold(the_log);
    std::optional<term> first, second;
    CHECK(order.begin("first", [&](store& s) { first = s.adopt_run(one, a, term{0}); }));
    CHECK(order.begin("second", [&](store& s) { second = s.adopt_run(two, b, term{0}); }));
    order.let_go();
    CHECK_FALSE(order.end_of("first"));
    CHECK_FALSE(order.end_of("second"));
    return {first, second};
  }

  static constexpr auto all_ranges = "SELECT FROM partita.ready FOR UPDATE";
  static constexpr auto all_runs = "SELECT FROM partita.run FOR UPDATE";
  static constexpr auto the_log = "LOCK TABLE partita.event IN SHARE MODE";

  /// Who inserts a range waits for the advisory lock 4711, and nobody else does.
  static constexpr auto ranges_wait_to_be_inserted = R"(
    CREATE FUNCTION partita.wait_here() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NULL; END';
    CREATE TRIGGER wait_here BEFORE INSERT ON partita.ready
      FOR EACH STATEMENT EXECUTE FUNCTION partita.wait_here();)";
};

}  // namespace

TEST_CASE_METHOD(meeting, "a claim that is under way keeps its node from being given up") {
  if (!possible()) return;
  auto master = join("master");
  auto r = drive(master);
  auto id = split(r, 4);
  auto node = join("worker");
  on->pass(limits.deregister_after + milliseconds{500});
  db->heartbeat(master, 0, false, std::nullopt);

  interleaving order{*on};
  order.hold(all_ranges);
  std::optional<lease_grant> grant;
  CHECK(order.begin("claim", [&](store& s) { grant = s.claim(node, id, 4, 4); }));
  order.begin("sweep", [&](store& s) { sweep_all(s, node, limits); });
  order.let_go();
  CHECK_FALSE(order.end_of("claim"));
  CHECK_FALSE(order.end_of("sweep"));
  CHECK(grant.has_value());
  CHECK(this->node(node).state == node_state::deregistered);
  judge();
}

TEST_CASE_METHOD(meeting, "a claim that is under way keeps its step from ending") {
  if (!possible()) return;
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 4);

  interleaving order{*on};
  order.hold(all_ranges);
  CHECK(order.begin("claim", [&](store& s) { s.claim(node, id, 4, 4); }));
  order.begin("end", [&](store& s) {
    s.end_step(id, r.master, r.term, step_state::stopped, "", "", std::nullopt);
  });
  order.let_go();
  CHECK_FALSE(order.end_of("claim"));
  CHECK(order.end_of("end") == errc::wrong_state);
  judge();
}

TEST_CASE_METHOD(meeting, "a renewal that commits while a sweep waits acquits the node") {
  if (!possible()) return;
  auto node = join();
  on->pass(limits.deregister_after + milliseconds{500});

  interleaving order{*on};
  order.hold(the_log);  // the drain writes an event, and waits with its renewal not yet committed
  CHECK(order.begin("renewal", [&](store& s) { s.heartbeat(node, 0, true, std::nullopt); }));
  auto verdict = sweep_verdict::deregistered;
  CHECK(order.begin("sweep", [&](store& s) { verdict = sweep_all(s, node, limits); }));
  order.let_go();
  CHECK_FALSE(order.end_of("renewal"));
  CHECK_FALSE(order.end_of("sweep"));
  CHECK(verdict == sweep_verdict::alive);
  CHECK(this->node(node).state == node_state::draining);
  judge();
}

TEST_CASE_METHOD(meeting, "a report that waits for a sweep comes too late") {
  if (!possible()) return;
  auto master = join("master");
  auto r = drive(master);
  auto id = split(r, 4);
  auto node = join("worker");
  auto grant = take(node, id);
  on->pass(limits.deregister_after + milliseconds{500});
  db->heartbeat(master, 0, false, std::nullopt);

  interleaving order{*on};
  order.hold(the_log);
  CHECK(order.begin("sweep", [&](store& s) { sweep_all(s, node, limits); }));
  auto verdict = report_verdict::recorded;
  order.begin("report", [&](store& s) {
    const auto item = ended(grant.lease, 0);
    verdict = s.report(node, {&item, 1}).front();
  });
  order.let_go();
  CHECK_FALSE(order.end_of("sweep"));
  CHECK_FALSE(order.end_of("report"));
  CHECK(verdict == report_verdict::rejected);
  judge();
}

TEST_CASE_METHOD(meeting, "a range that is being bound to a node is found when it is given up") {
  if (!possible()) return;
  auto master = join("master");
  auto r = drive(master);
  auto id = begin(r, spec());
  append(r, id, 0, 4);
  auto node = join("worker");
  on->pass(limits.deregister_after + milliseconds{500});
  db->heartbeat(master, 0, false, std::nullopt);

  on->tamper(ranges_wait_to_be_inserted);
  interleaving order{*on};
  order.hold("SELECT pg_advisory_xact_lock(4711)");
  const std::vector<ready_range> bound{{{0, 3}, node, 0}};
  CHECK(order.begin("seal", [&](store& s) { s.seal_split(id, r.master, r.term, 4, {}, bound); }));
  order.begin("sweep", [&](store& s) { sweep_all(s, node, limits); });
  order.let_go();
  CHECK_FALSE(order.end_of("seal"));
  CHECK_FALSE(order.end_of("sweep"));
  CHECK(waiting(id) == std::vector<ready_range>{{{0, 3}, node_id{}, 0}});
  on->tamper("DROP FUNCTION partita.wait_here() CASCADE");
  judge();
}

TEST_CASE_METHOD(meeting, "a checkpoint that waits for the report of its partition is refused") {
  if (!possible()) return;
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 4);
  auto grant = take(node, id);

  interleaving order{*on};
  order.hold(the_log);
  CHECK(order.begin("report", [&](store& s) {
    const std::vector items{ended(grant.lease, 0), ended(grant.lease, 1, attempt_outcome::retry)};
    s.report(node, items);
  }));
  CHECK(order.begin("chunk", [&](store& s) { s.commit_checkpoint(grant.lease, 0, {1, "7", {}}); }));
  order.let_go();
  CHECK_FALSE(order.end_of("report"));
  CHECK(order.end_of("chunk") == errc::lease_lost);
  CHECK(on->dump().checkpoints.empty());
  judge();
}

TEST_CASE_METHOD(meeting, "two that adopt a run at once get one term") {
  if (!possible()) return;
  auto a = join("a");
  auto b = join("b");
  auto made = db->submit(launch());

  const auto [first, second] = adopt_at_once(made.id, a, made.id, b);
  CHECK(first == term{1});
  CHECK_FALSE(second);
  judge();
}

TEST_CASE_METHOD(meeting, "a balance that is under way leaves nothing with a node that drains") {
  if (!possible()) return;
  const auto node = join_with_tokens(2);
  add_schedule();

  interleaving order{*on};
  order.hold("SELECT FROM partita.schedule FOR UPDATE");
  CHECK(order.begin("balance", [&](store& s) { s.balance_schedules(node); }));
  order.begin("drain", [&](store& s) { s.heartbeat(node, 0, true, std::nullopt); });
  order.let_go();
  CHECK_FALSE(order.end_of("balance"));
  CHECK_FALSE(order.end_of("drain"));
  CHECK_FALSE(db->find_schedule("a")->owner);
  judge();
}

TEST_CASE_METHOD(meeting, "a balance that is under way gives nothing to a node marked overdue") {
  if (!possible()) return;
  const auto silent = join_with_tokens(1);
  on->pass(limits.unreachable_after + milliseconds{200});
  const auto node = join_with_tokens(1);
  add_schedule("a");
  add_schedule("b");

  interleaving order{*on};
  order.hold("SELECT FROM partita.schedule FOR UPDATE");
  CHECK(order.begin("balance", [&](store& s) { s.balance_schedules(node); }));
  auto verdict = sweep_verdict::alive;
  order.begin("sweep", [&](store& s) { verdict = sweep_all(s, silent, limits); });
  order.let_go();
  CHECK_FALSE(order.end_of("balance"));
  CHECK_FALSE(order.end_of("sweep"));
  CHECK(verdict == sweep_verdict::unreachable);
  judge();
}

TEST_CASE_METHOD(meeting, "a tick that is being fired stands, though its node drains meanwhile") {
  if (!possible()) return;
  const auto node = join_with_tokens(2);
  add_schedule();
  db->balance_schedules(node);
  on->pass(milliseconds{1100});

  interleaving order{*on};
  order.hold(the_log);
  fired_ticks fired;
  CHECK(order.begin("fire", [&](store& s) {
    const std::vector<job_ref> known{job};
    fired = s.fire_schedules(node, known, 10);
  }));
  CHECK(order.begin("drain", [&](store& s) { s.heartbeat(node, 0, true, std::nullopt); }));
  order.let_go();
  CHECK_FALSE(order.end_of("fire"));
  CHECK_FALSE(order.end_of("drain"));
  CHECK(fired.runs.size() == 1);
  CHECK_FALSE(db->find_schedule("a")->owner);
  judge();
}

TEST_CASE_METHOD(meeting,
                 "two that claim under one limit at once pass it neither alone nor together") {
  if (!possible()) return;
  const auto a = join("a", 4), b = join("b", 4);
  const auto first_run = drive(a, "1"), second_run = drive(a, "2");
  auto limited = spec();
  limited.limits = {"api"};
  const auto one = split(first_run, 10, limited), two = split(second_run, 10, limited);
  db->set_limit("api", 3);

  interleaving order{*on};
  order.hold(the_log);
  std::optional<lease_grant> first, second;
  CHECK(order.begin("first", [&](store& s) { first = s.claim(a, one, 2, 2, true); }));
  CHECK(order.begin("second", [&](store& s) { second = s.claim(b, two, 2, 2, true); }));
  order.let_go();
  CHECK_FALSE(order.end_of("first"));
  CHECK_FALSE(order.end_of("second"));
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->span.size() == 2);
  CHECK(second->span.size() == 1);
  judge();
}

TEST_CASE_METHOD(meeting, "two that begin the last run that a queue allows begin one") {
  if (!possible()) return;
  const node_info info{"node", "host", 1, 2, "0", {job}, {{job, "{}", "", 1}}};
  const auto a = db->register_node(info), b = db->register_node(info);
  const auto one = db->submit(launch("1")), two = db->submit(launch("2"));

  const auto [first, second] = adopt_at_once(one.id, a, two.id, b);
  CHECK(first == term{1});
  CHECK_FALSE(second);
  judge();
}

TEST_CASE_METHOD(meeting, "of a purge and a restart of the same run that meet, one is refused") {
  if (!possible()) return;
  const auto node = join();
  const auto r = drive(node);
  end(r, run_state::failed);
  pass(milliseconds{1});
  const auto purge_first = GENERATE(false, true);
  interleaving order{*on};
  order.hold(the_log);
  std::vector<run_id> purged;
  const auto purge = [&] {
    CHECK(order.begin("purge", [&](store& s) { purged = s.purge({job.name, {}, {}}, 10); }));
  };
  if (purge_first) purge();
  CHECK(order.begin("restart", [&](store& s) { s.restart(r.run, "again"); }));
  if (!purge_first) purge();
  order.let_go();
  CHECK_FALSE(order.end_of("purge"));
  CHECK(order.end_of("restart") == (purge_first ? std::optional{errc::wrong_state} : std::nullopt));
  CHECK(purged.empty() == !purge_first);
  CHECK(db->find_continuation(r.run).has_value() == !purge_first);
  judge();
}
