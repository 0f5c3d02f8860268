#include <algorithm>

#include "protocol/adoption.hpp"
#include "protocol/assignment.hpp"
#include "protocol/mutation.hpp"
#include "storage/memory/memory_transaction.hpp"

namespace partita::memory {

namespace {

bool knows(const node_row& node, const job_ref& job) {
  return std::find(node.info.jobs.begin(), node.info.jobs.end(), job) != node.info.jobs.end();
}

}  // namespace

held_lease_row memory_transaction::held(const lease_record& lease) const {
  const auto& step = db_.steps.at(lease.step).row;
  return {lease, step.run, step.spec.transferable, step.spec.retry.max_attempts};
}

// --- what waits ----------------------------------------------------------------------------------

void memory_transaction::insert_ready(std::span<const new_ready> ranges) {
  for (const auto& r : ranges) {
    const auto id = ++db_.last_ready_id;
    insert(db_.ready, id, {id, r.step, r.span, r.node, r.attempt, now_ + r.delay});
  }
}

std::int64_t memory_transaction::share_ranges(node_id node, std::int64_t most) {
  std::int64_t shared = 0;
  for (auto& [id, ready] : db_.ready) {
    if (shared == most) break;
    if (ready.node != node) continue;
    const auto& step = db_.steps.at(ready.step).row;
    if (!step.spec.transferable && !is_terminal(step.state)) continue;
    changed_.keep(db_.ready, id);
    ready.node = node_id{};
    ++shared;
  }
  return shared;
}

std::vector<ready_record> memory_transaction::take_bound_ranges(node_id node, std::int64_t most) {
  std::vector<ready_record> bound;
  for (const auto& [id, ready] : db_.ready)
    if (ready.node == node && std::ssize(bound) < most) bound.push_back(ready);
  for (const auto& ready : bound) erase(db_.ready, ready.id);
  return bound;
}

// --- who has it ----------------------------------------------------------------------------------

held_lease_row memory_transaction::insert_lease(step_id step, node_id node, range span,
                                                int attempt) {
  const auto id = lease_id{++db_.last_lease_id};
  insert(db_.leases, id,
         {id, step, node, span, attempt, lease_state::live, 0, 0, 0, now_, std::nullopt});
  return held(db_.leases.at(id));
}

std::vector<held_lease_row> memory_transaction::lock_leases(node_id node,
                                                            std::span<const lease_id> ids) {
  std::set<lease_id> wanted(ids.begin(), ids.end());
  std::vector<held_lease_row> found;
  for (auto id : wanted)
    if (const auto* lease = find(db_.leases, id); lease != nullptr && lease->node == node)
      found.push_back(held(*lease));
  return found;
}

std::vector<held_lease_row> memory_transaction::lock_live_leases(node_id node) {
  std::vector<held_lease_row> live;
  for (const auto& [id, lease] : db_.leases)
    if (lease.node == node && lease.state == lease_state::live) live.push_back(held(lease));
  return live;
}

std::int64_t memory_transaction::save_leases(std::span<const lease_record> leases) {
  std::int64_t saved = 0;
  for (const auto& changed : leases)
    saved += update(db_.leases, changed.id, [&](lease_record& row) {
      row.span.hi = changed.span.hi;
      row.state = changed.state;
      row.completed = changed.completed;
      row.failed = changed.failed;
      row.returned = changed.returned;
      if (changed.state != lease_state::live) row.ended_at = now_;
    });
  return saved;
}

std::vector<std::vector<partition_no>> memory_transaction::ended_numbers(
    std::span<const held_lease_row> leases) {
  std::vector<std::vector<partition_no>> ended;
  for (const auto& [lease, run, transferable, max_attempts] : leases) {
    auto& numbers = ended.emplace_back(result_numbers(lease.step, lease.span));
    for (auto f = db_.failures.lower_bound({lease.id, lease.span.lo});
         f != db_.failures.end() && f->first <= attempt_key{lease.id, lease.span.hi}; ++f)
      numbers.push_back(f->first.second);
  }
  return ended;
}

// --- looking and claiming ------------------------------------------------------------------------

std::vector<work_view::live_lease> memory_transaction::held_by(node_id node) {
  std::vector<work_view::live_lease> leases;
  for (const auto& h : lock_live_leases(node)) {
    const auto failing = !db_.steps.at(h.lease.step).row.error.empty();
    const auto& run = db_.runs.at(h.run);
    leases.push_back({h.lease.id, std::max(run.stop, failing ? stop_mode::stop : stop_mode::none),
                      run.is_held_back()});
  }
  return leases;
}

std::vector<const ready_record*> memory_transaction::claimable(step_id step, node_id node) const {
  std::vector<const ready_record*> ranges;
  for (const auto& [id, r] : db_.ready)
    if (r.step == step && (!r.node || r.node == node) && r.available_at <= now_)
      ranges.push_back(&r);
  std::sort(ranges.begin(), ranges.end(), [](const auto* a, const auto* b) {
    return std::tuple{!a->node, a->span.lo} < std::tuple{!b->node, b->span.lo};
  });
  return ranges;
}

std::vector<ready_step> memory_transaction::ready_for(node_id node) {
  std::vector<ready_step> steps;
  for (const auto& [id, step] : db_.steps) {
    const auto& run = db_.runs.at(step.row.run);
    if (!is_open_for_claims(id, true) || run.is_held_back() ||
        !knows(db_.nodes.at(node), run.job) ||
        !has_tags(db_.nodes.at(node).info.tags, step.row.spec.tags))
      continue;
    const auto ranges = claimable(id, node);
    if (ranges.empty()) continue;
    ready_step next{id, step.row.run, 0, 0, ranges.front()->attempt};
    next.priority = run.priority;
    next.limited = step.row.spec.is_limited();
    for (const auto* r : ranges) next.remaining += r->span.size();
    next.slots_held = slots_held([id = id](const step_row& s) { return s.id == id; });
    if (!run.fair_key.empty()) {
      const auto in_group = [&](const step_row& s) {
        const auto& other = db_.runs.at(s.run);
        return s.state == step_state::running && other.job.name == run.job.name &&
               other.fair_key == run.fair_key;
      };
      next.group_held = slots_held(in_group);
      next.group = run.id;
      for (const auto& before : steps)
        if (in_group(db_.steps.at(before.step).row))
          next.group = std::min(next.group, before.group);
    }
    steps.push_back(next);
  }
  return steps;
}

/// Executors that the live leases of these steps occupy.
template <class Condition>
int memory_transaction::slots_held(Condition holds) const {
  std::int64_t slots = 0;
  for (const auto& [id, lease] : db_.leases)
    if (lease.state == lease_state::live && holds(db_.steps.at(lease.step).row))
      slots += std::min<std::int64_t>(lease.unended(), db_.nodes.at(lease.node).info.slots);
  return static_cast<int>(slots);
}

std::vector<masterless_run> memory_transaction::masterless_for(node_id node) {
  std::vector<waiting_run> waiting;
  for (const auto& [id, run] : db_.runs) {
    if (is_terminal(run.state) || run.master || !knows(db_.nodes.at(node), run.job)) continue;
    const auto most = lock_max_runs(run.job);
    const auto full = most > 0 && count_running(run.job.name) >= most;
    if (run.state == run_state::running || (!run.is_held_back() && !full))
      waiting.push_back({{id, run.term}, run.job.name, run.fair_key, run.priority});
  }
  std::vector<driven_group> driven;
  for (const auto& [id, run] : db_.runs)
    if (run.state == run_state::running && run.master)
      driven.push_back({run.job.name, run.fair_key, run.priority});
  mark_ahead(waiting, driven);
  return in_turns(std::move(waiting), masterless_shown);
}

bool memory_transaction::is_open_for_claims(step_id step, bool limited) {
  const auto* found = find(db_.steps, step);
  if (found == nullptr || found->row.state != step_state::running || !found->row.error.empty() ||
      (found->row.spec.is_limited() && !limited))
    return false;
  const auto& run = db_.runs.at(found->row.run);
  return run.state == run_state::running && run.stop == stop_mode::none;
}

std::optional<claimable_range> memory_transaction::first_claimable(step_id step, node_id node) {
  const auto ranges = claimable(step, node);
  if (ranges.empty()) return std::nullopt;
  const auto& first = *ranges.front();
  return claimable_range{first.id, first.span, first.attempt};
}

void memory_transaction::cut_front(const claimable_range& from, partition_no lo) {
  if (lo > from.span.hi) return erase(db_.ready, from.id);
  update(db_.ready, from.id, [&](ready_record& row) { row.span.lo = lo; });
}

std::vector<granted_partition> memory_transaction::granted_partitions(step_id step, range span) {
  std::vector<granted_partition> granted;
  for (auto no = span.lo; no <= span.hi; ++no) {
    const auto& p = db_.partitions.at({step, no});
    granted.push_back({no, p.key, p.input, {}});
    if (const auto* c = find(db_.checkpoints, {step, no}); c != nullptr && c->saved.seq > 0)
      granted.back().resume = c->saved;
  }
  return granted;
}

}  // namespace partita::memory
