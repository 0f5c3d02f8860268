#include <charconv>

#include "storage/sqlite/rows.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"
#include "storage/sqlite/statements/nodes.hpp"

namespace partita::sqlite {

namespace {

/// 'name/version', as node rows hold it.
std::string job_text(const job_ref& job) { return job.name + "/" + std::to_string(job.version); }

std::string jobs_text(const std::vector<job_ref>& jobs) {
  auto list = nlohmann::json::array();
  for (const auto& job : jobs) list.push_back(job_text(job));
  return list.dump();
}

}  // namespace

std::vector<job_ref> jobs_of(const std::string& text) {
  std::vector<job_ref> jobs;
  auto list = nlohmann::json::parse(text, nullptr, false);
  for (const auto& entry : list) {
    auto known = entry.is_string() ? entry.get<std::string>() : std::string{};
    auto slash = known.rfind('/');
    int version = 0;
    const auto* end = known.data() + known.size();
    if (slash == std::string::npos ||
        std::from_chars(known.data() + slash + 1, end, version).ptr != end)
      throw store_error(errc::damaged, "a node row names its jobs as " + text);
    jobs.push_back({known.substr(0, slash), version});
  }
  return jobs;
}

namespace {

node_standing to_standing(const statement& s, db_time now) {
  return {s.get<node_id>(0),       s.get<node_state>(1),
          s.get<int>(2),           {s.get<int>(3), s.get<int>(4)},
          now - s.get<db_time>(5), s.get<milliseconds>(6),
          s.get<milliseconds>(7),  s.get<int>(8)};
}

node_row to_node(const statement& s, db_time now) {
  node_row r;
  r.id = s.get<node_id>(0);
  r.info.name = s.get<std::string>(1);
  r.info.host = s.get<std::string>(2);
  r.info.pid = s.get<std::int64_t>(3);
  r.info.slots = s.get<int>(4);
  r.info.version = s.get<std::string>(5);
  r.info.jobs = jobs_of(s.get<std::string>(6));
  r.state = s.get<node_state>(7);
  r.load = {s.get<int>(8), s.get<int>(9)};
  r.joined_at = s.get<db_time>(10);
  r.heartbeat_at = s.get<db_time>(11);
  r.left_at = s.get<std::optional<db_time>>(12);
  r.info.unreachable_after = s.get<milliseconds>(13);
  r.info.deregister_after = s.get<milliseconds>(14);
  r.load.doing = s.get<std::string>(15);
  r.info.tokens = s.get<int>(16);
  r.info.tags = texts_of(s.get<std::string>(17));
  r.silence = now - r.heartbeat_at;
  return r;
}

}  // namespace

node_id sqlite_transaction::insert_node(const node_info& info) {
  return node_id{db_.insert(sql::insert_node, info.name, info.host, info.pid, info.slots,
                            info.version, jobs_text(info.jobs), info.unreachable_after,
                            info.deregister_after, info.tokens, nlohmann::json(info.tags).dump())};
}

void sqlite_transaction::describe_jobs(std::span<const job_description> jobs) {
  auto describe = db_.prepare(sql::describe_job);
  for (const auto& j : jobs)
    describe.run(j.job.name, j.job.version, j.description, j.fair_by, j.max_runs);
}

std::optional<node_standing> sqlite_transaction::find_node(node_id node, row_lock) {
  auto s = db_.query(sql::find_node, node);
  if (!s.next()) return std::nullopt;
  return to_standing(s, db_.now());
}

std::set<node_id> sqlite_transaction::active_among(const std::set<node_id>& nodes) {
  std::set<node_id> active;
  for (auto node : nodes)
    if (const auto found = find_node(node, row_lock::key_share);
        found && found->state == node_state::active)
      active.insert(node);
  return active;
}

std::vector<node_standing> sqlite_transaction::present_nodes() {
  std::vector<node_standing> nodes;
  for (auto s = db_.query(sql::present_nodes); s.next();)
    nodes.push_back(to_standing(s, db_.now()));
  return nodes;
}

std::int64_t sqlite_transaction::renew_node(node_id node, node_load load, node_state state) {
  return db_.run(sql::renew_node, node, load.running, load.stuck, load.doing, state);
}

std::int64_t sqlite_transaction::mark_node(node_id node, node_state state) {
  return db_.run(sql::mark_node, node, state);
}

std::int64_t sqlite_transaction::end_node(node_id node, node_state state) {
  return db_.run(sql::end_node, node, state);
}

std::vector<node_row> sqlite_transaction::list_nodes(bool all) {
  std::vector<node_row> rows;
  for (auto s = db_.query(sql::list_nodes, all); s.next();) rows.push_back(to_node(s, db_.now()));
  return rows;
}

std::vector<live_node> sqlite_transaction::live_nodes(const job_ref& job) {
  std::vector<live_node> nodes;
  for (auto s = db_.query(sql::live_nodes, job_text(job)); s.next();)
    nodes.push_back(
        {s.get<node_id>(0), s.get<int>(1), s.get<int>(2), texts_of(s.get<std::string>(3))});
  return nodes;
}

std::vector<known_job> sqlite_transaction::list_known_jobs() {
  std::vector<known_job> jobs;
  for (auto s = db_.query(sql::list_known_jobs); s.next();)
    jobs.push_back({{{s.get<std::string>(0), s.get<int>(1)},
                     s.get<std::string>(2),
                     s.get<std::string>(5),
                     s.get<int>(6)},
                    s.get<db_time>(3),
                    s.get<db_time>(4)});
  return jobs;
}

}  // namespace partita::sqlite
