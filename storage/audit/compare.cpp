#include <set>

#include "storage/audit/replay.hpp"

namespace partita::audit {

namespace {

class comparison {
 public:
  comparison(const world& w, const replayed_state& t, verdict& v) : w_(w), t_(t), v_(v) {}

  void all() {
    each(w_.nodes, t_.nodes, [&](const node_row& row, const node_state& log) {
      same(named(row.id), "state", str(row.state), str(log));
    });
    each(w_.runs, t_.runs, [&](const run_row& row, const replayed_run& log) { run(row, log); });
    each(w_.steps, t_.steps,
         [&](const step_record& row, const replayed_step& log) { step(row, log); });
    each(w_.leases, t_.leases,
         [&](const lease_record& row, const replayed_lease& log) { lease(row, log); });
    results();
    ready();
    failures();
    schedules();
    limits();
    paused_jobs();
    retentions();
  }

 private:
  void find(const std::string& sentence) { v_.find(rule::replay, sentence); }

  void same(const std::string& whose, const char* what, const std::string& row,
            const std::string& log) {
    if (row != log) find(whose + ": its " + what + " is " + row + ", the log gives " + log);
  }
  void same(const std::string& whose, const char* what, std::int64_t row, std::int64_t log) {
    if (row != log) same(whose, what, std::to_string(row), std::to_string(log));
  }

  template <class Rows, class Log, class Check>
  void each(const Rows& rows, const Log& log, Check check) {
    v_.count(rule::replay, static_cast<std::int64_t>(rows.size()));
    for (const auto& [id, row] : rows) {
      auto at = log.find(id);
      if (at == log.end())
        find(named(id) + " is in the tables, but the log does not tell of it");
      else
        check(*row, at->second);
    }
    for (const auto& [id, entry] : log)
      if (!rows.contains(id)) find(named(id) + " is in the log, but not in the tables");
  }

  void run(const run_row& row, const replayed_run& log) {
    const auto name = named(row.id);
    same(name, "being purged", row.purged_at.has_value(), log.purged);
    if (row.purged_at) return;
    same(name, "state", str(row.state), str(log.state));
    same(name, "master", row.master.value, log.master.value);
    same(name, "term", row.term.value, log.term.value);
    same(name, "stop request", str(row.stop), str(log.stop));
    same(name, "restart_of", row.restart_of.value, log.restart_of.value);
    same(name, "being abandoned", row.abandoned, log.abandoned);
    same(name, "being paused", row.paused.has_value(), log.paused);
    same(name, "priority", row.priority, log.priority);
  }

  void step(const step_record& record, const replayed_step& log) {
    const auto& row = record.row;
    const auto name = named(row.id);
    same(name, "run", row.run.value, log.run.value);
    same(name, "ordinal", row.spec.ordinal, log.ordinal);
    same(name, "kind", str(row.spec.kind), log.kind);
    same(name, "mark `streamed`", row.spec.streamed, log.streamed);
    same(name, "state", str(row.state), str(log.state));
    same(name, "mark `sealed`", row.sealed, log.sealed);
    if (row.state == step_state::running)
      same(name, "mark `failing`", !row.error.empty(), log.failing);
    same(name, "mark `after_failure`", row.spec.after_failure, log.after_failure);
    const auto chosen = row.decided.value_or(decision{});
    same(name, "decision", row.decided ? str(chosen.how) : "", log.decision);
    same(name, "text of its decision", chosen.text, log.decision_text);
    same(name, "count", row.count, log.count);
    same(name, "count of results carried over", record.carried, log.carried);
  }

  void lease(const lease_record& row, const replayed_lease& log) {
    const auto name = named(row.id);
    same(name, "step", row.step.value, log.step.value);
    same(name, "node", row.node.value, log.node.value);
    same(name, "span", str(row.span), str(log.span));
    same(name, "attempt", row.attempt, log.attempt);
    same(name, "state", str(row.state), str(log.state));
    same(name, "count of completed ones", row.completed, log.completed);
    same(name, "count of failed ones", row.failed, log.failed);
    same(name, "count of returned ones", row.returned, log.returned);
  }

  /// Where two ways to tell of the partitions of a step differ.
  template <class Value, class Show>
  void differ(const std::string& name, range_map<Value> rows, const range_map<Value>& log,
              Show show) {
    for (const auto& e : log.all()) {
      partition_no next = e.span.lo;
      auto missing = [&](range span) {
        find(name + named(span) + " " + show(e.value) + " in the log, not in the tables");
      };
      for (const auto& r : rows.take(e.span)) {
        if (r.span.lo > next) missing({next, r.span.lo - 1});
        if (!(r.value == e.value))
          find(name + named(r.span) + " " + show(r.value) + " in the tables, " + show(e.value) +
               " in the log");
        next = r.span.hi + 1;
      }
      if (next <= e.span.hi) missing({next, e.span.hi});
    }
    for (const auto& r : rows.all())
      find(name + named(r.span) + " " + show(r.value) + " in the tables, not in the log");
  }

  void results() {
    v_.count(rule::replay, static_cast<std::int64_t>(w_.results.size()));
    auto r = w_.results.begin();
    for (const auto& [id, log] : t_.steps) {
      range_map<replayed_result> rows;
      for (; r != w_.results.end() && (*r)->step <= id; ++r)
        if ((*r)->step == id)
          rows.put({(*r)->row.no, (*r)->row.no}, {(*r)->row.lease, (*r)->row.completed});
      differ(named(id) + ": ", std::move(rows), log.results, [](const replayed_result& o) {
        return std::string{o.completed ? "is COMPLETED by " : "is FAILED by "} + named(o.lease);
      });
    }
  }

  void ready() {
    std::map<step_id, range_map<int>> rows;
    v_.count(rule::replay, static_cast<std::int64_t>(w_.rows.ready.size()));
    for (const auto& w : w_.rows.ready) rows[w.step].put(w.span, w.attempt);
    for (const auto& [id, log] : t_.steps)
      differ(named(id) + ": ", rows[id], log.ready,
             [](int attempt) { return "waits after " + std::to_string(attempt) + " tries"; });
  }

  void schedules() {
    std::set<schedule_id> rows;
    for (const auto& s : w_.rows.schedules) rows.insert(s.id);
    v_.count(rule::replay, static_cast<std::int64_t>(rows.size()));
    for (const auto& [id, log] : t_.schedules)
      if (rows.erase(id) == 0) find("schedule " + str(id) + " is in the log, not in the tables");
    for (const auto id : rows) find("schedule " + str(id) + " is in the tables, not in the log");
  }

  /// Those that nobody has set have no event.
  void limits() {
    const auto shown = [](const std::optional<int>& slots) {
      return slots ? std::to_string(*slots) : std::string{"any"};
    };
    std::map<std::string, std::optional<int>> rows;
    for (const auto& q : w_.rows.limits) rows[q.name] = q.slots;
    v_.count(rule::replay, static_cast<std::int64_t>(rows.size()));
    for (const auto& [name, slots] : t_.limits)
      if (!rows.contains(name)) find("limit " + name + " is in the log, not in the tables");
    for (const auto& [name, slots] : rows) {
      const auto set = t_.limits.find(name);
      same("limit " + name, "slots", shown(slots),
           shown(set == t_.limits.end() ? std::nullopt : set->second));
    }
  }

  void paused_jobs() {
    std::set<std::string> rows;
    for (const auto& one : w_.rows.paused_jobs) rows.insert(one.job);
    v_.count(rule::replay, static_cast<std::int64_t>(rows.size()));
    for (const auto& job : t_.paused_jobs)
      if (rows.erase(job) == 0) find("job " + job + " is paused in the log, not in the tables");
    for (const auto& job : rows) find("job " + job + " is paused in the tables, not in the log");
  }

  void retentions() {
    const auto shown = [](const retention& what) {
      return std::to_string(what.keep.count()) + " ms, but the last " +
             std::to_string(what.keep_last);
    };
    std::map<std::string, retention> rows;
    for (const auto& row : w_.rows.retention) rows[row.job] = row.what;
    v_.count(rule::replay, static_cast<std::int64_t>(rows.size()));
    for (const auto& [job, what] : t_.retentions)
      if (!rows.contains(job)) find("the retention of '" + job + "' is in the log alone");
    for (const auto& [job, what] : rows) {
      const auto set = t_.retentions.find(job);
      same("the retention of '" + job + "'", "length", shown(what),
           set == t_.retentions.end() ? "none" : shown(set->second));
    }
  }

  void failures() {
    std::map<lease_id, range_map<attempt_outcome>> rows;
    v_.count(rule::replay, static_cast<std::int64_t>(w_.rows.failures.size()));
    for (const auto& f : w_.rows.failures) rows[f.lease].put({f.no, f.no}, f.outcome);
    for (const auto& [id, log] : t_.leases) {
      range_map<attempt_outcome> failed;
      for (const auto& e : log.reported.all())
        if (e.value != attempt_outcome::completed) failed.put(e.span, e.value);
      differ(named(id) + ": ", rows[id], failed, [](attempt_outcome o) {
        return std::string{o == attempt_outcome::failed  ? "FAILED"
                           : o == attempt_outcome::retry ? "is to be tried again"
                                                         : "was released"};
      });
    }
  }

  const world& w_;
  const replayed_state& t_;
  verdict& v_;
};

}  // namespace

void compare(const world& w, const replayed_state& t, verdict& v) { comparison{w, t, v}.all(); }

}  // namespace partita::audit
