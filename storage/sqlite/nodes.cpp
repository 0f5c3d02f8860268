#include "protocol/liveness.hpp"
#include "protocol/mutation.hpp"
#include "protocol/node_loss.hpp"
#include "storage/sqlite/rows.hpp"
#include "storage/sqlite/sqlite_store.hpp"
#include "storage/sqlite/statements.hpp"
#include "storage/text.hpp"

namespace partita::sqlite {

namespace {

struct node_standing {
  node_state state = node_state::active;
  db_time heartbeat_at;
};

std::optional<node_standing> standing_of(connection& db, node_id node) {
  auto s = db.query(sql::find_node, node);
  if (!s.next()) return std::nullopt;
  return node_standing{s.get<node_state>(0), s.get<db_time>(1)};
}

/// FAILED results of this lease, for partitions that nobody reports.
void fail(connection& db, lease_record& lease, range span, const std::string& reason) {
  auto insert = db.prepare(sql::insert_result);
  for (auto no = span.lo; no <= span.hi; ++no)
    lease.failed += insert.run(lease.step, no, lease.id, "FAILED", "null", reason, 0, 0, 0, 0,
                               microseconds{0}, false);
}

/// Ends a LIVE lease of a node that is gone; what is unfinished goes on elsewhere, or fails.
void revoke(connection& db, lease_record lease) {
  auto spec = require_step(db, lease.step).spec;
  auto verdict = judge_loss(spec.transferable, lease.attempt, spec.retry, lease.node);
  auto left = unfinished(db, lease);
  if (PARTITA_BUG(sqlite_revoke_loses_the_first_range) && !left.empty()) left.erase(left.begin());
  for (auto span : left) {
    if (verdict.requeue)
      make_ready(db, lease.step, span, node_id{}, verdict.attempt, db.now());
    else
      fail(db, lease, span, verdict.reason);
  }
  lease.state = lease_state::revoked;
  save(db, lease);
  nlohmann::json detail{{"state", "REVOKED"}};
  if (!left.empty()) detail[verdict.requeue ? "requeued" : "failed"] = json_of(left);
  log(db, event::lease_ended, about(lease), detail);
}

/// Ready ranges bound to a node that is gone become shared. What may not be transferred fails,
/// under a lease that is made, and revoked, to be named by the results.
void unbind(connection& db, node_id node) {
  struct stranded {
    std::int64_t ready;
    step_id step;
    range span;
    int attempt;
  };
  std::vector<stranded> lost;
  for (auto s = db.query(sql::bound_ranges, node); s.next();)
    lost.push_back({s.get<std::int64_t>(0),
                    s.get<step_id>(1),
                    {s.get<partition_no>(2), s.get<partition_no>(3)},
                    s.get<int>(4)});
  for (const auto& l : lost) {
    db.run(sql::delete_ready, l.ready);
    revoke(db, grant(db, l.step, require_step(db, l.step).run, node, l.span, l.attempt + 1));
  }
  db.run(sql::unbind_ranges, node);
}

void let_go_of_runs(connection& db, node_id node) {
  std::vector<masterless_run> driven;
  for (auto s = db.query(sql::masterships, node); s.next();)
    driven.push_back({s.get<run_id>(0), s.get<term>(1)});
  for (const auto& run : driven) {
    db.run(sql::let_go, run.id);
    log(db, event::run_let_go, {run.id, {}, {}, node}, {{"term", run.seen.value}});
  }
}

/// What both ways to go away, DEREGISTERED and LEFT, have in common.
void part_with(connection& db, node_id node, node_state state, std::string_view kind) {
  db.run(sql::end_node, node, state);
  log(db, kind, {{}, {}, {}, node});
  for (const auto& lease : live_leases(db, node)) revoke(db, lease);
  unbind(db, node);
  if (!PARTITA_BUG(sqlite_sweep_forgets_masters)) let_go_of_runs(db, node);
}

cluster_view view_of(connection& db, node_id observer,
                     const std::optional<liveness_limits>& limits) {
  cluster_view view;
  view.live_runs = db.query(sql::any_live_run).next();
  if (!limits) return view;
  for (auto s = db.query(sql::cluster); s.next();) {
    auto id = s.get<node_id>(0);
    auto state = s.get<node_state>(1);
    if (state == node_state::active) {
      ++view.nodes;
      view.slots += s.get<int>(2);
      view.running += s.get<int>(3);
    }
    auto limit =
        state == node_state::unreachable ? limits->deregister_after : limits->unreachable_after;
    if (id != observer && db.now() - s.get<db_time>(4) >= limit) view.overdue.push_back(id);
  }
  return view;
}

}  // namespace

node_id sqlite_store::register_node(const node_info& info) {
  require_text("the name of the node", info.name);
  require_text("the host of the node", info.host);
  require_text("the version of the node", info.version);
  for (const auto& job : info.jobs) require_text("the name of a job", job.name);
  return write([&](connection& db) {
    node_id id{db.insert(sql::insert_node, info.name, info.host, info.pid, info.slots, info.version,
                         jobs_text(info.jobs))};
    log(db, event::node_joined, {{}, {}, {}, id}, {{"name", info.name}});
    return id;
  });
}

cluster_view sqlite_store::heartbeat(node_id node, int running, bool draining,
                                     const std::optional<liveness_limits>& limits) {
  return write_lightly([&](connection& db) {
    auto before = standing_of(db, node);
    if (!before || is_terminal(before->state))
      throw store_error(errc::fenced, named(node) + " is no longer part of the cluster");
    const auto drains = draining || before->state == node_state::draining;
    if (before->state == node_state::unreachable)
      log(db, event::node_recovered, {{}, {}, {}, node});
    if (drains && before->state != node_state::draining)
      log(db, event::node_draining, {{}, {}, {}, node});
    db.run(sql::renew_node, node, running, drains ? node_state::draining : node_state::active);
    return view_of(db, node, limits);
  });
}

sweep_verdict sqlite_store::sweep(node_id suspect, const liveness_limits& limits) {
  return write([&](connection& db) {
    auto found = standing_of(db, suspect);
    if (!found || is_terminal(found->state)) return sweep_verdict::deregistered;
    auto verdict =
        judge(db.now() - found->heartbeat_at, limits.unreachable_after, limits.deregister_after);
    if (verdict == sweep_verdict::deregistered)
      part_with(db, suspect, node_state::deregistered, event::node_deregistered);
    if (verdict == sweep_verdict::unreachable && found->state != node_state::unreachable) {
      db.run(sql::mark_unreachable, suspect);
      log(db, event::node_overdue, {{}, {}, {}, suspect});
    }
    return verdict;
  });
}

void sqlite_store::leave(node_id node) {
  write([&](connection& db) {
    auto found = standing_of(db, node);
    if (found && !is_terminal(found->state))
      part_with(db, node, node_state::left, event::node_left);
  });
}

std::vector<node_row> sqlite_store::list_nodes(bool all) {
  return read([&](connection& db) {
    std::vector<node_row> rows;
    for (auto s = db.query(sql::list_nodes, all); s.next();)
      rows.push_back({s.get<node_id>(0),
                      {s.get<std::string>(1), s.get<std::string>(2), s.get<std::int64_t>(3),
                       s.get<int>(4), s.get<std::string>(5), to_jobs(s.get<std::string>(6))},
                      s.get<node_state>(7),
                      s.get<int>(8),
                      s.get<db_time>(9),
                      s.get<db_time>(10),
                      s.get<std::optional<db_time>>(11)});
    return rows;
  });
}

std::vector<live_node> sqlite_store::live_nodes(const job_ref& job) {
  require_text("the name of the job", job.name);
  return read([&](connection& db) {
    std::vector<live_node> rows;
    for (auto s = db.query(sql::live_nodes, job_text(job)); s.next();)
      rows.push_back({s.get<node_id>(0), s.get<int>(1), s.get<int>(2)});
    return rows;
  });
}

}  // namespace partita::sqlite
