#include <algorithm>

#include "protocol/mutation.hpp"
#include "storage/sqlite/rows.hpp"
#include "storage/sqlite/sqlite_store.hpp"
#include "storage/sqlite/statements.hpp"
#include "storage/text.hpp"

namespace partita::sqlite {

namespace {

struct claimable_range {
  std::int64_t id = 0;
  range span;
  int attempt = 0;
};

/// The range bound to the node with the smallest lo, or else the shared one.
std::optional<claimable_range> first_claimable(connection& db, step_id step, node_id node) {
  for (auto owner : {node, node_id{}}) {
    auto s = db.query(sql::first_ready, step, owner);
    if (s.next())
      return claimable_range{
          s.get<std::int64_t>(0), {s.get<partition_no>(1), s.get<partition_no>(2)}, s.get<int>(3)};
  }
  return std::nullopt;
}

std::vector<granted_partition> granted_partitions(connection& db, step_id step, range span) {
  std::vector<granted_partition> partitions;
  partitions.reserve(static_cast<std::size_t>(span.size()));
  for (auto s = db.query(sql::granted_partitions, step, span.lo, span.hi); s.next();) {
    granted_partition p{s.get<partition_no>(0), s.get<std::string>(1), s.get<std::string>(2), {}};
    if (auto seq = s.get<std::optional<std::int64_t>>(3))
      p.resume = checkpoint{*seq,
                            s.get<std::string>(4),
                            {s.get<std::int64_t>(5), s.get<std::int64_t>(6), s.get<std::int64_t>(7),
                             s.get<std::int64_t>(8)}};
    partitions.push_back(std::move(p));
  }
  return partitions;
}

/// A LIVE lease goes back whole: what is unfinished is ready again, as before the lease.
void release(connection& db, lease_record lease) {
  auto left = unfinished(db, lease);
  for (auto span : left) make_ready(db, lease.step, span, node_id{}, lease.attempt - 1, db.now());
  lease.state = lease_state::released;
  save(db, lease);
  log(db, event::lease_ended, about(lease), {{"state", "RELEASED"}, {"requeued", json_of(left)}});
}

std::vector<ready_step> ready_steps(connection& db, node_id node, const std::string& jobs) {
  std::vector<ready_step> steps;
  for (auto s = db.query(sql::ready_steps, node, jobs); s.next();) {
    auto remaining = s.get<std::int64_t>(2) + s.get<std::int64_t>(3);
    auto next_attempt = s.get<std::optional<int>>(5);
    if (!next_attempt) next_attempt = s.get<int>(6);
    if (remaining > 0)
      steps.push_back(
          {s.get<step_id>(0), s.get<run_id>(1), remaining, s.get<int>(4), *next_attempt});
  }
  return steps;
}

}  // namespace

work_view sqlite_store::look(node_id node) {
  return read([&](connection& db) {
    work_view view;
    for (auto s = db.query(sql::held_leases, node); s.next();)
      view.held.push_back({s.get<lease_id>(0), s.get<stop_mode>(1)});
    auto self = db.query(sql::find_node, node);
    if (!self.next() || self.get<node_state>(0) != node_state::active) return view;
    const auto jobs = self.get<std::string>(2);
    view.ready = ready_steps(db, node, jobs);
    for (auto s = db.query(sql::masterless_runs, jobs); s.next();)
      view.masterless.push_back({s.get<run_id>(0), s.get<term>(1)});
    return view;
  });
}

std::optional<lease_grant> sqlite_store::claim(node_id node, step_id step, std::int64_t width,
                                               std::int64_t narrow) {
  return write([&](connection& db) -> std::optional<lease_grant> {
    auto open = db.query(sql::claimable_step, step, node);
    if (!open.next()) return std::nullopt;
    auto from = first_claimable(db, step, node);
    if (!from) return std::nullopt;
    const auto most = from->attempt > 0 ? std::min(width, narrow) : width;
    if (most < 1) return std::nullopt;

    auto span = cut(from->span, most);
    if (PARTITA_BUG(sqlite_claim_leaves_what_it_takes)) {
    } else if (span.hi == from->span.hi)
      db.run(sql::delete_ready, from->id);
    else
      db.run(sql::shorten_ready, from->id, span.hi + 1);
    auto lease = grant(db, step, open.get<run_id>(0), node, span, from->attempt + 1);
    return lease_grant{lease.id, step, span, lease.attempt, granted_partitions(db, step, span)};
  });
}

int sqlite_store::release(node_id node, std::span<const lease_id> leases) {
  return write([&](connection& db) {
    int released = 0;
    for (const auto& lease : live_leases(db, node)) {
      if (std::find(leases.begin(), leases.end(), lease.id) == leases.end()) continue;
      sqlite::release(db, lease);
      ++released;
    }
    return released;
  });
}

void sqlite_store::give_back(node_id node, lease_id id, partition_no from) {
  write([&](connection& db) {
    auto lease = find_lease(db, id);
    if (!lease || lease->node != node || lease->state != lease_state::live || from > lease->span.hi)
      return;
    if (from <= lease->span.lo) return sqlite::release(db, *lease);
    const range back{from, lease->span.hi};
    if (has_ended(db, *lease, back))
      throw store_error(errc::bad_request, "a partition of " + named(id) + " at or above " +
                                               std::to_string(from) + " has ended");
    lease->span.hi = from - 1;
    make_ready(db, lease->step, back, node_id{}, lease->attempt - 1, db.now());
    log(db, event::lease_shrunk, about(*lease), {{"lo", back.lo}, {"hi", back.hi}});
    if (lease->unended() == 0) {
      lease->state = lease_state::done;
      log(db, event::lease_ended, about(*lease), {{"state", "DONE"}});
    }
    save(db, *lease);
  });
}

}  // namespace partita::sqlite
