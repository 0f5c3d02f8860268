#include "storage/audit/violations.hpp"

#include <set>

#include "storage/audit/audit.hpp"
#include "storage/audit/world.hpp"

namespace partita::audit {

namespace {

using sentences = std::vector<std::string>;

sentences sentences_of(const verdict& v) {
  sentences found;
  for (const auto& f : v.findings)
    found.push_back(std::to_string(static_cast<int>(f.broken)) + ": " + f.sentence);
  return found;
}

/// The rows of both moments with the same key.
template <class Rows, class Key, class Check>
void match(const Rows& before, const Rows& after, Key key, Check check) {
  auto now = by(after, key);
  for (const auto& row : before) {
    auto found = now.find(key(row));
    check(row, found == now.end() ? nullptr : found->second);
  }
}

/// A row that was there is there, and its state is the same or one that may follow some way on.
template <class State, class Id>
void check_move(const char* what, Id id, State before, const State* after, sentences& found) {
  if (after == nullptr || (is_terminal(before) && *after != before))
    found.push_back(std::string{what} + " " + str(id) + " was " + std::string{to_string(before)} +
                    " and is " + (after ? std::string{to_string(*after)} : "gone"));
}

}  // namespace

std::vector<std::string> violations(const tables& rows) {
  verdict v;
  audit_rows(rows, v);
  audit_results(rows, v);
  audit_schedules(rows, v);
  audit_limits(rows, v);
  return sentences_of(v);
}

std::vector<std::string> violations_with_log(const tables& rows) {
  return sentences_of(audit(rows));
}

namespace {

/// Whether a step may be gone: its run is purged now.
class gone_by_purge {
 public:
  gone_by_purge(const tables& before, const tables& after) {
    std::set<run_id> purged;
    for (const auto& run : after.runs)
      if (run.purged_at) purged.insert(run.id);
    for (const auto& step : before.steps)
      if (purged.contains(step.row.run)) steps_.insert(step.row.id);
  }
  bool operator()(step_id step) const { return steps_.contains(step); }

 private:
  std::set<step_id> steps_;
};

}  // namespace

std::vector<std::string> violations_between(const tables& before, const tables& after) {
  sentences found;
  const gone_by_purge purged{before, after};
  match(
      before.nodes, after.nodes, [](const auto& r) { return r.id; },
      [&](const auto& b, const auto* a) {
        check_move("node", b.id, b.state, a ? &a->state : nullptr, found);
      });
  match(
      before.runs, after.runs, [](const auto& r) { return r.id; },
      [&](const auto& b, const auto* a) {
        check_move("run", b.id, b.state, a ? &a->state : nullptr, found);
        if (a && b.purged_at && !a->purged_at)
          found.push_back("run " + str(b.id) + " was purged, and is not");
        if (a && (a->term < b.term || a->stop < b.stop))
          found.push_back("run " + str(b.id) + ": its term or stop request went back");
        if (a && a->master && a->master != b.master && a->term <= b.term)
          found.push_back("run " + str(b.id) + " has a new master and no new term");
      });
  match(
      before.steps, after.steps, [](const auto& r) { return r.row.id; },
      [&](const auto& b, const auto* a) {
        if (!a && purged(b.row.id)) return;
        check_move("step", b.row.id, b.row.state, a ? &a->row.state : nullptr, found);
        if (a && b.row.sealed && (!a->row.sealed || a->row.count != b.row.count))
          found.push_back("step " + str(b.row.id) + ": its sealed split changed");
        if (a && b.row.decided && a->row.decided != b.row.decided)
          found.push_back("step " + str(b.row.id) + ": what was decided after it changed");
      });
  match(
      before.leases, after.leases, [](const auto& r) { return r.id; },
      [&](const auto& b, const auto* a) {
        if (!a && purged(b.step)) return;
        check_move("lease", b.id, b.state, a ? &a->state : nullptr, found);
        if (a && (a->attempt != b.attempt || a->span.lo != b.span.lo || a->span.hi > b.span.hi))
          found.push_back("lease " + str(b.id) + " covers what it did not");
      });
  match(
      before.results, after.results,
      [](const auto& r) {
        return std::pair{r.step, r.row.no};
      },
      [&](const auto& b, const auto* a) {
        if (!a && purged(b.step)) return;
        if (a == nullptr || a->row.lease != b.row.lease || a->row.completed != b.row.completed)
          found.push_back("a result of step " + str(b.step) + " changed");
      });
  return found;
}

}  // namespace partita::audit
