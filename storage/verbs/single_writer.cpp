#include "storage/verbs/single_writer.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "protocol/mutation.hpp"
#include "storage/verbs/leases.hpp"
#include "storage/verbs/nodes.hpp"
#include "storage/verbs/parts.hpp"

namespace partita {

cluster_view single_writer_transaction::heartbeat(node_id node, node_load load, bool draining,
                                                  const std::optional<liveness_limits>& limits) {
  return verbs::heartbeat(*this, node, load, draining, limits);
}

work_view single_writer_transaction::look(node_id node) {
  work_view view;
  view.held = held_by(node);
  const auto self = find_node(node, row_lock::none);
  if (!self || self->state != node_state::active) return view;
  view.ready = ready_for(node);
  std::vector<step_id> limited;
  for (const auto& s : view.ready)
    if (s.limited) limited.push_back(s.step);
  if (!limited.empty())
    view.ready = with_room(std::move(view.ready), node, self->slots, limit_uses(limited));
  view.masterless = masterless_for(node);
  return view;
}

std::optional<lease_grant> single_writer_transaction::claim(node_id node, step_id step,
                                                            std::int64_t width, std::int64_t narrow,
                                                            bool limited) {
  const auto self = find_node(node, row_lock::key_share);
  if (!self || (self->state != node_state::active && !PARTITA_BUG(claim_by_a_dead_node)) ||
      !is_open_for_claims(step, limited))
    return std::nullopt;
  if (limited && !PARTITA_BUG(a_claim_asks_no_limit))
    width = std::min(width, room_for(step, node, self->slots, limit_uses({&step, 1})));
  const auto from = first_claimable(step, node);
  if (!from) return std::nullopt;
  const auto most = from->attempt > 0 ? std::min(width, narrow) : width;
  if (most < 1) return std::nullopt;

  const auto span = cut(from->span, most);
  if (!PARTITA_BUG(claim_leaves_what_it_takes)) cut_front(*from, span.hi + 1);
  const auto held = verbs::grant(*this, step, node, span, from->attempt + 1);
  return lease_grant{held.lease.id, step, span, held.lease.attempt, granted_partitions(step, span)};
}

std::vector<report_verdict> single_writer_transaction::report(
    node_id node, std::span<const attempt_report> items) {
  return verbs::report(*this, node, items);
}

void single_writer_transaction::commit_checkpoint(lease_id lease, partition_no no,
                                                  const checkpoint& c) {
  verbs::require_checkpoint(c);
  const auto step = fenced_step(lease, no);
  if (!step && PARTITA_BUG(lost_checkpoints_are_acknowledged)) return;
  if (!step) verbs::refuse_checkpoint(lease, no);
  save_checkpoint(*step, no, lease, c);
}

void single_writer_transaction::fence_chunk(lease_id lease, partition_no no, const chunk& c) {
  const auto step = fenced_step(lease, no);
  if (!step) verbs::refuse_checkpoint(lease, no);
  verbs::require_next(saved_checkpoint(*step, no), c);
  save_checkpoint(*step, no, lease, c.to);
  if (!PARTITA_BUG(skipped_items_are_not_stored)) insert_skipped(*step, no, c.skipped);
}

void single_writer_transaction::record_progress(std::span<const progress_report> items) {
  for (const auto& item : items)
    if (const auto step = fenced_step(item.lease, item.no)) save_progress(*step, item);
}

std::vector<partition_row> single_writer_transaction::find_partitions(
    step_id step, std::span<const partition_no> numbers) {
  std::map<partition_no, partition_row> found;
  for (auto no : numbers)
    for (auto& row : list_partitions(step, no - 1, 1, std::nullopt))
      if (row.no == no) found.emplace(no, std::move(row));
  std::vector<partition_row> rows;
  for (auto& [no, row] : found) rows.push_back(std::move(row));
  return rows;
}

namespace {

const run_choice live_runs{"", {"CREATED", "RUNNING"}, {}, {}};
constexpr int all_of_them = std::numeric_limits<int>::max();

}  // namespace

std::vector<live_sum> single_writer_transaction::sum_live() {
  std::map<std::pair<std::string, run_state>, live_sum> sums;
  for (const auto& run : list_runs(all_of_them, {}, live_runs)) {
    auto& sum = sums[{run.job.name, run.state}];
    sum.job = run.job.name;
    sum.state = run.state;
    ++sum.runs;
    for (const auto& [row, t] : summarize(run.id)) {
      sum.completed += t.completed;
      sum.failed += t.failed;
      sum.claimed += t.claimed;
      sum.pending += std::max<std::int64_t>(0, row.count - t.completed - t.failed - t.claimed);
    }
  }
  std::vector<live_sum> rows;
  for (auto& [key, sum] : sums) rows.push_back(std::move(sum));
  return rows;
}

std::vector<idle_run> single_writer_transaction::list_idle_runs(int limit) {
  auto live = list_runs(all_of_them, {}, live_runs);
  std::vector<idle_run> idle;
  for (auto run = live.rbegin(); run != live.rend() && std::ssize(idle) < limit; ++run)
    if (auto now = standing(run->id); !now.held) idle.push_back({std::move(*run), now});
  return idle;
}

}  // namespace partita
