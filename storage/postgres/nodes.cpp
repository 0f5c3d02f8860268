#include "storage/postgres/statements/nodes.hpp"
#include "protocol/mutation.hpp"
#include "storage/postgres/postgres_transaction.hpp"
#include "storage/postgres/rows.hpp"

namespace partita::postgres {

namespace {

node_load load_of(const pqxx::row& row) {
  return {row["running"].as<int>(), row["stuck"].as<int>()};
}

node_standing standing_of_node(const pqxx::row& row) {
  return {id_of<node_id>(row["node_id"]),
          state_of<node_state>(row["state"]),
          row["slots"].as<int>(),
          load_of(row),
          microseconds{row["silence"].as<std::int64_t>()},
          milliseconds{row["unreachable_ms"].as<std::int64_t>()},
          milliseconds{row["deregister_ms"].as<std::int64_t>()},
          row["tokens"].as<int>()};
}

node_row node_of(const pqxx::row& row) {
  node_row node;
  node.id = id_of<node_id>(row["node_id"]);
  node.info.name = row["name"].c_str();
  node.info.host = row["host"].c_str();
  node.info.pid = row["pid"].as<std::int64_t>();
  node.info.slots = row["slots"].as<int>();
  node.info.version = row["version"].c_str();
  for (const auto& job : elements_of(row["jobs"])) node.info.jobs.push_back(job_of(job));
  node.state = state_of<node_state>(row["state"]);
  node.load = load_of(row);
  node.load.doing = row["doing"].c_str();
  node.joined_at = time_of(row["joined_at"]);
  node.heartbeat_at = time_of(row["heartbeat_at"]);
  node.left_at = optional_time_of(row["left_at"]);
  node.info.unreachable_after = milliseconds{row["unreachable_ms"].as<std::int64_t>()};
  node.info.deregister_after = milliseconds{row["deregister_ms"].as<std::int64_t>()};
  node.info.tokens = row["tokens"].as<int>();
  node.info.tags = elements_of(row["tags"]);
  node.silence = microseconds{row["silence"].as<std::int64_t>()};
  return node;
}

}  // namespace

node_id postgres_transaction::insert_node(const node_info& info) {
  const auto jobs = column(info.jobs, job_text);
  return id_of<node_id>(query(sql::insert_node, info.name, info.host, info.pid, info.slots,
                              info.version, jobs, info.unreachable_after.count(),
                              info.deregister_after.count(), info.tokens, text_column(info.tags))
                            .front()[0]);
}

void postgres_transaction::describe_jobs(std::span<const job_description> jobs) {
  if (jobs.empty()) return;
  query(sql::describe_jobs,
        column(jobs, [](const auto& j) { return std::string_view{j.job.name}; }),
        column(jobs, [](const auto& j) { return std::int64_t{j.job.version}; }),
        column(jobs, [](const auto& j) { return std::string_view{j.description}; }),
        column(jobs, [](const auto& j) { return std::string_view{j.fair_by}; }),
        column(jobs, [](const auto& j) { return std::int64_t{j.max_runs}; }));
}

std::optional<node_standing> postgres_transaction::find_node(node_id node, row_lock lock) {
  if (lock == row_lock::update && PARTITA_BUG(postgres_sweep_without_the_lock))
    lock = row_lock::none;
  const auto rows = query(sql::find_node(lock), node.value);
  if (rows.empty()) return std::nullopt;
  return standing_of_node(rows.front());
}

std::set<node_id> postgres_transaction::active_among(const std::set<node_id>& nodes) {
  std::set<node_id> active;
  if (nodes.empty()) return active;
  const auto lock =
      PARTITA_BUG(postgres_seal_without_locking_the_nodes) ? row_lock::none : row_lock::key_share;
  const auto ids = column(nodes, [](node_id id) { return id.value; });
  for (const auto& row : query(sql::active_among(lock), ids)) active.insert(id_of<node_id>(row[0]));
  return active;
}

std::vector<node_standing> postgres_transaction::present_nodes() {
  std::vector<node_standing> nodes;
  for (const auto& row : query(sql::present_nodes)) nodes.push_back(standing_of_node(row));
  return nodes;
}

std::int64_t postgres_transaction::renew_node(node_id node, node_load load, node_state state) {
  return change(sql::renew_node, node.value, load.running, load.stuck, load.doing,
                std::string{to_string(state)});
}

std::int64_t postgres_transaction::mark_node(node_id node, node_state state) {
  return change(sql::mark_node, node.value, std::string{to_string(state)});
}

std::int64_t postgres_transaction::end_node(node_id node, node_state state) {
  return change(sql::end_node, node.value, std::string{to_string(state)});
}

std::vector<node_row> postgres_transaction::list_nodes(bool all) {
  std::vector<node_row> nodes;
  for (const auto& row : query_planned_anew(sql::list_nodes, all)) nodes.push_back(node_of(row));
  return nodes;
}

std::vector<live_node> postgres_transaction::live_nodes(const job_ref& job) {
  std::vector<live_node> nodes;
  for (const auto& row : query(sql::live_nodes, job_text(job)))
    nodes.push_back(
        {id_of<node_id>(row[0]), row[1].as<int>(), row[2].as<int>(), elements_of(row[3])});
  return nodes;
}

std::vector<known_job> postgres_transaction::list_known_jobs() {
  std::vector<known_job> jobs;
  for (const auto& row : query_planned_anew(sql::list_known_jobs))
    jobs.push_back({{{row["name"].c_str(), row["version"].as<int>()},
                     row["description"].c_str(),
                     row["fair_by"].c_str(),
                     row["max_runs"].as<int>()},
                    time_of(row["first_seen"]),
                    time_of(row["last_seen"])});
  return jobs;
}

}  // namespace partita::postgres
