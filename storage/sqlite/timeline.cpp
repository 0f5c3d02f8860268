#include "storage/sqlite/statements/timeline.hpp"

#include "storage/sqlite/rows.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"
#include "storage/sqlite/statements/steps.hpp"

namespace partita::sqlite {

void sqlite_transaction::add_tiles(node_id node, std::span<const tile_piece> more) {
  for (const auto& [lease, ago, sums] : more)
    expect_rows("adding to a tile",
                db_.run(sql::add_tile, node, lease, ago, sums.completed, sums.failed, sums.returned,
                        sums.busy, sums.slowest, sums.slowest_no));
}

std::vector<tile_row> sqlite_transaction::list_tiles(step_id step, std::chrono::seconds from,
                                                     int limit) {
  std::vector<tile_row> tiles;
  for (auto s = db_.query(sql::list_tiles, step, from.count(), limit); s.next();)
    tiles.push_back({step,
                     std::chrono::seconds{s.get<std::int64_t>(0)},
                     s.get<node_id>(1),
                     {s.get<std::int64_t>(2), s.get<std::int64_t>(3), s.get<std::int64_t>(4),
                      s.get<microseconds>(5), s.get<microseconds>(6), s.get<partition_no>(7)},
                     s.get<lease_id>(8),
                     s.get<lease_id>(9)});
  return tiles;
}

std::vector<ended_row> sqlite_transaction::list_ended(step_id step, const lease_window& window,
                                                      int limit) {
  std::vector<ended_row> rows;
  for (auto s = db_.query(sql::list_ended, step, window.first, window.last, window.from, window.to,
                          limit);
       s.next();)
    rows.push_back({step, s.get<partition_no>(0), s.get<node_id>(1), s.get<lease_id>(2),
                    s.get<int>(3), s.get<attempt_outcome>(4), s.get<microseconds>(5),
                    s.get<db_time>(6)});
  return rows;
}

std::vector<live_lease_row> sqlite_transaction::list_live_leases(run_id run, node_id node,
                                                                 int limit) {
  std::vector<live_lease_row> rows;
  auto s = run ? db_.query(sql::live_leases_of_run.c_str(), run, limit)
               : db_.query(sql::live_leases_of_node.c_str(), node, limit);
  while (s.next())
    rows.push_back({s.get<lease_id>(0),
                    s.get<run_id>(1),
                    s.get<step_id>(2),
                    s.get<node_id>(3),
                    {s.get<partition_no>(4), s.get<partition_no>(5)},
                    s.get<int>(6),
                    s.get<std::int64_t>(7),
                    s.get<db_time>(8)});
  return rows;
}

std::vector<moved_row> sqlite_transaction::list_moved(run_id run, int limit) {
  std::vector<moved_row> rows;
  const auto full = [&] { return static_cast<int>(rows.size()) == limit; };
  for (auto s = db_.query(sql::lost_leases, run, limit); !full() && s.next();) {
    const moved_row lost{s.get<lease_id>(0),
                         s.get<step_id>(1),
                         s.get<node_id>(2),
                         {s.get<partition_no>(3), s.get<partition_no>(4)},
                         s.get<db_time>(5),
                         s.get<db_time>(6),
                         {},
                         {},
                         {}};
    auto next = db_.query(sql::next_leases, lost.lease, lost.step, lost.span.lo, lost.span.hi);
    if (!next.next()) {
      rows.push_back(lost);
      continue;
    }
    do {
      rows.push_back(lost);
      rows.back().next = next.get<lease_id>(0);
      rows.back().next_node = next.get<node_id>(1);
      rows.back().next_granted_at = next.get<db_time>(2);
    } while (!full() && next.next());
  }
  return rows;
}

std::vector<microseconds> sqlite_transaction::sample_durations(step_id step, int most) {
  std::vector<microseconds> took;
  for (auto s = db_.query(sql::sample_durations, step, most); s.next();)
    took.push_back(s.get<microseconds>(0));
  if (2 * std::ssize(took) >= most) return took;
  took.clear();
  for (auto s = db_.query(sql::first_durations, step, most); s.next();)
    took.push_back(s.get<microseconds>(0));
  return took;
}

std::vector<failure_row> sqlite_transaction::sample_failures(run_id run, int of_step) {
  std::vector<failure_row> failures;
  for (const auto& step : list_steps(run))
    for (auto s = db_.query(sql::failures_of_step, step.id, of_step); s.next();)
      failures.push_back(to_failure(s));
  return failures;
}

std::vector<pace_row> sqlite_transaction::list_pace(std::chrono::seconds since) {
  std::vector<pace_row> rows;
  for (auto s = db_.query(sql::list_pace, since.count()); s.next();)
    rows.push_back(
        {s.get<step_id>(0), s.get<db_time>(1), s.get<std::int64_t>(2), s.get<std::int64_t>(3)});
  return rows;
}

}  // namespace partita::sqlite
