#include "tests/support/invariants.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace partita::test {

namespace {

using memory::lease_record;
using memory::step_record;
using memory::tables;
using sentences = std::vector<std::string>;

template <class Id>
std::string str(Id id) {
  return std::to_string(id.value);
}

std::string str(range r) { return std::to_string(r.lo) + ".." + std::to_string(r.hi); }

template <class Rows, class Key>
auto by(const Rows& rows, Key key) {
  std::map<decltype(key(rows.front())), const typename Rows::value_type*> index;
  for (const auto& row : rows) index.emplace(key(row), &row);
  return index;
}

/// The rows with the indexes the checks need.
struct world {
  explicit world(const tables& t)
      : rows(t),
        nodes(by(t.nodes, [](const auto& r) { return r.id; })),
        runs(by(t.runs, [](const auto& r) { return r.id; })),
        steps(by(t.steps, [](const auto& r) { return r.row.id; })),
        leases(by(t.leases, [](const auto& r) { return r.id; })),
        results(by(t.results,
                   [](const auto& r) {
                     return std::pair{r.step, r.row.no};
                   })),
        failures(by(t.failures, [](const auto& r) {
          return std::pair{r.lease, r.no};
        })) {}

  bool node_is_gone(node_id id) const {
    auto node = nodes.find(id);
    return node == nodes.end() || is_terminal(node->second->state);
  }

  std::vector<range> unfinished(const lease_record& lease) const {
    std::vector<partition_no> ended;
    const auto [lo, hi] = lease.span;
    for (auto r = results.lower_bound({lease.step, lo});
         r != results.end() && r->first <= std::pair{lease.step, hi}; ++r)
      ended.push_back(r->first.second);
    for (auto f = failures.lower_bound({lease.id, lo});
         f != failures.end() && f->first <= std::pair{lease.id, hi}; ++f)
      ended.push_back(f->first.second);
    return gaps(lease.span, std::move(ended));
  }

  const tables& rows;
  std::map<node_id, const node_row*> nodes;
  std::map<run_id, const run_row*> runs;
  std::map<step_id, const step_record*> steps;
  std::map<lease_id, const lease_record*> leases;
  std::map<std::pair<step_id, partition_no>, const memory::result_record*> results;
  std::map<std::pair<lease_id, partition_no>, const failure_row*> failures;
};

/// Where the partitions of a step are: a place each, and no two.
class places {
 public:
  places(const step_record& step, sentences& found)
      : name_("step " + str(step.row.id)),
        where_(static_cast<std::size_t>(step.row.count)),
        found_(found) {}

  void put(range span, const std::string& place) {
    if (span.lo < 0 || span.hi >= static_cast<std::int64_t>(where_.size()) || span.hi < span.lo) {
      found_.push_back(name_ + ": " + place + " holds " + str(span) + ", which does not exist");
      return;
    }
    for (auto no = span.lo; no <= span.hi; ++no) {
      auto& at = where_[static_cast<std::size_t>(no)];
      if (!at.empty())
        found_.push_back(name_ + ": partition " + std::to_string(no) + " is in " + at + " and " +
                         place);
      at = place;
    }
  }

  void require_all() {
    for (std::size_t no = 0; no < where_.size(); ++no)
      if (where_[no].empty())
        found_.push_back(name_ + ": partition " + std::to_string(no) + " is lost");
  }

 private:
  std::string name_;
  std::vector<std::string> where_;
  sentences& found_;
};

/// 1. Every partition that may be claimed is in exactly one of: a ready range, the unfinished part
/// of a LIVE lease, `result`. Before a listed split is sealed, in none.
void check_conservation(const world& w, sentences& found) {
  std::map<step_id, places> all;
  std::map<step_id, std::int64_t> inserted;
  for (const auto& p : w.rows.partitions) {
    auto step = w.steps.find(p.step);
    if (step == w.steps.end() || p.no != inserted[p.step]++)
      found.push_back("step " + str(p.step) + ": partition " + std::to_string(p.no) +
                      " breaks the row of numbers");
  }
  for (const auto& s : w.rows.steps) {
    all.emplace(s.row.id, places{s, found});
    if (inserted[s.row.id] != s.row.count)
      found.push_back("step " + str(s.row.id) + " counts " + std::to_string(s.row.count) +
                      " partitions but has " + std::to_string(inserted[s.row.id]));
  }
  auto put = [&](step_id step, range span, const std::string& place) {
    if (auto at = all.find(step); at != all.end())
      at->second.put(span, place);
    else
      found.push_back(place + " names step " + str(step) + ", which does not exist");
  };
  for (const auto& r : w.rows.ready) put(r.step, r.span, "ready range " + std::to_string(r.id));
  for (const auto& l : w.rows.leases)
    if (l.state == lease_state::live)
      for (auto span : w.unfinished(l)) put(l.step, span, "LIVE lease " + str(l.id));
  for (const auto& r : w.rows.results) put(r.step, {r.row.no, r.row.no}, "result");
  for (const auto& s : w.rows.steps)
    if (s.row.sealed || s.row.spec.streamed) all.at(s.row.id).require_all();
}

/// Whether `ancestor` is the step that `step` was copied from by `restart`, over any generations.
bool descends(const world& w, const step_record& step, const step_record& ancestor) {
  if (step.row.spec.ordinal != ancestor.row.spec.ordinal) return false;
  auto run = w.runs.find(step.row.run);
  while (run != w.runs.end() && run->first != ancestor.row.run)
    run = w.runs.find(run->second->restart_of);
  return run != w.runs.end();
}

/// 2. One result, of a lease that covered the partition. A result carried over by `restart` keeps
/// the lease of the run it was made in. That the lease was LIVE then cannot be told from the times:
/// a transaction that began earlier may have had to wait for the lock. Conservation tells it.
void check_results(const world& w, sentences& found) {
  if (w.results.size() != w.rows.results.size()) found.push_back("a partition has two results");
  std::map<step_id, std::int64_t> carried;
  for (const auto& r : w.rows.results) {
    auto name = "the result of step " + str(r.step) + " partition " + std::to_string(r.row.no);
    auto lease = w.leases.find(r.row.lease);
    if (lease == w.leases.end()) {
      found.push_back(name + " names no lease");
      continue;
    }
    const auto& l = *lease->second;
    if (!l.span.contains(r.row.no)) found.push_back(name + " is outside of its lease");
    if (l.step == r.step) continue;
    ++carried[r.step];
    if (!r.row.completed || !w.steps.contains(l.step) || !w.steps.contains(r.step) ||
        !descends(w, *w.steps.at(r.step), *w.steps.at(l.step)))
      found.push_back(name + " was made under a lease of another step");
  }
  for (const auto& s : w.rows.steps)
    if (s.carried != carried[s.row.id])
      found.push_back("step " + str(s.row.id) + " says that " + std::to_string(s.carried) +
                      " results were carried over, not " + std::to_string(carried[s.row.id]));
}

/// The counters of a lease tell what its results and failures tell; its state follows from them.
void check_leases(const world& w, sentences& found) {
  struct tally {
    std::int64_t completed = 0, failed = 0, returned = 0;
  };
  std::map<lease_id, tally> made;
  for (const auto& r : w.rows.results) {
    auto lease = w.leases.find(r.row.lease);
    if (lease != w.leases.end() && lease->second->step == r.step)
      ++(r.row.completed ? made[r.row.lease].completed : made[r.row.lease].failed);
  }
  for (const auto& f : w.rows.failures) {
    if (f.outcome != attempt_outcome::failed) ++made[f.lease].returned;
    auto lease = w.leases.find(f.lease);
    if (lease == w.leases.end() || lease->second->attempt != f.attempt ||
        lease->second->node != f.node || !lease->second->span.contains(f.no))
      found.push_back("a failure of partition " + std::to_string(f.no) +
                      " does not fit its lease " + str(f.lease));
  }
  for (const auto& l : w.rows.leases) {
    auto name = "lease " + str(l.id);
    const auto& t = made[l.id];
    if (l.completed != t.completed || l.failed != t.failed || l.returned != t.returned)
      found.push_back(name + " counts what it did not do");
    if (l.attempt < 1) found.push_back(name + " is no try");
    if (l.ended_at.has_value() == (l.state == lease_state::live))
      found.push_back(name + ": state and ended_at contradict each other");
    if (l.state == lease_state::live && l.unended() <= 0) found.push_back(name + " is over");
    if (l.state == lease_state::done && l.unended() != 0)
      found.push_back(name + " is DONE with partitions unended");
  }
}

/// 3. What belongs to a node that is gone: no LIVE lease, no ready range, no live run.
void check_nodes(const world& w, sentences& found) {
  for (const auto& l : w.rows.leases)
    if (l.state == lease_state::live && w.node_is_gone(l.node))
      found.push_back("LIVE lease " + str(l.id) + " outlives its node " + str(l.node));
  for (const auto& r : w.rows.ready)
    if (r.node && w.node_is_gone(r.node))
      found.push_back("ready range " + std::to_string(r.id) + " waits for node " + str(r.node) +
                      ", which is gone");
  for (const auto& r : w.rows.runs)
    if (!is_terminal(r.state) && r.master && w.node_is_gone(r.master))
      found.push_back("run " + str(r.id) + " is driven by node " + str(r.master) +
                      ", which is gone");
  for (const auto& n : w.rows.nodes)
    if (n.left_at.has_value() != is_terminal(n.state))
      found.push_back("node " + str(n.id) + ": state and left_at contradict each other");
}

/// 6. One live run per (job, identity); a launch key and a continued run have one run each.
/// 7. COMPLETED means it: of a run all steps, of a step all partitions.
void check_runs(const world& w, sentences& found) {
  std::set<std::pair<std::string, std::string>> live;
  std::set<std::string> keys;
  std::set<run_id> continued;
  for (const auto& r : w.rows.runs) {
    auto name = "run " + str(r.id);
    if (!is_terminal(r.state) && !live.emplace(r.job.name, r.identity).second)
      found.push_back(name + " is live beside another one with the same identity");
    if (!keys.insert(r.launch_key).second) found.push_back(name + " shares its launch key");
    if (r.restart_of && !continued.insert(r.restart_of).second)
      found.push_back(name + " continues a run that another one continues");
    if (r.ended_at.has_value() != is_terminal(r.state) ||
        (r.state == run_state::running && !r.started_at) ||
        (r.state == run_state::created && (r.started_at || r.master)))
      found.push_back(name + ": state and times contradict each other");
  }
  for (const auto& s : w.rows.steps) {
    auto name = "step " + str(s.row.id);
    auto run = w.runs.find(s.row.run);
    if (s.row.ended_at.has_value() != is_terminal(s.row.state))
      found.push_back(name + ": state and ended_at contradict each other");
    if (run == w.runs.end()) continue;
    if (is_terminal(run->second->state) && !is_terminal(s.row.state))
      found.push_back(name + " runs on after its run has ended");
    if (run->second->state == run_state::completed && s.row.state != step_state::completed)
      found.push_back(name + " is not COMPLETED, but its run is");
  }
}

void check_completed_steps(const world& w, sentences& found) {
  std::map<step_id, std::int64_t> completed;
  std::set<step_id> waiting;
  for (const auto& r : w.rows.results)
    if (r.row.completed) ++completed[r.step];
  for (const auto& r : w.rows.ready) waiting.insert(r.step);
  for (const auto& l : w.rows.leases) {
    if (l.state != lease_state::live) continue;
    waiting.insert(l.step);
    auto step = w.steps.find(l.step);
    if (step != w.steps.end() && is_terminal(step->second->row.state))
      found.push_back("LIVE lease " + str(l.id) + " outlives its step " + str(l.step));
  }
  for (const auto& s : w.rows.steps)
    if (s.row.state == step_state::completed &&
        (!s.row.sealed || completed[s.row.id] != s.row.count || waiting.contains(s.row.id)))
      found.push_back("step " + str(s.row.id) + " is COMPLETED, but not all its partitions are");
}

/// 8. Attempts only grow: of the leases that covered a partition, a later one has no lower number.
/// A lease that was RELEASED or shrank did not use up its try, so the number may stay.
void check_attempts(const world& w, sentences& found) {
  std::map<std::pair<step_id, partition_no>, int> last;
  for (const auto& [id, lease] : w.leases) {
    for (auto no = lease->span.lo; no <= lease->span.hi; ++no) {
      auto& attempt = last[{lease->step, no}];
      if (lease->attempt < attempt) {
        found.push_back("lease " + str(id) + ": the attempts of partition " + std::to_string(no) +
                        " went down");
        break;
      }
      attempt = lease->attempt;
    }
  }
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

std::vector<std::string> violations(const memory::tables& rows) {
  sentences found;
  const world w{rows};
  check_conservation(w, found);
  check_results(w, found);
  check_leases(w, found);
  check_nodes(w, found);
  check_runs(w, found);
  check_completed_steps(w, found);
  check_attempts(w, found);
  return found;
}

std::vector<std::string> violations_between(const memory::tables& before,
                                            const memory::tables& after) {
  sentences found;
  match(
      before.nodes, after.nodes, [](const auto& r) { return r.id; },
      [&](const auto& b, const auto* a) {
        check_move("node", b.id, b.state, a ? &a->state : nullptr, found);
      });
  match(
      before.runs, after.runs, [](const auto& r) { return r.id; },
      [&](const auto& b, const auto* a) {
        check_move("run", b.id, b.state, a ? &a->state : nullptr, found);
        if (a && (a->term < b.term || a->stop < b.stop))
          found.push_back("run " + str(b.id) + ": its term or stop request went back");
      });
  match(
      before.steps, after.steps, [](const auto& r) { return r.row.id; },
      [&](const auto& b, const auto* a) {
        check_move("step", b.row.id, b.row.state, a ? &a->row.state : nullptr, found);
        if (a && b.row.sealed && (!a->row.sealed || a->row.count != b.row.count))
          found.push_back("step " + str(b.row.id) + ": its sealed split changed");
      });
  match(
      before.leases, after.leases, [](const auto& r) { return r.id; },
      [&](const auto& b, const auto* a) {
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
        if (a == nullptr || a->row.lease != b.row.lease || a->row.completed != b.row.completed)
          found.push_back("a result of step " + str(b.step) + " changed");
      });
  return found;
}

}  // namespace partita::test
