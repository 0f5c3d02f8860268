#include "storage/verbs/loss.hpp"

#include "protocol/mutation.hpp"
#include "protocol/node_loss.hpp"
#include "storage/event_detail.hpp"
#include "storage/verbs/parts.hpp"

namespace partita::verbs {

namespace {

/// Ready ranges of one piece: each needs a lease of its own.
constexpr std::int64_t ranges_a_piece = 100;

loss_verdict verdict_on(const held_lease_row& held) {
  return judge_loss(held.transferable, held.lease.attempt, held.max_attempts, held.lease.node);
}

/// FAILED results for the first `most` unfinished partitions of a LIVE lease, which is REVOKED with
/// the last of them. Returns how many.
std::int64_t fail(transaction& tx, held_lease_row held, std::int64_t most) {
  auto& lease = held.lease;
  const auto left = unfinished(tx, {&held, 1}).front();
  const auto lost = first_of(left, most);
  const auto count = total_size(lost);
  const auto reason = verdict_on(held).reason;
  for (auto span : lost)
    expect_rows("failing what was lost", tx.insert_lost(lease, span, reason), span.size());
  lease.failed += count;
  const counter_record lost_here{lease.step, lease.node, 0, count, {}};
  if (count > 0) tx.add_counts({&lost_here, 1});
  const auto all = count == total_size(left) || PARTITA_BUG(a_lost_piece_ends_its_lease);
  if (all) lease.state = lease_state::revoked;
  nlohmann::json detail;
  if (all) detail["state"] = "REVOKED";
  if (count > 0) detail["failed"] = event::json_of(lost);
  tx.log(all ? event::lease_ended : event::lease_lost, about(held), detail);
  save(tx, {&held, 1});
  return count;
}

std::int64_t fail_leases(transaction& tx, node_id node, std::int64_t most) {
  std::int64_t settled = 0;
  for (const auto& held : tx.lock_live_leases(node)) {
    if (settled >= most) break;
    settled += fail(tx, held, most - settled);
  }
  return settled;
}

/// Fails ready ranges that are bound to the node and may not be transferred. Each result must name
/// a lease, so one is made for each range, and REVOKED. Returns how many partitions, or `most`
/// where more may be left.
std::int64_t fail_bound_ranges(transaction& tx, node_id node, std::int64_t most) {
  const auto taken = tx.take_bound_ranges(node, ranges_a_piece);
  std::int64_t settled = 0;
  std::vector<new_ready> rest;
  for (const auto& waiting : taken) {
    auto span = waiting.span;
    if (settled < most) {
      const auto lost = cut(span, most - settled);
      settled += lost.size();
      fail(tx, grant(tx, waiting.step, node, lost, waiting.attempt + 1, true), lost.size());
      span.lo = lost.hi + 1;
    }
    if (span.lo <= span.hi && !PARTITA_BUG(a_lost_piece_drops_the_rest_of_a_range))
      rest.push_back({waiting.step, span, node, waiting.attempt, milliseconds{0}});
  }
  tx.insert_ready(rest);
  return taken.size() == ranges_a_piece ? most : settled;
}

void let_go_of_runs(transaction& tx, node_id node) {
  if (PARTITA_BUG(sweep_forgets_masters)) return;
  for (const auto& run : tx.driven_by(node)) {
    expect_rows("letting go of a run", tx.release_run(run.id));
    tx.log(event::run_let_go, {run.id, {}, {}, node}, {{"term", run.seen.value}});
  }
}

}  // namespace

void hand_over(transaction& tx, node_id node) {
  std::vector<held_lease_row> again;
  for (const auto& held : tx.lock_live_leases(node))
    if (verdict_on(held).requeue || PARTITA_BUG(condemned_nodes_hand_over_everything))
      again.push_back(held);
  if (!PARTITA_BUG(sweep_keeps_leases)) requeue(tx, std::move(again), lease_state::revoked);
  let_go_of_runs(tx, node);
}

bool settle_piece(transaction& tx, node_id node, std::int64_t most) {
  auto left = most;
  if (!PARTITA_BUG(sweep_keeps_leases)) left -= fail_leases(tx, node, left);
  if (PARTITA_BUG(sweep_forgets_bound_ranges)) return left > 0;
  if (left > 0) left -= tx.share_ranges(node, left);
  if (left > 0) left -= fail_bound_ranges(tx, node, left);
  return left > 0 || PARTITA_BUG(deregistered_with_the_first_piece);
}

void end_node(transaction& tx, node_id node, node_state state) {
  expect_rows("ending a node", tx.end_node(node, state));
  tx.log(state == node_state::left ? event::node_left : event::node_deregistered,
         {{}, {}, {}, node});
}

}  // namespace partita::verbs
