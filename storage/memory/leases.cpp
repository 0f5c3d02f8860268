#include <algorithm>

#include "protocol/mutation.hpp"
#include "storage/memory/memory_store.hpp"
#include "storage/memory/transaction.hpp"
#include "storage/text.hpp"

namespace partita::memory {

namespace {

bool knows(const node_row& node, const job_ref& job) {
  return std::find(node.info.jobs.begin(), node.info.jobs.end(), job) != node.info.jobs.end();
}

bool is_open_for_claims(const transaction& tx, const step_row& step) {
  const auto& run = tx.db.runs.at(step.run);
  return step.state == step_state::running && run.state == run_state::running &&
         run.stop == stop_mode::none;
}

/// Ranges of the step that this node may claim now, in the order it takes them: bound to it
/// first, then by lo.
std::vector<ready_record*> claimable(transaction& tx, step_id step, node_id node) {
  std::vector<ready_record*> ranges;
  for (auto& [id, r] : tx.db.ready)
    if (r.step == step && (!r.node || r.node == node) && r.available_at <= tx.now)
      ranges.push_back(&r);
  std::sort(ranges.begin(), ranges.end(), [](const ready_record* a, const ready_record* b) {
    return std::tuple{!a->node, a->span.lo} < std::tuple{!b->node, b->span.lo};
  });
  return ranges;
}

/// Executors the LIVE leases of a step occupy.
int slots_held(const transaction& tx, step_id step) {
  std::int64_t held = 0;
  for (const auto& [id, lease] : tx.db.leases)
    if (lease.step == step && lease.state == lease_state::live)
      held += std::min<std::int64_t>(lease.unended(), tx.db.nodes.at(lease.node).info.slots);
  return static_cast<int>(held);
}

granted_partition granted(const transaction& tx, step_id step, partition_no no) {
  const auto& p = tx.db.partitions.at({step, no});
  granted_partition g{no, p.key, p.input, {}};
  if (const auto* c = find(tx.db.checkpoints, {step, no}); c && c->saved.seq > 0)
    g.resume = c->saved;
  return g;
}

/// The lease, if the partition may be worked on under it now; else null.
lease_record* live_lease_of(transaction& tx, lease_id id, partition_no no) {
  auto* lease = find(tx.db.leases, id);
  return lease != nullptr && lease->state == lease_state::live && lease->span.contains(no) &&
                 !tx.has_ended(*lease, no)
             ? lease
             : nullptr;
}

/// Whether an earlier report under this lease recorded the partition. A FAILED result without a
/// failure row does not count: the sweep wrote that, in place of a report.
bool was_reported(const transaction& tx, const lease_record& lease, partition_no no) {
  if (tx.db.failures.contains({lease.id, no})) return true;
  const auto* result = find(tx.db.results, {lease.step, no});
  return result != nullptr && result->row.lease == lease.id && result->row.completed;
}

void insert_result(transaction& tx, const lease_record& lease, const attempt_report& item) {
  result_row row;
  row.no = item.no;
  row.lease = lease.id;
  row.completed = item.outcome == attempt_outcome::completed;
  row.output = item.output;
  row.error = item.error;
  row.counts = item.counts;
  row.took = item.took;
  row.ended_at = tx.now;
  row.has_files = item.has_files;
  tx.db.results[{lease.step, item.no}] = {lease.step, row};
  tx.db.checkpoints.erase({lease.step, item.no});
}

void record(transaction& tx, lease_record& lease, const attempt_report& item) {
  using o = attempt_outcome;
  if (item.outcome == o::completed || item.outcome == o::failed) {
    insert_result(tx, lease, item);
    ++(item.outcome == o::completed ? lease.completed : lease.failed);
  } else {
    auto attempt = item.outcome == o::retry ? lease.attempt : lease.attempt - 1;
    tx.make_ready(lease.step, {item.no, item.no}, node_id{}, attempt, tx.now + item.retry_after);
    ++lease.returned;
  }
  if (item.outcome != o::completed)
    tx.db.failures[{lease.id, item.no}] = {lease.step,    item.no,      lease.id,   lease.node,
                                           lease.attempt, item.outcome, item.error, tx.now};
}

constexpr std::string_view field_of(attempt_outcome outcome) {
  switch (outcome) {
    case attempt_outcome::completed:
      return "completed";
    case attempt_outcome::failed:
      return "failed";
    case attempt_outcome::retry:
      return "retry";
    case attempt_outcome::released:
      return "released";
  }
  return "?";
}

/// What one call newly recorded, by lease and outcome.
using news = std::map<lease_id, std::map<attempt_outcome, std::vector<partition_no>>>;

/// Tells the log, and ends the leases whose last partition has ended.
void conclude(transaction& tx, const news& recorded) {
  for (const auto& [id, outcomes] : recorded) {
    auto& lease = tx.db.leases.at(id);
    nlohmann::json detail;
    for (const auto& [outcome, numbers] : outcomes)
      detail[std::string{field_of(outcome)}] = json_of(coalesce(numbers));
    tx.log(event::lease_reported, tx.about(lease), detail);
    if (lease.unended() > 0) continue;
    tx.end_lease(lease, lease_state::done);
    tx.log(event::lease_ended, tx.about(lease), {{"state", "DONE"}});
  }
}

}  // namespace

work_view memory_store::look(node_id node) {
  transaction tx{*state_};
  work_view view;
  for (const auto* lease : tx.live_leases(node)) {
    auto mode = tx.db.runs.at(tx.db.steps.at(lease->step).row.run).stop;
    view.held.push_back({lease->id, mode});
  }
  const auto* row = find(tx.db.nodes, node);
  if (row == nullptr || row->state != node_state::active) return view;
  for (const auto& [id, step] : tx.db.steps) {
    if (!is_open_for_claims(tx, step.row) || !knows(*row, tx.db.runs.at(step.row.run).job))
      continue;
    auto ranges = claimable(tx, id, node);
    if (ranges.empty()) continue;
    std::int64_t remaining = 0;
    for (const auto* r : ranges) remaining += r->span.size();
    view.ready.push_back(
        {id, step.row.run, remaining, slots_held(tx, id), ranges.front()->attempt});
  }
  for (const auto& [id, run] : tx.db.runs)
    if (!is_terminal(run.state) && !run.master && knows(*row, run.job))
      view.masterless.push_back({id, run.term});
  return view;
}

std::optional<lease_grant> memory_store::claim(node_id node, step_id step, std::int64_t width,
                                               std::int64_t narrow) {
  transaction tx{*state_};
  const auto* owner = find(tx.db.nodes, node);
  const auto* wanted = find(tx.db.steps, step);
  if (owner == nullptr ||
      (owner->state != node_state::active && !PARTITA_BUG(claim_by_a_dead_node)) ||
      wanted == nullptr || !is_open_for_claims(tx, wanted->row))
    return std::nullopt;
  auto ranges = claimable(tx, step, node);
  if (ranges.empty()) return std::nullopt;

  auto& from = *ranges.front();
  if (from.attempt > 0) width = std::min(width, narrow);
  if (width < 1) return std::nullopt;
  auto span = cut(from.span, width);
  const auto& lease = tx.grant(step, node, span, from.attempt + 1);
  from.span.lo = span.hi + (PARTITA_BUG(claim_leaves_what_it_takes) ? 0 : 1);
  if (from.span.lo > from.span.hi) tx.db.ready.erase(from.id);

  lease_grant grant{lease.id, step, span, lease.attempt, {}};
  for (auto no = span.lo; no <= span.hi; ++no) grant.partitions.push_back(granted(tx, step, no));
  return grant;
}

int memory_store::release(node_id node, std::span<const lease_id> leases) {
  transaction tx{*state_};
  int released = 0;
  for (auto* lease : tx.live_leases(node)) {
    if (std::find(leases.begin(), leases.end(), lease->id) == leases.end()) continue;
    tx.release(*lease);
    ++released;
  }
  return released;
}

void memory_store::give_back(node_id node, lease_id lease, partition_no from) {
  transaction tx{*state_};
  auto* row = find(tx.db.leases, lease);
  if (row == nullptr || row->node != node || row->state != lease_state::live || from > row->span.hi)
    return;
  if (from <= row->span.lo) return tx.release(*row);
  const range back{from, row->span.hi};
  for (auto no = back.lo; no <= back.hi; ++no)
    if (tx.has_ended(*row, no))
      throw store_error(errc::bad_request,
                        "partition " + std::to_string(no) + " of " + named(lease) + " has ended");
  row->span.hi = from - 1;
  if (!PARTITA_BUG(give_back_loses_partitions))
    tx.make_ready(row->step, back, node_id{}, row->attempt - 1, tx.now);
  tx.log(event::lease_shrunk, tx.about(*row), {{"lo", back.lo}, {"hi", back.hi}});
  if (row->unended() > 0) return;
  tx.end_lease(*row, lease_state::done);
  tx.log(event::lease_ended, tx.about(*row), {{"state", "DONE"}});
}

std::vector<report_verdict> memory_store::report(node_id node,
                                                 std::span<const attempt_report> items) {
  for (const auto& item : items) {
    require_text("the output of a partition", item.output);
    require_text("the error of a partition", item.error);
  }
  transaction tx{*state_};
  std::vector<report_verdict> verdicts;
  news recorded;
  for (const auto& item : items) {
    auto* lease = find(tx.db.leases, item.lease);
    auto verdict = report_verdict::rejected;
    if (lease != nullptr && lease->node == node) {
      if (was_reported(tx, *lease, item.no)) {
        verdict = report_verdict::recorded;
      } else if (live_lease_of(tx, item.lease, item.no) != nullptr ||
                 PARTITA_BUG(report_without_the_fence)) {
        record(tx, *lease, item);
        recorded[lease->id][item.outcome].push_back(item.no);
        verdict = report_verdict::recorded;
      }
    }
    verdicts.push_back(verdict);
  }
  conclude(tx, recorded);
  return verdicts;
}

void memory_store::commit_chunk(lease_id lease, partition_no no, const checkpoint& c) {
  require_text("the position of a checkpoint", c.position);
  if (c.seq < 1) throw store_error(errc::bad_request, "checkpoints are numbered from 1");
  transaction tx{*state_};
  const auto* row = live_lease_of(tx, lease, no);
  if (row == nullptr && PARTITA_BUG(checkpoint_without_the_fence)) row = find(tx.db.leases, lease);
  if (row == nullptr)
    throw store_error(errc::lease_lost,
                      named(lease) + " no longer covers partition " + std::to_string(no));
  auto& kept = tx.db.checkpoints[{row->step, no}];
  if (kept.saved.seq >= c.seq) return;
  kept.step = row->step;
  kept.no = no;
  kept.lease = lease;
  kept.saved = c;
  kept.updated_at = tx.now;
}

void memory_store::record_progress(std::span<const progress_report> items) {
  transaction tx{*state_};
  for (const auto& item : items) {
    const auto* row = live_lease_of(tx, item.lease, item.no);
    if (row == nullptr) continue;
    auto& shown = tx.db.checkpoints[{row->step, item.no}];
    shown.step = row->step;
    shown.no = item.no;
    shown.lease = item.lease;
    shown.progress_done = item.done;
    shown.progress_total = item.total;
    shown.updated_at = tx.now;
  }
}

}  // namespace partita::memory
