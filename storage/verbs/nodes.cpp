#include "storage/verbs/nodes.hpp"

#include "protocol/liveness.hpp"
#include "protocol/mutation.hpp"
#include "storage/text.hpp"
#include "storage/verbs/loss.hpp"
#include "storage/verbs/parts.hpp"
#include "storage/verbs/schedules.hpp"

namespace partita::verbs {

namespace {

std::string ms(milliseconds d) { return std::to_string(d.count()) + " ms"; }

/// Nodes that judge by different limits would give up each other although all are alive.
void require_same_limits(transaction& tx, const node_info& info) {
  if (info.deregister_after == milliseconds{0}) return;
  for (const auto& n : tx.present_nodes()) {
    const auto told = n.deregister_after > milliseconds{0} && n.state != node_state::condemned;
    const auto alive = n.silence < n.deregister_after;
    const auto same = n.unreachable_after == info.unreachable_after &&
                      n.deregister_after == info.deregister_after;
    if (told && alive && !same)
      throw store_error(errc::wrong_state,
                        "this node would give up others after " + ms(info.deregister_after) +
                            " of silence, " + named(n.id) + " does after " +
                            ms(n.deregister_after) + " (unreachable after " +
                            ms(info.unreachable_after) + " and " + ms(n.unreachable_after) +
                            "): all nodes of a cluster need the same timers; start all of them "
                            "with --fast, or none");
  }
}

}  // namespace

node_id register_node(transaction& tx, const node_info& info) {
  require_text("the name of the node", info.name);
  require_text("the host of the node", info.host);
  require_text("the version of the node", info.version);
  for (const auto& job : info.jobs) require_text("the name of a job", job.name);
  for (const auto& tag : info.tags) require_text("a tag of the node", tag);
  for (const auto& job : info.catalogue) require_text("the description of a job", job.description);
  require_same_limits(tx, info);
  const auto id = tx.insert_node(info);
  tx.describe_jobs(info.catalogue);
  if (info.tokens > 0 && !PARTITA_BUG(a_join_needs_no_balance)) tx.set_balanced(false);
  tx.log(event::node_joined, {{}, {}, {}, id}, {{"name", info.name}});
  return id;
}

cluster_view heartbeat(transaction& tx, node_id node, node_load load, bool draining,
                       const std::optional<liveness_limits>& limits) {
  const auto before = tx.find_node(node, row_lock::no_key_update);
  if (!before || (!is_member(before->state) && !PARTITA_BUG(heartbeat_revives_the_dead)))
    throw store_error(errc::fenced, named(node) + " is no longer part of the cluster");
  const auto drains = draining || before->state == node_state::draining;
  if (before->state == node_state::unreachable) tx.log(event::node_recovered, {{}, {}, {}, node});
  if (drains && before->state != node_state::draining) {
    tx.log(event::node_draining, {{}, {}, {}, node});
    let_go_of_schedules(tx, *before);
  }
  expect_rows("a heartbeat",
              tx.renew_node(node, load, drains ? node_state::draining : node_state::active));
  auto view = view_of_cluster(tx, node, limits);
  view.draining = drains;
  return view;
}

void request_drain(transaction& tx, node_id node, const std::string& by) {
  require_text("who asks", by);
  const auto found = tx.find_node(node, row_lock::no_key_update);
  if (!found) throw store_error(errc::not_found, "there is no " + named(node));
  if (found->state == node_state::draining) return;
  if (found->state != node_state::active)
    throw store_error(errc::wrong_state, named(node) + " is " +
                                             std::string{to_string(found->state)} +
                                             "; only an ACTIVE one can be asked to drain");
  expect_rows("asking a node to drain", tx.mark_node(node, node_state::draining));
  let_go_of_schedules(tx, *found);
  auto detail = nlohmann::json::object();
  if (!by.empty()) detail["by"] = by;
  tx.log(event::node_draining, {{}, {}, {}, node}, detail);
}

cluster_view view_of_cluster(transaction& tx, node_id observer,
                             const std::optional<liveness_limits>& limits) {
  cluster_view view;
  view.live_runs = tx.any_live_run();
  view.balanced = tx.is_balanced(row_lock::none) && !tx.owns_over(observer);
  view.tick_in = time_to_next_tick(tx, observer);
  if (!limits) return view;
  for (const auto& n : tx.present_nodes()) {
    if (n.state == node_state::active) {
      ++view.nodes;
      view.slots += n.slots;
      view.running += n.load.running;
    }
    const auto limit =
        n.state == node_state::unreachable ? limits->deregister_after : limits->unreachable_after;
    const auto overdue = n.state == node_state::condemned || n.silence >= limit;
    if (n.id != observer && overdue) view.overdue.push_back(n.id);
  }
  return view;
}

sweep_verdict sweep(transaction& tx, node_id suspect, const liveness_limits& limits) {
  const auto found = tx.find_node(suspect, row_lock::update);
  if (!found || is_terminal(found->state)) return sweep_verdict::deregistered;
  if (found->state == node_state::condemned) {
    if (!settle_piece(tx, suspect, limits.loss_piece)) return sweep_verdict::condemned;
    end_node(tx, suspect, node_state::deregistered);
    return sweep_verdict::deregistered;
  }
  const auto verdict = judge(found->silence, limits.unreachable_after, limits.deregister_after);
  if (verdict == sweep_verdict::condemned) {
    expect_rows("condemning a node", tx.mark_node(suspect, node_state::condemned));
    tx.log(event::node_condemned, {{}, {}, {}, suspect});
    let_go_of_schedules(tx, *found);
    hand_over(tx, suspect);
  }
  if (verdict == sweep_verdict::unreachable && found->state != node_state::unreachable) {
    expect_rows("marking a node", tx.mark_node(suspect, node_state::unreachable));
    // A balance that is under way took it for ACTIVE: it ends first.
    if (found->tokens > 0) tx.is_balanced(row_lock::update);
    tx.log(event::node_overdue, {{}, {}, {}, suspect});
  }
  return verdict;
}

bool leave(transaction& tx, node_id node, int most) {
  const auto found = tx.find_node(node, row_lock::update);
  if (!found || !is_member(found->state)) return true;
  if (found->state == node_state::unreachable) tx.log(event::node_recovered, {{}, {}, {}, node});
  if (found->state != node_state::draining) tx.log(event::node_draining, {{}, {}, {}, node});
  expect_rows("a heartbeat", tx.renew_node(node, found->load, node_state::draining));
  if (found->state != node_state::draining) let_go_of_schedules(tx, *found);
  hand_over(tx, node);
  if (!settle_piece(tx, node, most) && !PARTITA_BUG(leave_forgets_the_rest)) return false;
  end_node(tx, node, node_state::left);
  return true;
}

}  // namespace partita::verbs
