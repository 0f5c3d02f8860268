#include <pqxx/array>

#include "protocol/liveness.hpp"
#include "protocol/node_loss.hpp"
#include "storage/postgres/postgres_store.hpp"
#include "storage/postgres/rows.hpp"
#include "storage/postgres/statements.hpp"
#include "storage/text.hpp"

namespace partita::postgres {

namespace {

/// The elements of an array of texts or numbers; a NULL array is empty.
std::vector<std::string> elements_of(const pqxx::field& value) {
  using juncture = pqxx::array_parser::juncture;
  std::vector<std::string> elements;
  if (value.is_null()) return elements;
  auto parser = value.as_array();
  for (auto next = parser.get_next(); next.first != juncture::done; next = parser.get_next())
    if (next.first == juncture::string_value) elements.push_back(next.second);
  return elements;
}

/// The lighter statement does for a node that is ACTIVE and stays so.
pqxx::result renew(transaction& tx, node_id node, int running, bool draining) {
  if (!draining)
    if (auto rows = planned_once(tx, sql::renew_active, node.value, running); !rows.empty())
      return rows;
  return planned_once(tx, sql::renew, node.value, running, draining);
}

/// Ends a LIVE lease of a node that is gone; what is unfinished goes on elsewhere, or fails.
void revoke(transaction& tx, const locked_lease& lease, const std::vector<range>& left) {
  auto verdict = judge_loss(lease.transferable, lease.attempt, lease.retry, lease.node);
  for (auto span : left) {
    if (verdict.requeue)
      make_ready(tx, lease.step, span, verdict.attempt);
    else
      tx.exec_params(sql::fail_range, lease.step.value, span.lo, span.hi, lease.id.value,
                     verdict.reason);
  }
  planned_once(tx, sql::end_lease, lease.id.value, "REVOKED",
                 verdict.requeue ? 0 : total_size(left));
  nlohmann::json detail{{"state", "REVOKED"}};
  if (!left.empty()) detail[verdict.requeue ? "requeued" : "failed"] = json_of(left);
  log(tx, event::lease_ended, lease.about(), detail);
}

/// What both ways to go away, DEREGISTERED and LEFT, have in common. REQUIRES: the node is locked
/// FOR UPDATE by an earlier statement: no claim, binding or adoption for it can follow, and these
/// statements see all that were made. The runs are locked last, against the order of store.hpp: a
/// master that seals a split at this very moment can make a deadlock, which is retried.
void part_with(transaction& tx, node_id node, node_state state, std::string_view kind) {
  tx.exec_params(sql::end_node, node.value, std::string{to_string(state)});
  log(tx, kind, {{}, {}, {}, node});
  tx.exec_params(sql::share_ranges, node.value);
  tx.exec_params(sql::lease_stranded, node.value);
  const auto leases = lock_live_leases(tx, node);
  if (!leases.empty()) {
    const auto left = unfinished(tx, leases);
    for (std::size_t i = 0; i < leases.size(); ++i) revoke(tx, leases[i], left[i]);
  }
  tx.exec_params(sql::let_go_of_runs, node.value);
}

}  // namespace

node_id postgres_store::register_node(const node_info& info) {
  require_text("the name of the node", info.name);
  require_text("the host of the node", info.host);
  require_text("the version of the node", info.version);
  array jobs;
  for (const auto& job : info.jobs) {
    require_text("the name of a job", job.name);
    jobs.add(job_text(job));
  }
  return session_.once([&](transaction& tx) {
    const nlohmann::json detail{{"name", info.name}};
    auto made = tx.exec_params1(sql::register_node, info.name, info.host, info.pid, info.slots,
                                info.version, jobs.text(), detail.dump());
    return id_of<node_id>(made[0]);
  });
}

cluster_view postgres_store::heartbeat(node_id node, int running, bool draining,
                                       const std::optional<liveness_limits>& limits) {
  return session_.once([&](transaction& tx) {
    const auto rows =
        limits ? planned_once(tx, sql::heartbeat, node.value, running, draining,
                              limits->unreachable_after.count(), limits->deregister_after.count())
               : renew(tx, node, running, draining);
    if (rows.empty())
      throw store_error(errc::fenced, named(node) + " is no longer part of the cluster");
    const auto row = rows.front();
    cluster_view view;
    view.live_runs = row["live_runs"].as<bool>();
    if (!limits) return view;
    view.nodes = row["nodes"].as<int>();
    view.slots = row["slots"].as<int>();
    view.running = row["running"].as<int>();
    for (const auto& id : elements_of(row["overdue"])) view.overdue.emplace_back(std::stoll(id));
    return view;
  });
}

sweep_verdict postgres_store::sweep(node_id suspect, const liveness_limits& limits) {
  return session_.transact([&](transaction& tx) {
    auto rows = planned_once(tx, sql::lock_node, suspect.value);
    if (rows.empty()) return sweep_verdict::deregistered;
    const auto state = state_of<node_state>(rows.front()["state"]);
    if (is_terminal(state)) return sweep_verdict::deregistered;
    const microseconds silence{rows.front()["silence"].as<std::int64_t>()};
    const auto verdict = judge(silence, limits.unreachable_after, limits.deregister_after);
    if (verdict == sweep_verdict::deregistered)
      part_with(tx, suspect, node_state::deregistered, event::node_deregistered);
    if (verdict == sweep_verdict::unreachable && state != node_state::unreachable) {
      tx.exec_params(sql::mark_unreachable, suspect.value);
      log(tx, event::node_overdue, {{}, {}, {}, suspect});
    }
    return verdict;
  });
}

void postgres_store::leave(node_id node) {
  session_.transact([&](transaction& tx) {
    auto rows = planned_once(tx, sql::lock_node, node.value);
    if (!rows.empty() && !is_terminal(state_of<node_state>(rows.front()["state"])))
      part_with(tx, node, node_state::left, event::node_left);
  });
}

std::vector<node_row> postgres_store::list_nodes(bool all) {
  return session_.once([&](transaction& tx) {
    std::vector<node_row> nodes;
    for (const auto& row : tx.exec_params(sql::list_nodes, all)) {
      node_row node;
      node.id = id_of<node_id>(row["node_id"]);
      node.info = {row["name"].c_str(), row["host"].c_str(), row["pid"].as<std::int64_t>(),
                   row["slots"].as<int>(), row["version"].c_str(), {}};
      for (const auto& job : elements_of(row["jobs"])) node.info.jobs.push_back(job_of(job));
      node.state = state_of<node_state>(row["state"]);
      node.running = row["running"].as<int>();
      node.joined_at = time_of(row["joined_at"]);
      node.heartbeat_at = time_of(row["heartbeat_at"]);
      node.left_at = optional_time_of(row["left_at"]);
      nodes.push_back(std::move(node));
    }
    return nodes;
  });
}

std::vector<live_node> postgres_store::live_nodes(const job_ref& job) {
  require_text("the name of the job", job.name);
  return session_.once([&](transaction& tx) {
    std::vector<live_node> nodes;
    for (const auto& row : planned_once(tx, sql::live_nodes, job_text(job)))
      nodes.push_back({id_of<node_id>(row[0]), row[1].as<int>(), row[2].as<int>()});
    return nodes;
  });
}

}  // namespace partita::postgres
