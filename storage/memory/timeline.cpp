#include <algorithm>

#include "storage/memory/memory_transaction.hpp"

namespace partita::memory {

void memory_transaction::add_tiles(node_id node, std::span<const tile_piece> more) {
  for (const auto& piece : more) {
    const auto& lease = db_.leases.at(piece.lease);
    const auto ended = std::max(lease.granted_at, now_ - piece.ended_ago);
    const auto begins = tile_of(ended - db_.steps.at(lease.step).row.started_at);
    const tile_key key{lease.step, begins, node};
    insert(db_.tiles, key, {lease.step, begins, node, {}, piece.lease, piece.lease});
    update(db_.tiles, key, [&](tile_row& row) {
      row.sums.add(piece.sums);
      row.first_lease = std::min(row.first_lease, piece.lease);
      row.last_lease = std::max(row.last_lease, piece.lease);
    });
  }
}

std::vector<tile_row> memory_transaction::list_tiles(step_id step, std::chrono::seconds from,
                                                     int limit) {
  std::vector<tile_row> rows;
  for (auto t = db_.tiles.lower_bound({step, from, node_id{}});
       t != db_.tiles.end() && t->second.step == step && static_cast<int>(rows.size()) < limit; ++t)
    rows.push_back(t->second);
  return rows;
}

std::vector<ended_row> memory_transaction::list_ended(step_id step, const lease_window& window,
                                                      int limit) {
  std::vector<ended_row> rows;
  const auto add = [&](const lease_record& lease, partition_no no, attempt_outcome outcome,
                       microseconds took, db_time at) {
    if (at >= window.from && at - took < window.to && static_cast<int>(rows.size()) < limit)
      rows.push_back({step, no, lease.node, lease.id, lease.attempt, outcome, took, at});
  };
  for (const auto& [id, lease] : db_.leases) {
    if (lease.step != step || id < window.first || id > window.last) continue;
    for (auto r = db_.results.lower_bound({step, lease.span.lo});
         r != db_.results.end() && r->first <= partition_key{step, lease.span.hi}; ++r)
      if (const auto& row = r->second.row; row.lease == id)
        add(lease, row.no, row.completed ? attempt_outcome::completed : attempt_outcome::failed,
            row.took, row.ended_at);
    for (auto f = db_.failures.lower_bound({id, 0});
         f != db_.failures.end() && f->first.first == id; ++f)
      if (f->second.outcome != attempt_outcome::failed)
        add(lease, f->second.no, f->second.outcome, microseconds{0}, f->second.at);
  }
  return rows;
}

std::vector<live_lease_row> memory_transaction::list_live_leases(run_id run, node_id node,
                                                                 int limit) {
  std::vector<live_lease_row> rows;
  for (const auto& [id, lease] : db_.leases) {
    const auto of = db_.steps.at(lease.step).row.run;
    if (lease.state == lease_state::live && (run ? of == run : lease.node == node) &&
        static_cast<int>(rows.size()) < limit)
      rows.push_back({id, of, lease.step, lease.node, lease.span, lease.attempt,
                      lease.span.size() - lease.unended(), lease.granted_at});
  }
  return rows;
}

std::vector<moved_row> memory_transaction::list_moved(run_id run, int limit) {
  std::vector<moved_row> rows;
  for (auto lost = db_.leases.rbegin(); lost != db_.leases.rend(); ++lost) {
    const auto& [id, lease] = *lost;
    if (lease.state != lease_state::revoked || db_.steps.at(lease.step).row.run != run) continue;
    const moved_row row{id, lease.step, lease.node, lease.span, lease.granted_at, *lease.ended_at,
                        {}, {},         {}};
    const auto before = rows.size();
    for (auto next = db_.leases.upper_bound(id);
         next != db_.leases.end() && rows.size() < before + 8; ++next) {
      const auto& [next_id, taken] = *next;
      if (taken.step != lease.step || taken.span.hi < lease.span.lo ||
          taken.span.lo > lease.span.hi)
        continue;
      const auto ended_some =
          std::any_of(db_.results.begin(), db_.results.end(), [&, &lease = lease](const auto& r) {
            return r.first.first == lease.step && lease.span.contains(r.first.second) &&
                   r.second.row.lease == next->first;
          });
      if (taken.state != lease_state::live && !ended_some) continue;
      rows.push_back(row);
      rows.back().next = next_id;
      rows.back().next_node = taken.node;
      rows.back().next_granted_at = taken.granted_at;
    }
    if (rows.size() == before) rows.push_back(row);
  }
  rows.resize(std::min(rows.size(), static_cast<std::size_t>(limit)));
  return rows;
}

std::vector<microseconds> memory_transaction::sample_durations(step_id step, int most) {
  std::vector<microseconds> took;
  const auto* row = find(db_.steps, step);
  const auto count = row == nullptr ? 0 : row->row.count;
  for (partition_no no = 0; no < count; no += std::max<std::int64_t>(1, (count + most - 1) / most))
    if (const auto* result = find(db_.results, {step, no})) took.push_back(result->row.took);
  if (2 * std::ssize(took) >= most) return took;
  took.clear();
  for (auto r = db_.results.lower_bound({step, 0});
       r != db_.results.end() && r->first.first == step && std::ssize(took) < most; ++r)
    took.push_back(r->second.row.took);
  return took;
}

std::vector<failure_row> memory_transaction::sample_failures(run_id run, int of_step) {
  std::vector<failure_row> rows;
  for (const auto& step : list_steps(run)) {
    std::vector<failure_row> some;
    for (const auto& [key, row] : db_.failures)
      if (row.step == step.id && row.outcome != attempt_outcome::released) some.push_back(row);
    std::sort(some.begin(), some.end(), [](const failure_row& a, const failure_row& b) {
      return std::pair{a.no, a.lease} < std::pair{b.no, b.lease};
    });
    some.resize(std::min(some.size(), static_cast<std::size_t>(of_step)));
    rows.insert(rows.end(), some.begin(), some.end());
  }
  return rows;
}

std::vector<pace_row> memory_transaction::list_pace(std::chrono::seconds since) {
  std::vector<pace_row> rows;
  for (const auto& [key, tile] : db_.tiles) {
    const auto& step = db_.steps.at(tile.step).row;
    const auto& run = db_.runs.at(step.run);
    if (run.state != run_state::running && !(run.ended_at && *run.ended_at > now_ - since))
      continue;
    const auto begins = step.started_at + tile.begins;
    if (now_ - begins > since) continue;
    if (rows.empty() || rows.back().step != tile.step || rows.back().begins != begins)
      rows.push_back({tile.step, begins});
    rows.back().completed += tile.sums.completed;
    rows.back().failed += tile.sums.failed;
  }
  return rows;
}

}  // namespace partita::memory
