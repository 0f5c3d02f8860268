#include "storage/verbs/nodes.hpp"

#include "protocol/liveness.hpp"
#include "protocol/mutation.hpp"
#include "storage/text.hpp"
#include "storage/verbs/parts.hpp"

namespace partita::verbs {

namespace {

/// Ready ranges bound to a node that is gone become shared. What may not be transferred fails,
/// under a lease that is made, and revoked, to be named by the results.
void unbind(transaction& tx, node_id node) {
  if (PARTITA_BUG(sweep_forgets_bound_ranges)) return;
  tx.share_ranges(node);
  std::vector<held_lease_row> stranded;
  for (const auto& r : tx.take_bound_ranges(node))
    stranded.push_back(grant(tx, r.step, node, r.span, r.attempt + 1));
  revoke(tx, std::move(stranded));
}

/// What both ways to go away, DEREGISTERED and LEFT, have in common. REQUIRES: the node is locked
/// FOR UPDATE: no claim, binding or adoption for it can follow, and what is read here sees all that
/// were made. The runs are locked last, against the order of store.hpp: a master that seals a split
/// at this very moment can make a deadlock, which is tried again.
void part_with(transaction& tx, node_id node, node_state state, std::string_view kind) {
  expect_rows("ending a node", tx.end_node(node, state));
  tx.log(kind, {{}, {}, {}, node});
  if (!PARTITA_BUG(sweep_keeps_leases)) revoke(tx, tx.lock_live_leases(node));
  unbind(tx, node);
  if (PARTITA_BUG(sweep_forgets_masters)) return;
  for (const auto& run : tx.driven_by(node)) {
    expect_rows("letting go of a run", tx.release_run(run.id));
    tx.log(event::run_let_go, {run.id, {}, {}, node}, {{"term", run.seen.value}});
  }
}

}  // namespace

node_id register_node(transaction& tx, const node_info& info) {
  require_text("the name of the node", info.name);
  require_text("the host of the node", info.host);
  require_text("the version of the node", info.version);
  for (const auto& job : info.jobs) require_text("the name of a job", job.name);
  for (const auto& job : info.catalogue) require_text("the description of a job", job.description);
  const auto id = tx.insert_node(info);
  tx.describe_jobs(info.catalogue);
  tx.log(event::node_joined, {{}, {}, {}, id}, {{"name", info.name}});
  return id;
}

cluster_view heartbeat(transaction& tx, node_id node, int running, bool draining,
                       const std::optional<liveness_limits>& limits) {
  const auto before = tx.find_node(node, row_lock::no_key_update);
  if (!before || (is_terminal(before->state) && !PARTITA_BUG(heartbeat_revives_the_dead)))
    throw store_error(errc::fenced, named(node) + " is no longer part of the cluster");
  const auto drains = draining || before->state == node_state::draining;
  if (before->state == node_state::unreachable) tx.log(event::node_recovered, {{}, {}, {}, node});
  if (drains && before->state != node_state::draining)
    tx.log(event::node_draining, {{}, {}, {}, node});
  expect_rows("a heartbeat",
              tx.renew_node(node, running, drains ? node_state::draining : node_state::active));
  return view_of_cluster(tx, node, limits);
}

cluster_view view_of_cluster(transaction& tx, node_id observer,
                             const std::optional<liveness_limits>& limits) {
  cluster_view view;
  view.live_runs = tx.any_live_run();
  if (!limits) return view;
  for (const auto& n : tx.present_nodes()) {
    if (n.state == node_state::active) {
      ++view.nodes;
      view.slots += n.slots;
      view.running += n.running;
    }
    const auto limit =
        n.state == node_state::unreachable ? limits->deregister_after : limits->unreachable_after;
    if (n.id != observer && n.silence >= limit) view.overdue.push_back(n.id);
  }
  return view;
}

sweep_verdict sweep(transaction& tx, node_id suspect, const liveness_limits& limits) {
  const auto found = tx.find_node(suspect, row_lock::update);
  if (!found || is_terminal(found->state)) return sweep_verdict::deregistered;
  const auto verdict = judge(found->silence, limits.unreachable_after, limits.deregister_after);
  if (verdict == sweep_verdict::deregistered)
    part_with(tx, suspect, node_state::deregistered, event::node_deregistered);
  if (verdict == sweep_verdict::unreachable && found->state != node_state::unreachable) {
    expect_rows("marking a node", tx.mark_unreachable(suspect));
    tx.log(event::node_overdue, {{}, {}, {}, suspect});
  }
  return verdict;
}

void leave(transaction& tx, node_id node) {
  const auto found = tx.find_node(node, row_lock::update);
  if (found && !is_terminal(found->state)) part_with(tx, node, node_state::left, event::node_left);
}

}  // namespace partita::verbs
