#include <algorithm>
#include <map>
#include <tuple>

#include "protocol/mutation.hpp"
#include "storage/sqlite/rows.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"
#include "storage/sqlite/statements/leases.hpp"
#include "storage/sqlite/statements/results.hpp"

namespace partita::sqlite {

namespace {

range range_at(const statement& s, int column) {
  return {s.get<partition_no>(column), s.get<partition_no>(column + 1)};
}

/// A row of sql::lease_of_node or sql::live_leases.
held_lease_row to_held(const statement& s) {
  held_lease_row held;
  held.lease.id = s.get<lease_id>(0);
  held.lease.step = s.get<step_id>(1);
  held.lease.node = s.get<node_id>(2);
  held.lease.span = range_at(s, 3);
  held.lease.attempt = s.get<int>(5);
  held.lease.state = s.get<lease_state>(6);
  held.lease.completed = s.get<std::int64_t>(7);
  held.lease.failed = s.get<std::int64_t>(8);
  held.lease.returned = s.get<std::int64_t>(9);
  held.lease.granted_at = s.get<db_time>(10);
  held.lease.ended_at = s.get<std::optional<db_time>>(11);
  held.run = s.get<run_id>(12);
  held.transferable = s.get<bool>(13);
  held.max_attempts = s.get<int>(14);
  return held;
}

}  // namespace

// --- what waits ----------------------------------------------------------------------------------

void sqlite_transaction::insert_ready(std::span<const new_ready> ranges) {
  auto insert = db_.prepare(sql::insert_ready);
  for (const auto& r : ranges)
    insert.run(r.step, r.span.lo, r.span.hi, r.node, r.attempt, db_.now() + r.delay);
}

std::int64_t sqlite_transaction::share_ranges(node_id node, std::int64_t most) {
  return db_.run(sql::share_ranges, node, most);
}

std::vector<ready_record> sqlite_transaction::take_bound_ranges(node_id node, std::int64_t most) {
  std::vector<ready_record> taken;
  for (auto s = db_.query(sql::take_bound_ranges, node, most); s.next();)
    taken.push_back({s.get<std::int64_t>(0), s.get<step_id>(1), range_at(s, 2), s.get<node_id>(4),
                     s.get<int>(5), s.get<db_time>(6)});
  std::sort(taken.begin(), taken.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return taken;
}

std::vector<ready_step> sqlite_transaction::ready_for(node_id node) {
  std::vector<ready_step> steps;
  std::map<std::pair<std::string, std::string>, std::pair<run_id, int>> groups;
  for (auto s = db_.query(sql::ready_steps, node); s.next();) {
    const auto remaining = s.get<std::int64_t>(2) + s.get<std::int64_t>(3);
    auto next_attempt = s.get<std::optional<int>>(5);
    if (!next_attempt) next_attempt = s.get<int>(6);
    if (remaining <= 0) continue;
    ready_step next{s.get<step_id>(0), s.get<run_id>(1), remaining, s.get<int>(4), *next_attempt};
    next.priority = s.get<int>(7);
    next.limited = s.get<bool>(8);
    if (const auto fair_key = s.get<std::string>(10); !fair_key.empty()) {
      const auto job = s.get<std::string>(9);
      const auto [group, first] = groups.try_emplace({job, fair_key}, next.run, 0);
      if (first) {
        auto held = db_.query(sql::group_held, job, fair_key);
        if (held.next()) group->second.second = held.get<int>(0);
      }
      std::tie(next.group, next.group_held) = group->second;
    }
    steps.push_back(next);
  }
  return steps;
}

bool sqlite_transaction::is_open_for_claims(step_id step, bool limited) {
  return db_.query(sql::open_step, step, limited).next();
}

std::optional<claimable_range> sqlite_transaction::first_claimable(step_id step, node_id node) {
  for (auto owner : {node, node_id{}}) {
    auto s = db_.query(sql::first_ready, step, owner);
    if (s.next()) return claimable_range{s.get<std::int64_t>(0), range_at(s, 1), s.get<int>(3)};
  }
  return std::nullopt;
}

void sqlite_transaction::cut_front(const claimable_range& from, partition_no lo) {
  const auto nothing_left = lo > from.span.hi || PARTITA_BUG(sqlite_claim_drops_the_rest);
  expect_rows("cutting a ready range", nothing_left ? db_.run(sql::delete_ready, from.id)
                                                    : db_.run(sql::shorten_ready, from.id, lo));
}

std::vector<granted_partition> sqlite_transaction::granted_partitions(step_id step, range span) {
  std::vector<granted_partition> partitions;
  partitions.reserve(static_cast<std::size_t>(span.size()));
  for (auto s = db_.query(sql::granted_partitions, step, span.lo, span.hi); s.next();) {
    granted_partition p{s.get<partition_no>(0), s.get<std::string>(1), s.get<std::string>(2), {}};
    if (const auto seq = s.get<std::optional<std::int64_t>>(3))
      p.resume = checkpoint{*seq, s.get<std::string>(4), counts_at(s, 5)};
    partitions.push_back(std::move(p));
  }
  return partitions;
}

// --- who has it ----------------------------------------------------------------------------------

held_lease_row sqlite_transaction::insert_lease(step_id step, node_id node, range span,
                                                int attempt) {
  const lease_id id{db_.insert(sql::insert_lease, step, node, span.lo, span.hi, attempt)};
  auto s = db_.query(sql::lease_of_node, id, node);
  expect_rows("granting a lease", s.next() ? 1 : 0);
  return to_held(s);
}

std::vector<held_lease_row> sqlite_transaction::lock_leases(node_id node,
                                                            std::span<const lease_id> ids) {
  std::vector<held_lease_row> held;
  for (auto id : std::set<lease_id>{ids.begin(), ids.end()})
    if (auto s = db_.query(sql::lease_of_node, id, node); s.next()) held.push_back(to_held(s));
  return held;
}

std::vector<held_lease_row> sqlite_transaction::lock_live_leases(node_id node) {
  std::vector<held_lease_row> held;
  for (auto s = db_.query(sql::live_leases, node); s.next();) held.push_back(to_held(s));
  return held;
}

std::int64_t sqlite_transaction::save_leases(std::span<const lease_record> leases) {
  auto save = db_.prepare(sql::save_lease);
  std::int64_t saved = 0;
  for (const auto& l : leases)
    saved += save.run(l.id, l.span.hi, l.state, l.completed, l.failed, l.returned);
  return saved;
}

std::vector<std::vector<partition_no>> sqlite_transaction::ended_numbers(
    std::span<const held_lease_row> leases) {
  std::vector<std::vector<partition_no>> all;
  for (const auto& held : leases) {
    const auto& lease = held.lease;
    auto ended = result_numbers(lease.step, lease.span);
    if (!PARTITA_BUG(sqlite_unfinished_forgets_failures))
      for (auto s = db_.query(sql::failures_within, lease.id, lease.span.lo, lease.span.hi);
           s.next();)
        ended.push_back(s.get<partition_no>(0));
    all.push_back(std::move(ended));
  }
  return all;
}

std::vector<work_view::live_lease> sqlite_transaction::held_by(node_id node) {
  std::vector<work_view::live_lease> held;
  for (auto s = db_.query(sql::held_leases, node); s.next();)
    held.push_back({s.get<lease_id>(0), s.get<stop_mode>(1), s.get<bool>(2)});
  return held;
}

std::optional<step_id> sqlite_transaction::fenced_step(lease_id lease, partition_no no) {
  auto s = db_.query(sql::fence_partition, lease, no);
  if (!s.next()) return std::nullopt;
  return s.get<step_id>(0);
}

}  // namespace partita::sqlite
