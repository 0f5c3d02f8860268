#include <algorithm>

#include "storage/memory/memory_transaction.hpp"

namespace partita::memory {

namespace {

node_standing as_standing(const node_row& node, db_time now) {
  return {node.id,
          node.state,
          node.info.slots,
          node.load,
          now - node.heartbeat_at,
          node.info.unreachable_after,
          node.info.deregister_after,
          node.info.tokens};
}

}  // namespace

memory_transaction::~memory_transaction() {
  if (committed_) return;
  changed_.undo();
  db_.events.resize(events_);
}

void memory_transaction::commit() {
  committed_ = true;
  if (!purged_.empty())
    std::erase_if(db_.events, [&](const event_row& e) { return purged_.contains(e.run); });
}

void memory_transaction::log(std::string_view kind, const subject& about,
                             const nlohmann::json& detail) {
  const auto id = ++db_.last_event_id;
  db_.events.push_back({id, now_, std::string{kind}, about.run, about.step, about.lease, about.node,
                        detail.empty() ? "{}" : detail.dump()});
}

node_id memory_transaction::insert_node(const node_info& info) {
  const auto id = next_id(db_.nodes);
  insert(db_.nodes, id, {id, info, node_state::active, {}, now_, now_, {}});
  return id;
}

void memory_transaction::describe_jobs(std::span<const job_description> jobs) {
  for (const auto& described : jobs) {
    changed_.keep(db_.jobs, described.job);
    auto& row = db_.jobs.try_emplace(described.job, known_job{described, now_, now_}).first->second;
    row.latest = described;
    row.last_seen = now_;
  }
}

std::optional<node_standing> memory_transaction::find_node(node_id node, row_lock) {
  const auto* row = find(db_.nodes, node);
  if (row == nullptr) return std::nullopt;
  return as_standing(*row, now_);
}

std::set<node_id> memory_transaction::active_among(const std::set<node_id>& nodes) {
  std::set<node_id> active;
  for (auto id : nodes)
    if (const auto* row = find(db_.nodes, id); row && row->state == node_state::active)
      active.insert(id);
  return active;
}

std::vector<node_standing> memory_transaction::present_nodes() {
  std::vector<node_standing> present;
  for (const auto& [id, row] : db_.nodes)
    if (!is_terminal(row.state)) present.push_back(as_standing(row, now_));
  return present;
}

std::int64_t memory_transaction::renew_node(node_id node, node_load load, node_state state) {
  return update(db_.nodes, node, [&](node_row& row) {
    row.heartbeat_at = now_;
    row.load = load;
    row.state = state;
  });
}

std::int64_t memory_transaction::mark_node(node_id node, node_state state) {
  return update(db_.nodes, node, [&](node_row& row) { row.state = state; });
}

std::int64_t memory_transaction::end_node(node_id node, node_state state) {
  return update(db_.nodes, node, [&](node_row& row) {
    row.state = state;
    row.left_at = now_;
  });
}

std::vector<node_row> memory_transaction::list_nodes(bool all) {
  std::vector<node_row> rows;
  for (const auto& [id, row] : db_.nodes)
    if (all || !is_terminal(row.state)) {
      rows.push_back(row);
      rows.back().silence = now_ - row.heartbeat_at;
    }
  return rows;
}

std::vector<live_node> memory_transaction::live_nodes(const job_ref& job) {
  std::vector<live_node> live;
  for (const auto& [id, row] : db_.nodes) {
    const auto& jobs = row.info.jobs;
    if (row.state == node_state::active && std::find(jobs.begin(), jobs.end(), job) != jobs.end())
      live.push_back({id, row.info.slots, row.load.running, row.info.tags});
  }
  return live;
}

std::vector<known_job> memory_transaction::list_known_jobs() {
  std::vector<known_job> rows;
  for (const auto& [job, row] : db_.jobs) rows.push_back(row);
  return rows;
}

}  // namespace partita::memory
