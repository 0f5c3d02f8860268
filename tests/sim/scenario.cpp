#include "tests/sim/scenario.hpp"

#include <algorithm>
#include <numeric>

#include "batch/batch.hpp"
#include "protocol/events.hpp"
#include "storage/audit/violations.hpp"
#include "tests/sim/flow_check.hpp"
#include "tests/sim/script.hpp"
#include "tests/sim/tick_check.hpp"
#include "tests/sim/users.hpp"
#include "tests/sim/workload.hpp"

namespace partita::sim {

namespace {

void schedule(world& w, const planned& p, std::size_t number, users& people, fault_book& faults) {
  w.at(w.now() + p.at, [&w, p, number, &people, &faults] {
    auto name =
        to_string(p.what) + "@" + std::to_string(p.at.count()) + "#" + std::to_string(number);
    if (!faults.happens(name, to_string(p.what))) return;
    const auto node = static_cast<std::size_t>(p.target) % std::max<std::size_t>(1, w.nodes());
    switch (p.what) {
      case blow::crash:
        return w.crash(node);
      case blow::pause:
        return w.pause(node, p.lasts);
      case blow::drain:
        return w.drain(node);
      case blow::release:
        return w.release(node);
      case blow::join:
        w.add_node(1 + p.target % 4, {}, 1 + p.target % 4);
        return;
      case blow::outage:
        return w.outage(p.lasts);
      case blow::clock_step:
        return w.step_clock(p.lasts);
      case blow::stop_run:
        return people.stop(p.target, stop_mode::stop);
      case blow::stop_run_now:
        return people.stop(p.target, stop_mode::now);
      case blow::restart_run:
        return people.restart(p.target);
      case blow::pause_schedule:
      case blow::resume_schedule:
      case blow::run_schedule:
      case blow::remove_schedule:
        return people.change_schedule(p.target, p.what);
      case blow::pause_run:
      case blow::resume_run:
      case blow::pause_job:
      case blow::resume_job:
      case blow::prioritize_run:
      case blow::set_limit:
        return people.hold_back(p.target, p.what);
      case blow::purge_runs:
        return people.purge(p.target);
      case blow::set_retention:
        return people.set_retention(p.target);
    }
  });
}

void check_runs(const users& people, const tables& rows, milliseconds bound, outcome& o) {
  std::map<run_id, const run_row*> by_id;
  for (const auto& r : rows.runs) by_id[r.id] = &r;
  for (const auto& known : people.runs()) {
    auto found = by_id.find(known.id);
    auto name =
        "run " + std::to_string(known.id.value) + " (" + names[static_cast<int>(known.kind)] + ")";
    if (found == by_id.end()) {
      o.violations.push_back(name + " was acknowledged and is gone");
      continue;
    }
    const auto& row = *found->second;
    ++o.ended[std::string{to_string(row.state)}];
    if (!is_terminal(row.state)) {
      o.violations.push_back(name + " is " + std::string{to_string(row.state)} + " " +
                             std::to_string(bound.count() / 1000) + " s after the last fault");
      continue;
    }
    json expected{{"sum", expected_sum(known.count)}, {"count", known.count}};
    if (row.state == run_state::completed && json::parse(row.result, nullptr, false) != expected)
      o.violations.push_back(name + " is COMPLETED with " + row.result + ", not " +
                             expected.dump());
    const auto clashes = known.kind == work_kind::clash && known.count > 1;
    if (row.state == run_state::completed && clashes)
      o.violations.push_back(name + " is COMPLETED, but two partitions write one file");
    const auto may_fail = known.kind == work_kind::once || clashes || flow_may_fail(rows, known.id);
    if (row.state == run_state::failed && !may_fail)
      o.violations.push_back(name + " FAILED: " + row.error);
    if (row.state == run_state::stopped && !known.stop_asked)
      o.violations.push_back(name + " is STOPPED, and nobody asked for it");
  }
}

void check_acknowledged(const oracle& o, const tables& rows, outcome& out) {
  std::map<std::pair<lease_id, partition_no>, bool> results;
  for (const auto& r : rows.results) results[{r.row.lease, r.row.no}] = r.row.completed;
  for (const auto& one : o.acknowledged) {
    auto found = results.find({one.lease, one.no});
    if (found == results.end() || found->second != one.completed)
      out.violations.push_back("the acknowledged result of partition " + std::to_string(one.no) +
                               " under lease " + std::to_string(one.lease.value) + " is lost");
  }
  out.violations.insert(out.violations.end(), o.broken.begin(), o.broken.end());
}

/// What is in the author's table: how often each item of (first run, partition).
std::map<std::pair<std::int64_t, partition_no>, std::map<std::int64_t, int>> entries_of(world& w) {
  std::map<std::pair<std::int64_t, partition_no>, std::map<std::int64_t, int>> found;
  struct enough {};
  try {
    w.observer().commit_chunk({}, 0, {}, [&](sql_transaction& tx, chunk&) {
      tx.execute("CREATE TABLE IF NOT EXISTS ledger (run BIGINT, no BIGINT, item INTEGER)");
      for (const auto& row : tx.query("SELECT run, no, item FROM ledger"))
        ++found[{std::get<std::int64_t>(row[0]), std::get<std::int64_t>(row[1])}]
               [std::get<std::int64_t>(row[2])];
      throw enough{};
    });
  } catch (const enough&) {
  }
  return found;
}

/// The author's rows are there exactly once for the items that are stored as finished, and for no
/// other.
void check_ledger(world& w, backing kind, const users& people, const tables& rows, outcome& o) {
  std::map<run_id, run_id> first, next;
  for (const auto& r : rows.runs) {  // by id: a run comes after the one that it continues
    first[r.id] = r.restart_of ? first[r.restart_of] : r.id;
    if (r.restart_of) next[r.restart_of] = r.id;
  }
  std::map<std::pair<step_id, partition_no>, item_counts> stored;
  for (const auto& c : rows.checkpoints) stored[{c.step, c.no}] = c.saved.counts;
  for (const auto& r : rows.results)
    if (r.row.completed) stored[{r.step, r.row.no}] = r.row.counts;
  // Of COMPLETED partitions, items that a run before has read: their rows are there.
  std::map<std::tuple<run_id, int, partition_no>, std::int64_t> read_before;
  std::map<step_id, const step_record*> steps;
  for (const auto& s : rows.steps) steps[s.row.id] = &s;
  for (const auto& r : rows.results)
    if (const auto s = steps.find(r.step); r.row.completed && s != steps.end()) {
      auto& most = read_before[{first[s->second->row.run], s->second->row.spec.ordinal, r.row.no}];
      most = std::max(most, r.row.counts.read);
    }
  std::map<std::pair<step_id, partition_no>, int> skipped;
  for (const auto& s : rows.skipped) ++skipped[{s.step, s.no}];
  const auto found = kind == backing::memory ? decltype(entries_of(w)){} : entries_of(w);
  for (const auto& known : people.runs()) {
    if (known.kind != work_kind::ledger || next.contains(known.id)) continue;
    for (const auto& s : rows.steps) {
      if (s.row.run != known.id) continue;
      for (partition_no no = 0; no < known.count; ++no) {
        const auto name =
            "partition " + std::to_string(no) + " of run " + std::to_string(known.id.value);
        const auto counts = stored[{s.row.id, no}];
        if (counts.read != counts.written + counts.filtered + counts.skipped)
          o.violations.push_back(name + ": read is not written, filtered and skipped");
        if (counts.skipped != skipped[{s.row.id, no}])
          o.violations.push_back(name + " has other skipped items than it counts");
        if (kind == backing::memory) continue;
        std::map<std::int64_t, int> expected;
        const auto read =
            std::max(counts.read, read_before[{first[known.id], s.row.spec.ordinal, no}]);
        for (std::int64_t i = 0; i < read; ++i)
          if (i != malformed_item && i != refused_item) expected[i] = 1;
        const auto entries = found.find({first[known.id].value, no});
        if ((entries == found.end() ? decltype(expected){} : entries->second) != expected)
          o.violations.push_back(name + ": the author's rows are not those of its " +
                                 std::to_string(counts.read) + " items");
      }
    }
  }
}

/// A node that is up when all is over takes part in the cluster. And where nothing happened that
/// may keep a living node from renewing in time, none was given up.
void check_nodes(const world& w, const tables& rows, const fault_book& faults, outcome& o) {
  std::map<std::string, int> taking_part;
  for (const auto& n : rows.nodes) taking_part[n.info.name] += is_member(n.state);
  for (std::size_t i = 0; i < w.nodes(); ++i)
    if (w.is_up(i) && taking_part["node-" + std::to_string(i)] < 1)
      o.violations.push_back("node-" + std::to_string(i) +
                             " is up and takes no part in the cluster");
  for (const auto& excuse :
       {"refused", "lost_answer", "late", "slow", "stall", "pause", "clock_step"})
    if (faults.count().contains(excuse)) return;
  for (const auto& name : w.given_up_alive)
    o.violations.push_back(name + " was given up although it lives");
}

void count_rows(const tables& rows, outcome& o) {
  for (const auto& r : rows.runs)
    o.takeovers += std::max<int>(0, static_cast<int>(r.term.value) - 1);
  for (const auto& n : rows.nodes) o.deregistered += n.state == node_state::deregistered;
  for (const auto& l : rows.leases) o.revoked += l.state == lease_state::revoked;
  for (const auto& e : rows.events)
    o.repeats += e.kind == event::step_begun && json::parse(e.detail).contains("skipped");
}

}  // namespace

outcome play(std::uint64_t seed, backing kind, std::optional<std::set<std::string>> only) {
  const script s{seed};
  oracle known;
  fault_book faults{std::move(only)};
  jobs_of jobs{s, seed, kind, known};
  world w{seed, opener_of(kind), jobs.all(), s.limits, s.chances, faults};
  jobs.where = &w;
  w.on_acknowledged = [&](const attempt_report& r) {
    if (r.outcome == attempt_outcome::completed || r.outcome == attempt_outcome::failed)
      known.acknowledged.push_back({r.lease, r.no, r.outcome == attempt_outcome::completed});
  };
  users people{w, s};
  const auto begun = w.now();
  outcome o;
  try {
    for (auto executors : s.executors) w.add_node(executors, {}, executors);
    for (std::size_t i = 0; i < s.plan.size(); ++i) schedule(w, s.plan[i], i, people, faults);

    // Over PostgreSQL the contract tests do so.
    const bool repeats = kind != backing::postgres;
    for (const int third : {1, 2})
      if (repeats)
        w.at(begun + s.faults_end * third / 3, [&] { people.try_skipped_items_again(); });
    // Safety: whatever happens, no invariant breaks.
    w.run_until([&] { return w.now() >= begun + s.faults_end; }, s.faults_end);

    // Liveness: nothing fails any more, and somebody is there; every run ends.
    w.heal();
    w.add_node(2, {}, static_cast<int>(s.timers.size()));
    const auto healed = w.now();
    // A schedule added late would not be paused with the others, nor would what is paused late go
    // on.
    if (!s.timers.empty() || people.held_back()) w.run_until(w.now() + latest_call);
    people.let_everything_go_on();
    const auto fired =
        w.run_until([&] { return !people.busy() && idle_schedules(w).empty(); }, s.bound);
    if (!fired)
      for (auto& idle : idle_schedules(w)) o.violations.push_back(std::move(idle));
    people.pause_all_schedules();
    const auto all_have_ended = [&] {
      if (people.busy() || w.observer().count_purging() > 0) return false;
      for (const auto& r : w.observer().list_runs(1000, {}))
        if (!is_terminal(r.state)) return false;
      return true;
    };
    w.run_until(all_have_ended, s.bound);
    o.recovery = std::chrono::duration_cast<milliseconds>(w.now() - healed);
    if (w.observer().count_purging() > 0)
      o.violations.push_back("rows of purged runs are still there");
    if (repeats) people.try_skipped_items_again();
    w.run_until(all_have_ended, s.bound);
    // What was under way comes to rest: late calls, the end of drains.
    w.run_until(w.now() + latest_call + milliseconds{1000});
  } catch (const std::exception& e) {
    o.violations.push_back(std::string{"the simulation broke: "} + e.what());
  }
  const auto now = w.rows();
  const auto rows = w.rows_of_all_runs();
  jobs.check_purged_files(now);
  o.simulated = std::chrono::duration_cast<milliseconds>(w.now() - begun);
  o.runs = static_cast<int>(rows.runs.size());
  o.violations.insert(o.violations.end(), w.violations.begin(), w.violations.end());
  for (auto& v : audit::violations_with_log(now)) o.violations.push_back(v);
  check_runs(people, rows, s.bound, o);
  check_acknowledged(known, rows, o);
  check_ledger(w, kind, people, rows, o);
  check_flows(rows, known, o.violations);
  check_ticks(w, rows, people.touched(), o.violations);
  check_nodes(w, rows, faults, o);
  count_rows(rows, o);
  o.faults = faults.happened();
  o.fault_count = faults.count();
  o.facts = w.facts();
  return o;
}

std::set<std::string> shorten(std::uint64_t seed, backing kind, std::set<std::string> faults) {
  auto fails = [&](const std::set<std::string>& with) {
    return !play(seed, kind, with).violations.empty();
  };
  // Leave out halves, then quarters, … as long as it still fails.
  for (auto size = (faults.size() + 1) / 2; size >= 1;) {
    bool shorter = false;
    std::vector<std::string> all(faults.begin(), faults.end());
    for (std::size_t from = 0; from < all.size(); from += size) {
      auto fewer = faults;
      for (auto i = from; i < std::min(all.size(), from + size); ++i) fewer.erase(all[i]);
      if (fewer.size() == faults.size() || !fails(fewer)) continue;
      faults = fewer;
      shorter = true;
    }
    if (size == 1 && !shorter) break;
    size = std::max<std::size_t>(1, size / 2);
  }
  return faults;
}

}  // namespace partita::sim
