#include <algorithm>
#include <set>

#include "storage/audit/audit.hpp"
#include "tests/support/contract.hpp"

// The audit itself is tested: honest histories raise no alarm (every test of the contract ends with
// one, too), and whatever is changed in one is found.

using namespace partita;
using namespace partita::test;
using audit::rule;

namespace {

/// One of everything that can happen, and much of it still under way.
class history : public contract {
 public:
  history() {
    if (on->name() == "memory") return;
    a = join("a"), b = join("b"), gone = join("gone");
    purged_and_gone();
    going_on();
    completed_with_a_retry();
    failed_and_continued();
    only_once();
    under_limits();
    nodes_come_and_go();
    new_schedule nightly;
    nightly.name = "nightly";
    nightly.job = job.name;
    nightly.trigger = "@daily";
    db->add_schedule(nightly, false);
  }

  /// There are no tables to tamper with in memory.
  bool skipped() const { return on->name() == "memory"; }

  /// As a program that starts would judge: this one knows which events were there.
  audit::verdict verdict() {
    try {
      return audit::audit(on->dump());
    } catch (const store_error& e) {
      if (e.code() != errc::history_lost) throw;
      on->db().begin_anew();
      return audit::audit(on->dump());
    }
  }

  /// Changes the event log, which refuses that.
  void forge(const std::string& sql) {
    if (on->name() == "postgres")
      return tamper("ALTER TABLE @event DISABLE TRIGGER USER; " + sql +
                    "; ALTER TABLE @event ENABLE TRIGGER USER");
    tamper(
        "DROP TRIGGER partita_event_is_not_changed; DROP TRIGGER partita_event_is_not_removed; " +
        sql);
  }

  std::string id(auto of) const { return std::to_string(of.value); }

  node_id a, b, gone, lost;
  driven_run open, done, once, purged;
  run_id failed, next;
  step_id open_step, done_step, once_step, prepared, next_step, limited_step;
  lease_id live, ended, tried, retried, once_lease;

 private:
  void purged_and_gone() {
    purged = drive(a, "7");
    const auto step = split(purged, 2);
    complete_all(a, take(a, step));
    end(purged, step, step_state::completed);
    end(purged, run_state::completed);
    db->set_retention("", retention{std::chrono::seconds{1}, 0});
    pass(milliseconds{1500});
    REQUIRE(db->purge({job.name, {}, {}}, 1).size() == 1);
    REQUIRE(db->purge_rows(1000, milliseconds{0}).removed > 0);
    REQUIRE(db->count_purging() == 0);
  }

  void going_on() {
    open = drive(a, "1");
    open_step = begin(open, spec());
    append(open, open_step, 0, 3);
    db->reset_split(open_step, a, open.term);
    append(open, open_step, 0, 4);
    append(open, open_step, 4, 6);
    seal(open, open_step, {{{0, 9}, {}, 0}});
    const auto first = take(a, open_step, 4);
    live = first.lease;
    auto filed = contract::ended(live, 0);
    filed.files = R"([["/out/a","/out/.a.part"]])";
    report(a, filed), complete(a, live, 1);
    const auto second = take(b, open_step, 3);
    ended = second.lease;
    complete(b, ended, 4), complete(b, ended, 5);
    db->give_back(b, ended, 6);
  }

  void completed_with_a_retry() {
    done = drive(b, "2");
    done_step = split(done, 4);
    tried = take(b, done_step).lease;
    for (partition_no no = 0; no < 3; ++no) complete(b, tried, no);
    report(b, contract::ended(tried, 3, attempt_outcome::retry));
    retried = take(a, done_step).lease;
    complete(a, retried, 3);
    end(done, done_step, step_state::completed);
    end(done, run_state::completed);
  }

  void failed_and_continued() {
    auto r = drive(b, "3");
    failed = r.run;
    auto tasklet = spec("prepare", 0);
    tasklet.kind = step_kind::tasklet;
    prepared = begin(r, tasklet);
    end(r, prepared, step_state::completed);
    db->decide_step(prepared, r.master, r.term, {decision_kind::go_to, "count"});
    auto step = split(r, 3, spec("count", 1));
    auto grant = take(b, step);
    complete(b, grant.lease, 0), complete(b, grant.lease, 1);
    report(b, contract::ended(grant.lease, 2, attempt_outcome::failed));
    end(r, step, step_state::failed);
    auto handler = spec("publish", 2);
    handler.after_failure = true;
    end(r, split(r, 1, handler), step_state::stopped);
    end(r, run_state::failed);
    next = db->restart(failed, "again").id;
    next_step = db->list_steps(next).at(1).id;
    db->request_stop(next, stop_mode::stop);
  }

  void only_once() {
    once = drive(a, "4");
    auto s = spec();
    s.transferable = false;
    s.streamed = true;
    once_step = begin(once, s);
    append(once, once_step, 0, 3);
    once_lease = take(b, once_step, 1).lease;
    report(b, contract::ended(once_lease, 0, attempt_outcome::failed));
    db->fail_step(once_step, a, once.term, "the source is gone");
    db->request_stop(once.run, stop_mode::now);
  }

  void under_limits() {
    const auto r = drive(a, "6");
    auto s = spec();
    s.at_most = 2;
    s.limits = {"api"};
    limited_step = split(r, 6, s);
    db->set_limit("api", 3);
    REQUIRE(db->claim(a, limited_step, 2, 2, true));
    db->pause_run(r.run, "why");
    db->set_priority(r.run, 3);
  }

  void nodes_come_and_go() {
    db->leave(gone);
    db->heartbeat(b, 0, false, limits);  // however long all this took: it is to be UNREACHABLE only
    pass_unreachable();
    db->sweep(b, limits);
    db->heartbeat(b, 0, true, limits);
    lost = join("lost");
    auto r = drive(lost, "5");
    auto step = split(r, 4);
    const auto stray = take(lost, step, 2).lease;
    db->release(lost, {&stray, 1});
    take(lost, step, 3);
    lose(lost);
    REQUIRE(db->adopt_run(r.run, a, r.term));
    db->step_down(r.run, a, term{r.term.value + 1});
  }
};

std::string text_of(const audit::verdict& v) {
  std::string text;
  for (const auto& f : v.findings) text += "\n" + f.sentence;
  return text.empty() ? "nothing" : text;
}

std::string shown(const event_row& e) { return e.kind + " " + e.detail; }
std::string shown(const auto&) { return ""; }

bool finds(const audit::verdict& v, rule what) { return v.of(what).violations > 0; }

}  // namespace

TEST_CASE_METHOD(history, "an honest history raises no alarm, and every rule was asked",
                 "[verify]") {
  if (skipped()) return;
  const auto v = verdict();
  INFO(text_of(v));
  CHECK(v.clean());
  for (int no = 0; no < audit::rule_count; ++no) {
    INFO(audit::name_of(static_cast<rule>(no)));
    CHECK(v.of(static_cast<rule>(no)).checked > 0);
  }
}

TEST_CASE_METHOD(history, "an empty database has nothing to check, and says so", "[verify]") {
  const auto v = audit::audit({});
  CHECK(v.clean());
  for (const auto& check : v.checks) CHECK(check.checked == 0);
}

TEST_CASE_METHOD(history, "the rows of one run come with those of the runs it continues",
                 "[verify]") {
  if (skipped()) return;
  const auto rows = on->db().audit_rows(next);
  std::set<run_id> runs;
  for (const auto& r : rows.runs) runs.insert(r.id);
  CHECK(runs == std::set<run_id>{failed, next});
  const auto v = audit::audit(rows);
  INFO(text_of(v));
  CHECK(v.clean());
  CHECK(v.of(rule::one_result).checked > 0);
  for (auto r : {open.run, done.run, once.run}) CHECK(audit::audit(on->db().audit_rows(r)).clean());
  CHECK(error_of([&] { on->db().audit_rows(run_id{4711}); }) == errc::not_found);
}

TEST_CASE_METHOD(history, "the event log refuses to be changed", "[verify]") {
  if (skipped()) return;
  CHECK_THROWS_WITH(tamper("UPDATE @event SET detail = '{}'"), Catch::Contains("append-only"));
  CHECK_THROWS_WITH(tamper("DELETE FROM @event"), Catch::Contains("append-only"));
}

TEST_CASE_METHOD(history, "rows that were edited are found", "[verify]") {
  if (skipped()) return;
  const auto of_step = [&](step_id s) { return " WHERE step_id = " + id(s); };
  const auto of_lease = [&](lease_id l) { return " WHERE lease_id = " + id(l); };
  const auto of_run = [&](run_id r) { return " WHERE run_id = " + id(r); };
  const auto of_node = [&](node_id n) { return " WHERE node_id = " + id(n); };
  struct edit {
    rule broken;
    std::string sql;
  };
  const std::vector<edit> edits{
      // 1: lost, or in two places
      {rule::conservation, "DELETE FROM @ready" + of_step(open_step)},
      {rule::conservation, "UPDATE @ready SET lo = 4" + of_step(open_step) + " AND lo = 6"},
      {rule::conservation, "UPDATE @ready SET hi = 10" + of_step(open_step) + " AND hi = 9"},
      {rule::conservation, "DELETE FROM @result" + of_step(open_step) + " AND no = 4"},
      {rule::conservation, "DELETE FROM @partition" + of_step(open_step) + " AND no = 9"},
      {rule::conservation,
       "UPDATE @lease SET state = 'REVOKED', ended_at = granted_at" + of_lease(live)},
      {rule::conservation, "UPDATE @lease SET hi = 6" + of_lease(live)},
      {rule::conservation, "UPDATE @step SET count = 11" + of_step(open_step)},
      // 2: of another lease, of none
      {rule::one_result, "UPDATE @result SET lease_id = 4711" + of_step(open_step) + " AND no = 4"},
      {rule::one_result,
       "UPDATE @result SET lease_id = " + id(live) + of_step(open_step) + " AND no = 4"},
      {rule::one_result,
       "UPDATE @result SET lease_id = " + id(live) + of_step(done_step) + " AND no = 0"},
      // 3: of a node that is gone
      {rule::lease_of_node,
       "UPDATE @node SET state = 'DEREGISTERED', left_at = joined_at" + of_node(a)},
      {rule::lease_of_node, "UPDATE @lease SET node_id = " + id(gone) + of_lease(live)},
      {rule::lease_of_node, "UPDATE @run SET master_node_id = " + id(gone) + of_run(open.run)},
      {rule::lease_of_node, "UPDATE @ready SET node_id = " + id(lost) + of_step(open_step)},
      // 5: tried twice
      {rule::single_start, "UPDATE @step SET transferable = false" + of_step(done_step)},
      // 6: live beside another one
      {rule::one_live_run, "UPDATE @run SET identity = '1'" + of_run(done.run)},
      // 7: COMPLETED, but not all of it
      {rule::completed,
       "UPDATE @result SET outcome = 'FAILED'" + of_step(done_step) + " AND no = 0"},
      {rule::completed, "DELETE FROM @result" + of_step(done_step) + " AND no = 0"},
      {rule::completed,
       "UPDATE @run SET state = 'COMPLETED', ended_at = started_at" + of_run(open.run)},
      {rule::completed,
       "UPDATE @step SET state = 'COMPLETED', ended_at = started_at" + of_step(open_step)},
      // 8: less than before
      {rule::only_grows, "UPDATE @lease SET attempt = 5" + of_lease(tried)},
      // 9: not what the log says
      {rule::replay, "UPDATE @node SET state = 'UNREACHABLE'" + of_node(a)},
      {rule::replay, "UPDATE @run SET term = term + 1" + of_run(open.run)},
      {rule::replay, "UPDATE @run SET master_node_id = " + id(b) + of_run(open.run)},
      {rule::replay, "UPDATE @run SET stop = 'NONE'" + of_run(once.run)},
      {rule::replay, "UPDATE @run SET state = 'FAILED'" + of_run(done.run)},
      {rule::replay, "UPDATE @run SET restart_of = NULL" + of_run(next)},
      {rule::replay, "UPDATE @step SET ordinal = 7" + of_step(open_step)},
      {rule::replay, "UPDATE @step SET sealed = true" + of_step(once_step)},
      {rule::replay, "UPDATE @step SET carried = 1" + of_step(next_step)},
      {rule::replay, "UPDATE @step SET after_failure = true" + of_step(next_step)},
      {rule::replay, "UPDATE @step SET decision = 'NEXT'" + of_step(prepared)},
      {rule::replay, "UPDATE @step SET decision_text = 'last'" + of_step(prepared)},
      {rule::replay, "UPDATE @step SET state = 'FAILED'" + of_step(done_step)},
      {rule::replay, "UPDATE @lease SET node_id = " + id(b) + of_lease(live)},
      {rule::replay, "UPDATE @lease SET attempt = 2" + of_lease(live)},
      {rule::replay, "UPDATE @lease SET completed = 1" + of_lease(live)},
      {rule::replay, "UPDATE @ready SET attempt = 1" + of_step(open_step)},
      {rule::replay, "UPDATE @failure SET outcome = 'RELEASED'" + of_lease(tried)},
      {rule::replay, "DELETE FROM @failure" + of_lease(once_lease)},
      // states against times and counters
      {rule::replay, "UPDATE @step SET error = ''" + of_step(once_step)},
      // 10: a file of two partitions
      {rule::one_name, "UPDATE @result SET files = '[[\"/out/a\",\"/out/.b.part\"]]'" +
                           of_step(open_step) + " AND no = 4"},
      // 12: more in execution than is allowed
      {rule::within_limits, "UPDATE @step SET at_most = 1" + of_step(limited_step)},
      {rule::within_limits, "UPDATE @resource_limit SET slots = 1"},
      // 11: a schedule of a node that is gone, and a tick that started several runs
      {rule::one_tick, "UPDATE @schedule SET owner_node_id = " + id(gone)},
      {rule::one_tick,
       "DROP INDEX @run_of_tick; UPDATE @run SET schedule_id = 1, "
       "tick = (SELECT min(created_at) FROM @run)"},
      {rule::replay, "DELETE FROM @schedule"},
      // purged, and not; or not purged, and so said
      {rule::replay, "UPDATE @run SET purged_at = NULL" + of_run(purged.run)},
      {rule::rows, "UPDATE @run SET purged_at = ended_at" + of_run(done.run)},
      {rule::rows, "UPDATE @run SET purged_at = created_at" + of_run(open.run)},
      {rule::replay, "UPDATE @retention SET keep_last = 1"},
      {rule::replay, "DELETE FROM @retention"},
      {rule::rows, "UPDATE @lease SET completed = 3" + of_lease(live)},
      {rule::rows, "UPDATE @step_counter SET completed = 3" + of_step(open_step)},
      {rule::rows, "UPDATE @step_counter SET skip_count = 0" + of_step(done_step)},
      {rule::rows, "DELETE FROM @step_counter" + of_step(next_step)},
      {rule::rows, "UPDATE @failure SET attempt = 9" + of_lease(tried)},
      {rule::rows, "UPDATE @step SET carried = 1" + of_step(next_step)},
  };
  const auto& edit = edits[static_cast<std::size_t>(
      GENERATE(Catch::Generators::range(0, 59)))];  // the next line counts them
  REQUIRE(edits.size() == 59);
  INFO(edit.sql);
  tamper(edit.sql);
  const auto v = verdict();
  INFO(text_of(v));
  CHECK(finds(v, edit.broken));
}

TEST_CASE_METHOD(history, "a forged event log is found", "[verify]") {
  if (skipped()) return;
  const auto of = [&](const std::string& kind, run_id r) {
    return " WHERE kind = '" + kind + "' AND run_id = " + id(r);
  };
  // The same again, as if it had happened now.
  const auto repeat = [&](const std::string& where) {
    return "INSERT INTO @event (at, kind, run_id, step_id, lease_id, node_id, detail) SELECT at, "
           "kind, run_id, step_id, lease_id, node_id, detail FROM @event" +
           where;
  };
  const auto set = [&](const std::string& column, const std::string& where) {
    return "UPDATE @event SET " + column + where;
  };
  struct forgery {
    rule broken;
    std::string sql;
  };
  const std::vector<forgery> forgeries{
      {rule::conservation,
       set("detail = replace(detail, '\"hi\":9', '\"hi\":7')", of("SPLIT_APPENDED", open.run))},
      {rule::fence, repeat(of("LEASE_SHRUNK", open.run))},
      {rule::one_result, repeat(of("LEASE_REPORTED", open.run) + " AND lease_id = " + id(live))},
      // 4: under a lease that is over, under another term, by another node
      {rule::fence, repeat(of("LEASE_REPORTED", open.run) + " AND lease_id = " + id(ended))},
      {rule::fence, set("node_id = " + id(b), of("LEASE_REPORTED", open.run))},
      {rule::fence,
       set("detail = replace(detail, '\"term\":1', '\"term\":7')", of("SPLIT_SEALED", open.run))},
      {rule::fence, set("node_id = " + id(a), of("STEP_ENDED", done.run))},
      {rule::fence, set("node_id = NULL", of("RUN_ENDED", done.run))},
      {rule::fence, set("node_id = " + id(gone), of("RUN_ADOPTED", open.run))},
      {rule::completed,
       set("detail = replace(detail, '\"completed\":[[3,3]]', '\"failed\":[[3,3]]')",
           of("LEASE_REPORTED", done.run))},
      // 8: a term that is left out, an end that was none
      {rule::only_grows, set("detail = '{\"term\":3}'", of("RUN_ADOPTED", open.run))},
      {rule::only_grows, repeat(of("RUN_ENDED", done.run))},
      {rule::only_grows, repeat(" WHERE kind = 'NODE_LEFT'")},
      {rule::only_grows, repeat(of("STEP_DECIDED", failed))},
      {rule::only_grows,
       set("detail = replace(detail, 'count', 'last')", of("STEP_DECIDED", next))},
      {rule::only_grows, repeat(of("STOP_REQUESTED", once.run))},
      {rule::only_grows, set("detail = replace(detail, '\"attempt\":2', '\"attempt\":1')",
                             of("LEASE_GRANTED", done.run))},
      // 9: not what the tables hold, or nothing at all
      {rule::replay,
       set("detail = replace(detail, '[0,0]', '[2,2]')", of("LEASE_REPORTED", open.run))},
      {rule::replay, set("detail = 'no JSON'", of("LEASE_GRANTED", open.run))},
      {rule::replay, set("detail = '[]'", of("STEP_BEGUN", open.run))},
      {rule::replay,
       set("detail = '{\"lo\":-1,\"hi\":99999999999999999}'", of("SPLIT_APPENDED", open.run))},
      {rule::replay, set("kind = 'COFFEE_BREAK'", of("SPLIT_SEALED", open.run))},
      {rule::replay, set("lease_id = 4711", of("LEASE_REPORTED", open.run))},
      {rule::fence,
       set("kind = 'STEP_FAILING', detail = '{\"term\":1}'", of("SPLIT_SEALED", open.run))},
      {rule::replay, "DELETE FROM @event"},
  };
  const auto& forgery =
      forgeries[static_cast<std::size_t>(GENERATE(Catch::Generators::range(0, 25)))];
  REQUIRE(forgeries.size() == 25);
  INFO(forgery.sql);
  forge(forgery.sql);
  const auto v = verdict();
  INFO(text_of(v));
  CHECK(finds(v, forgery.broken));
}

TEST_CASE_METHOD(history, "every single row and every single event would be missed", "[verify]") {
  if (skipped()) return;
  const auto honest = on->dump();
  auto rows = honest;
  const auto without_each = [&](auto tables::*table, const char* name) {
    const auto& all = honest.*table;
    CHECK(!all.empty());
    for (std::size_t i = 0; i < all.size(); ++i) {
      (rows.*table).erase((rows.*table).begin() + static_cast<std::ptrdiff_t>(i));
      INFO(name << " without row " << i << " " << shown(all[i]));
      CHECK(!audit::audit(rows).clean());
      rows.*table = all;
    }
  };
  without_each(&tables::nodes, "node");
  without_each(&tables::runs, "run");
  without_each(&tables::steps, "step");
  without_each(&tables::partitions, "partition");
  without_each(&tables::ready, "ready");
  without_each(&tables::leases, "lease");
  without_each(&tables::results, "result");
  without_each(&tables::failures, "failure");
  without_each(&tables::counters, "counter");
  without_each(&tables::events, "event");
}

TEST_CASE_METHOD(history, "what the tables forbid is found all the same", "[verify]") {
  if (skipped()) return;
  auto rows = on->dump();
  SECTION("two results") {
    rows.results.push_back(rows.results.front());
    CHECK(finds(audit::audit(rows), rule::one_result));
  }
  SECTION("two live runs of one identity") {
    for (auto& r : rows.runs) r.identity = "1";
    CHECK(finds(audit::audit(rows), rule::one_live_run));
  }
  SECTION("a run that two others continue") {
    for (auto& r : rows.runs)
      if (r.id == once.run) r.restart_of = failed;
    CHECK(finds(audit::audit(rows), rule::rows));
  }
  SECTION("a partition that was started twice, though it may not be transferred") {
    for (auto& l : rows.leases)
      if (l.id == live) l.step = once_step, l.span = {0, 0};
    CHECK(finds(audit::audit(rows), rule::single_start));
  }
}
