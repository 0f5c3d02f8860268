#include <algorithm>

#include "protocol/liveness.hpp"
#include "protocol/mutation.hpp"
#include "protocol/node_loss.hpp"
#include "storage/memory/memory_store.hpp"
#include "storage/memory/transaction.hpp"
#include "storage/text.hpp"

namespace partita::memory {

namespace {

/// Ends a LIVE lease of a node that is gone; what is unfinished goes on elsewhere, or fails.
void revoke(transaction& tx, lease_record& lease) {
  const auto& spec = tx.db.steps.at(lease.step).row.spec;
  auto verdict = judge_loss(spec.transferable, lease.attempt, spec.retry, lease.node);
  auto left = tx.unfinished(lease);
  if (PARTITA_BUG(revoke_requeues_what_has_ended)) left = {lease.span};
  for (auto span : left) {
    if (verdict.requeue)
      tx.make_ready(lease.step, span, node_id{}, verdict.attempt, tx.now);
    else
      tx.fail(lease, span, verdict.reason);
  }
  tx.end_lease(lease, lease_state::revoked);
  nlohmann::json detail{{"state", "REVOKED"}};
  if (!left.empty()) detail[verdict.requeue ? "requeued" : "failed"] = json_of(left);
  tx.log(event::lease_ended, tx.about(lease), detail);
}

/// Ready ranges bound to a node that is gone become shared. What may not be transferred fails,
/// under a lease that is made, and revoked, to be named by the results.
void unbind(transaction& tx, node_id node) {
  std::vector<ready_record> stranded;
  for (auto& [id, ready] : tx.db.ready) {
    if (ready.node != node) continue;
    if (tx.db.steps.at(ready.step).row.spec.transferable)
      ready.node = node_id{};
    else
      stranded.push_back(ready);
  }
  for (const auto& ready : stranded) {
    tx.db.ready.erase(ready.id);
    revoke(tx, tx.grant(ready.step, node, ready.span, ready.attempt + 1));
  }
}

/// What both ways to go away, DEREGISTERED and LEFT, have in common.
void part_with(transaction& tx, node_row& row, node_state state, std::string_view kind) {
  row.state = state;
  row.left_at = tx.now;
  tx.log(kind, {{}, {}, {}, row.id}, {});
  if (!PARTITA_BUG(sweep_keeps_leases))
    for (auto* lease : tx.live_leases(row.id)) revoke(tx, *lease);
  if (!PARTITA_BUG(sweep_forgets_bound_ranges)) unbind(tx, row.id);
  for (auto& [id, run] : tx.db.runs) {
    if (run.master != row.id || is_terminal(run.state) || PARTITA_BUG(sweep_forgets_masters))
      continue;
    run.master = node_id{};
    tx.log(event::run_let_go, {id, {}, {}, row.id}, {{"term", run.term.value}});
  }
}

cluster_view view_of(const transaction& tx, node_id observer,
                     const std::optional<liveness_limits>& limits) {
  cluster_view view;
  view.live_runs = std::any_of(tx.db.runs.begin(), tx.db.runs.end(),
                               [](const auto& run) { return !is_terminal(run.second.state); });
  if (!limits) return view;
  for (const auto& [id, node] : tx.db.nodes) {
    if (node.state == node_state::active) {
      ++view.nodes;
      view.slots += node.info.slots;
      view.running += node.running;
    }
    if (id == observer || is_terminal(node.state)) continue;
    auto limit = node.state == node_state::unreachable ? limits->deregister_after
                                                       : limits->unreachable_after;
    if (tx.now - node.heartbeat_at >= limit) view.overdue.push_back(id);
  }
  return view;
}

}  // namespace

node_id memory_store::register_node(const node_info& info) {
  require_text("the name of the node", info.name);
  require_text("the host of the node", info.host);
  require_text("the version of the node", info.version);
  for (const auto& job : info.jobs) require_text("the name of a job", job.name);
  transaction tx{*state_};
  auto id = next_id(tx.db.nodes);
  tx.db.nodes[id] = {id, info, node_state::active, 0, tx.now, tx.now, {}};
  tx.log(event::node_joined, {{}, {}, {}, id}, {{"name", info.name}});
  return id;
}

cluster_view memory_store::heartbeat(node_id node, int running, bool draining,
                                     const std::optional<liveness_limits>& limits) {
  transaction tx{*state_};
  auto* row = find(tx.db.nodes, node);
  if (row == nullptr || (is_terminal(row->state) && !PARTITA_BUG(heartbeat_revives_the_dead)))
    throw store_error(errc::fenced, named(node) + " is no longer part of the cluster");
  draining = draining || row->state == node_state::draining;
  if (row->state == node_state::unreachable) tx.log(event::node_recovered, {{}, {}, {}, node}, {});
  if (draining && row->state != node_state::draining)
    tx.log(event::node_draining, {{}, {}, {}, node}, {});
  row->state = draining ? node_state::draining : node_state::active;
  row->running = running;
  row->heartbeat_at = tx.now;
  return view_of(tx, node, limits);
}

sweep_verdict memory_store::sweep(node_id suspect, const liveness_limits& limits) {
  transaction tx{*state_};
  auto* row = find(tx.db.nodes, suspect);
  if (row == nullptr || is_terminal(row->state)) return sweep_verdict::deregistered;
  auto verdict =
      judge(tx.now - row->heartbeat_at, limits.unreachable_after, limits.deregister_after);
  if (verdict == sweep_verdict::deregistered)
    part_with(tx, *row, node_state::deregistered, event::node_deregistered);
  if (verdict == sweep_verdict::unreachable && row->state != node_state::unreachable) {
    row->state = node_state::unreachable;
    tx.log(event::node_overdue, {{}, {}, {}, suspect}, {});
  }
  return verdict;
}

void memory_store::leave(node_id node) {
  transaction tx{*state_};
  auto* row = find(tx.db.nodes, node);
  if (row != nullptr && !is_terminal(row->state))
    part_with(tx, *row, node_state::left, event::node_left);
}

std::vector<node_row> memory_store::list_nodes(bool all) {
  transaction tx{*state_};
  std::vector<node_row> rows;
  for (const auto& [id, row] : tx.db.nodes)
    if (all || !is_terminal(row.state)) rows.push_back(row);
  return rows;
}

std::vector<live_node> memory_store::live_nodes(const job_ref& job) {
  transaction tx{*state_};
  std::vector<live_node> live;
  for (const auto& [id, row] : tx.db.nodes) {
    const auto& jobs = row.info.jobs;
    if (row.state == node_state::active && std::find(jobs.begin(), jobs.end(), job) != jobs.end())
      live.push_back({id, row.info.slots, row.running});
  }
  return live;
}

}  // namespace partita::memory
