#include <set>

#include "storage/audit/audit.hpp"
#include "storage/audit/range_map.hpp"
#include "storage/audit/world.hpp"

namespace partita::audit {

namespace {

// --- 1: conservation -----------------------------------------------------------------------------

/// Partitions of a step, and where they are: a ready range, a LIVE lease or results.
struct place {
  range span;
  std::string name;
};

std::map<step_id, std::vector<place>> places_of(const world& w, verdict& v) {
  std::map<step_id, std::vector<place>> all;
  auto put = [&](step_id step, range span, std::string name) {
    if (w.steps.contains(step))
      all[step].push_back({span, std::move(name)});
    else
      v.find(rule::rows, name + " names " + named(step) + ", which does not exist");
  };
  for (const auto& r : w.rows.ready) put(r.step, r.span, "ready range " + std::to_string(r.id));
  for (const auto& l : w.rows.leases)
    if (l.state == lease_state::live)
      for (auto span : w.unfinished(l)) put(l.step, span, "LIVE " + named(l.id));
  for (auto r = w.results.begin(); r != w.results.end();) {
    const auto [step, lo] = world::key_of(**r);
    auto hi = lo;
    while (++r != w.results.end() && world::key_of(**r) == std::pair{step, hi + 1}) ++hi;
    put(step, {lo, hi}, "result");
  }
  return all;
}

void check_places(const step_record& step, std::vector<place> places, verdict& v) {
  const auto name = named(step.row.id) + ": ";
  const auto open = step.row.sealed || step.row.spec.streamed;
  std::stable_sort(places.begin(), places.end(),
                   [](const place& a, const place& b) { return a.span < b.span; });
  partition_no next = 0;
  const place* last = nullptr;
  auto lost = [&](range span) {
    if (open) v.find(rule::conservation, name + named(span) + " lost: in no place");
  };
  for (const auto& p : places) {
    if (!open)
      v.find(rule::conservation, name + named(p.span) + " in " + p.name + " before the split ends");
    if (p.span.lo < 0 || p.span.hi >= step.row.count) {
      v.find(rule::conservation, name + p.name + " holds " + str(p.span) +
                                     ", but the step counts " + std::to_string(step.row.count));
      if (p.span.lo < 0 || p.span.lo >= step.row.count) continue;
    }
    if (p.span.lo < next)
      v.find(rule::conservation, name + named(range{p.span.lo, std::min(p.span.hi, next - 1)}) +
                                     " in " + last->name + " and in " + p.name);
    if (p.span.lo > next) lost({next, p.span.lo - 1});
    if (p.span.hi < next) continue;
    next = p.span.hi + 1;
    last = &p;
  }
  if (next < step.row.count) lost({next, step.row.count - 1});
}

void check_conservation(const world& w, verdict& v) {
  std::map<step_id, std::int64_t> inserted;
  std::set<step_id> broken;
  for (const auto& p : w.rows.partitions)
    if (p.no != inserted[p.step]++ && broken.insert(p.step).second)
      v.find(rule::conservation, named(p.step) + ": the row of partition " + std::to_string(p.no) +
                                     " breaks the sequence of numbers");
  for (const auto& [step, count] : inserted)
    if (!w.steps.contains(step))
      v.find(rule::rows, "partitions name " + named(step) + ", which does not exist");
  auto places = places_of(w, v);
  for (const auto& s : w.rows.steps) {
    if (inserted[s.row.id] != s.row.count)
      v.find(rule::conservation, named(s.row.id) + " counts " + std::to_string(s.row.count) +
                                     " partitions but has " + std::to_string(inserted[s.row.id]));
    if (s.row.sealed || s.row.spec.streamed) v.count(rule::conservation, s.row.count);
    check_places(s, std::move(places[s.row.id]), v);
  }
}

// --- 2: results ----------------------------------------------------------------------------------

/// Whether `ancestor` is the step that `step` was copied from by `restart`, over any generations.
bool descends(const world& w, const step_record& step, const step_record& ancestor) {
  if (step.row.spec.ordinal != ancestor.row.spec.ordinal) return false;
  const auto* run = found(w.runs, step.row.run);
  while (run != nullptr && run->id != ancestor.row.run && run->restart_of < run->id)
    run = found(w.runs, run->restart_of);
  return run != nullptr && run->id == ancestor.row.run;
}

/// A result carried over by `restart` keeps the lease of the run it was made in. That the lease was
/// LIVE then does not follow from the times: a transaction that began earlier may have had to wait
/// for the lock. It follows from the event log.
void check_results(const world& w, verdict& v) {
  v.count(rule::one_result, static_cast<std::int64_t>(w.results.size()));
  std::map<step_id, std::int64_t> carried;
  const result_record* before = nullptr;
  for (const auto* r : w.results) {
    auto name = [&] {
      return "the result of " + named(r->step) + " partition " + std::to_string(r->row.no);
    };
    if (before && world::key_of(*before) == world::key_of(*r))
      v.find(rule::one_result, name() + " is there twice");
    before = r;
    const auto* lease = found(w.leases, r->row.lease);
    if (lease == nullptr) {
      v.find(rule::one_result, name() + " names " + named(r->row.lease) + ", which does not exist");
      continue;
    }
    if (!lease->span.contains(r->row.no))
      v.find(rule::one_result, name() + " is outside of " + named(lease->id));
    if (lease->step == r->step) continue;
    ++carried[r->step];
    const auto* step = found(w.steps, r->step);
    const auto* made = found(w.steps, lease->step);
    if (!r->row.completed || !step || !made || !descends(w, *step, *made))
      v.find(rule::one_result,
             name() + " was made under " + named(lease->id) + " of " + named(lease->step));
  }
  for (const auto& s : w.rows.steps)
    if (s.carried != carried[s.row.id])
      v.find(rule::rows, named(s.row.id) + " says that " + std::to_string(s.carried) +
                             " results were carried over, not " +
                             std::to_string(carried[s.row.id]));
}

// --- rows agree ----------------------------------------------------------------------------------

/// The counters of a lease agree with its results and failures, and its state agrees with the
/// counters.
void check_leases(const world& w, verdict& v) {
  struct tally {
    std::int64_t completed = 0, failed = 0, returned = 0;
  };
  std::map<lease_id, tally> made;
  for (const auto* r : w.results) {
    const auto* lease = found(w.leases, r->row.lease);
    if (lease && lease->step == r->step)
      ++(r->row.completed ? made[lease->id].completed : made[lease->id].failed);
  }
  for (const auto& f : w.rows.failures) {
    if (f.outcome != attempt_outcome::failed) ++made[f.lease].returned;
    const auto* l = found(w.leases, f.lease);
    if (!l || l->step != f.step || l->attempt != f.attempt || l->node != f.node ||
        !l->span.contains(f.no))
      v.find(rule::rows, "a failure of " + named(f.step) + " partition " + std::to_string(f.no) +
                             " does not fit its " + named(f.lease));
  }
  for (const auto& l : w.rows.leases) {
    const auto& t = made[l.id];
    if (l.completed != t.completed || l.failed != t.failed || l.returned != t.returned)
      v.find(rule::rows, named(l.id) + " counts " + std::to_string(l.completed) + " completed, " +
                             std::to_string(l.failed) + " failed, " + std::to_string(l.returned) +
                             " returned; its rows say " + std::to_string(t.completed) + ", " +
                             std::to_string(t.failed) + ", " + std::to_string(t.returned));
    if (l.attempt < 1) v.find(rule::rows, named(l.id) + " is no try");
    if (l.ended_at.has_value() == (l.state == lease_state::live))
      v.find(rule::rows, named(l.id) + ": state and ended_at contradict each other");
    if (l.state == lease_state::live && l.unended() <= 0)
      v.find(rule::rows, named(l.id) + " is LIVE with nothing left to do");
    if (l.state == lease_state::done && l.unended() != 0)
      v.find(rule::rows, named(l.id) + " is DONE with partitions unended");
  }
  v.count(rule::rows, static_cast<std::int64_t>(w.rows.leases.size() + w.rows.failures.size()));
}

/// A chain is purged as a whole, when it has ended, and then has no rows.
void check_purged(const world& w, verdict& v) {
  for (const auto& r : w.rows.runs) {
    if (r.purged_at && !is_terminal(r.state))
      v.find(rule::rows, named(r.id) + " is purged, and " + str(r.state));
    const auto* before = r.restart_of ? found(w.runs, r.restart_of) : nullptr;
    if (before != nullptr && before->purged_at.has_value() != r.purged_at.has_value())
      v.find(rule::rows, "of " + named(r.id) + " and " + named(before->id) +
                             ", which it continues, only one is purged");
  }
  for (const auto& s : w.rows.steps)
    if (const auto* run = found(w.runs, s.row.run); run != nullptr && run->purged_at)
      v.find(rule::rows, named(s.row.id) + " is left of " + named(run->id) + ", which is purged");
}

void check_times(const world& w, verdict& v) {
  for (const auto& n : w.rows.nodes)
    if (n.left_at.has_value() != is_terminal(n.state))
      v.find(rule::rows, named(n.id) + ": state and left_at contradict each other");
  std::set<std::string> keys;
  std::set<run_id> continued;
  for (const auto& r : w.rows.runs) {
    if (!keys.insert(r.launch_key).second)
      v.find(rule::rows, named(r.id) + " shares its launch key");
    if (r.restart_of && !continued.insert(r.restart_of).second)
      v.find(rule::rows, named(r.id) + " continues a run that another one continues");
    if (r.ended_at.has_value() != is_terminal(r.state) ||
        (r.state == run_state::running && !r.started_at) ||
        (r.state == run_state::created && (r.started_at || r.master)))
      v.find(rule::rows, named(r.id) + ": state and times contradict each other");
  }
  check_purged(w, v);
  for (const auto& s : w.rows.steps) {
    const auto* run = found(w.runs, s.row.run);
    if (s.row.ended_at.has_value() != is_terminal(s.row.state))
      v.find(rule::rows, named(s.row.id) + ": state and ended_at contradict each other");
    if (run == nullptr)
      v.find(rule::rows, named(s.row.id) + " names " + named(s.row.run) + ", which does not exist");
    else if (is_terminal(run->state) && !is_terminal(s.row.state))
      v.find(rule::rows, named(s.row.id) + " runs on after " + named(run->id) + " has ended");
  }
  v.count(rule::rows, static_cast<std::int64_t>(w.rows.nodes.size() + w.rows.runs.size() +
                                                w.rows.steps.size()));
}

// --- 3: nodes ------------------------------------------------------------------------------------

/// Partitions that may be started again are given to others in the transaction that condemns their
/// node. The others stay under their lease until they are FAILED.
bool should_be_requeued(const world& w, const lease_record& lease) {
  const auto* node = found(w.nodes, lease.node);
  const auto* step = found(w.steps, lease.step);
  return node != nullptr && step != nullptr && node->state == node_state::condemned &&
         step->row.spec.transferable && lease.attempt < step->row.spec.retry.max_attempts;
}

/// What may belong to a node only while it is there: LIVE leases, ready ranges, live runs.
void check_nodes(const world& w, verdict& v) {
  v.count(rule::lease_of_node, static_cast<std::int64_t>(w.rows.leases.size()));
  for (const auto& l : w.rows.leases)
    if (l.state == lease_state::live && (w.node_is_gone(l.node) || should_be_requeued(w, l)))
      v.find(rule::lease_of_node, "LIVE " + named(l.id) + " outlives its " + named(l.node));
  for (const auto& r : w.rows.ready) {
    if (!r.node) continue;
    v.count(rule::lease_of_node);
    if (w.node_is_gone(r.node))
      v.find(rule::lease_of_node, "ready range " + std::to_string(r.id) + " waits for " +
                                      named(r.node) + ", which is gone");
  }
  for (const auto& r : w.rows.runs) {
    if (is_terminal(r.state) || !r.master) continue;
    v.count(rule::lease_of_node);
    const auto* master = found(w.nodes, r.master);
    if (master == nullptr || !is_member(master->state))
      v.find(rule::lease_of_node,
             named(r.id) + " is driven by " + named(r.master) + ", which is gone");
  }
}

// --- 5: one start --------------------------------------------------------------------------------

/// The partitions of a lease that were started, or may have been. A released partition does not
/// count: it was not begun, or it ended early on request and may go on from its checkpoint. Of a
/// lease that was RELEASED as a whole, only the partitions that ended under it count.
std::vector<range> started(const world& w, const lease_record& lease) {
  std::vector<partition_no> ended, released;
  for (auto f = w.failures.lower_bound({lease.id, 0});
       f != w.failures.end() && f->first.first == lease.id; ++f)
    (f->second->outcome == attempt_outcome::released ? released : ended).push_back(f->first.second);
  if (lease.state != lease_state::released) return gaps(lease.span, std::move(released));
  for (auto r = w.results_from(lease.step, lease.span.lo);
       r != w.results.end() && world::key_of(**r) <= world::result_key{lease.step, lease.span.hi};
       ++r)
    if ((*r)->row.lease == lease.id) ended.push_back((*r)->row.no);
  return coalesce(std::move(ended));
}

void check_starts(const world& w, verdict& v) {
  std::map<step_id, range_map<lease_id>> starts;
  for (const auto& s : w.rows.steps)
    if (!s.row.spec.transferable) {
      starts[s.row.id];
      v.count(rule::single_start, s.row.count);
    }
  for (const auto& [id, lease] : w.leases) {
    auto step = starts.find(lease->step);
    if (step == starts.end()) continue;
    for (auto span : started(w, *lease)) {
      for (const auto& before : step->second.within(span))
        v.find(rule::single_start, named(lease->step) + ": " + named(before.span) +
                                       " started under " + named(before.value) +
                                       " and again under " + named(id));
      step->second.put(span, id);
    }
  }
}

// --- 6, 7: runs ----------------------------------------------------------------------------------

void check_live_runs(const world& w, verdict& v) {
  std::map<std::pair<std::string, std::string>, run_id> live;
  for (const auto& r : w.rows.runs) {
    v.count(rule::one_live_run);
    if (is_terminal(r.state)) continue;
    auto [other, alone] = live.emplace(std::pair{r.job.name, r.identity}, r.id);
    if (!alone)
      v.find(rule::one_live_run, named(r.id) + " is live beside " + named(other->second) +
                                     " with the same identifying parameters");
  }
}

void check_completed(const world& w, verdict& v) {
  std::map<step_id, std::int64_t> completed;
  std::set<step_id> waiting;
  for (const auto* r : w.results)
    if (r->row.completed) ++completed[r->step];
  for (const auto& r : w.rows.ready) waiting.insert(r.step);
  for (const auto& l : w.rows.leases) {
    if (l.state != lease_state::live) continue;
    waiting.insert(l.step);
    const auto* step = found(w.steps, l.step);
    if (step && is_terminal(step->row.state))
      v.find(rule::completed, "LIVE " + named(l.id) + " outlives its " + named(l.step));
  }
  for (const auto& r : w.rows.runs)
    if (r.state == run_state::completed) v.count(rule::completed);
  for (const auto& s : w.rows.steps) {
    const auto* run = found(w.runs, s.row.run);
    if (run && run->state == run_state::completed && s.row.state != step_state::completed)
      v.find(rule::completed, named(run->id) + " is COMPLETED, but " + named(s.row.id) +
                                  " of it is " + str(s.row.state));
    if (s.row.state != step_state::completed) continue;
    v.count(rule::completed);
    if (!s.row.sealed || completed[s.row.id] != s.row.count || waiting.contains(s.row.id))
      v.find(rule::completed, named(s.row.id) + " is COMPLETED with " +
                                  std::to_string(completed[s.row.id]) + " of " +
                                  std::to_string(s.row.count) + " partitions COMPLETED" +
                                  (s.row.sealed ? "" : ", and not sealed") +
                                  (waiting.contains(s.row.id) ? ", and something waits" : ""));
  }
}

// --- 8: attempts ---------------------------------------------------------------------------------

/// Of the leases that covered a partition, a later one has no lower number. A lease that was
/// RELEASED or shrank did not use up its try, so the number may stay.
void check_attempts(const world& w, verdict& v) {
  std::map<step_id, range_map<int>> last;
  v.count(rule::only_grows, static_cast<std::int64_t>(w.leases.size()));
  for (const auto& [id, lease] : w.leases) {
    auto& attempts = last[lease->step];
    for (const auto& before : attempts.within(lease->span))
      if (before.value > lease->attempt)
        v.find(rule::only_grows, named(id) + " is try " + std::to_string(lease->attempt) + " of " +
                                     named(before.span) + ", after try " +
                                     std::to_string(before.value));
    attempts.put(lease->span, lease->attempt);
  }
}

}  // namespace

void audit_rows(const tables& t, verdict& v) {
  const world w{t};
  check_conservation(w, v);
  check_results(w, v);
  check_leases(w, v);
  check_times(w, v);
  check_nodes(w, v);
  check_starts(w, v);
  check_live_runs(w, v);
  check_completed(w, v);
  check_attempts(w, v);
}

}  // namespace partita::audit
