#include "storage/postgres/statements/timeline.hpp"
#include "storage/postgres/postgres_transaction.hpp"
#include "storage/postgres/rows.hpp"

namespace partita::postgres {

namespace {

std::int64_t number(const pqxx::row& row, const char* name) { return row[name].as<std::int64_t>(); }

}  // namespace

void postgres_transaction::add_tiles(node_id node, std::span<const tile_piece> more) {
  if (more.empty()) return;
  const auto of = [&](auto get) { return column(more, get); };
  query(sql::add_tiles, node.value, of([](const auto& p) { return p.lease.value; }),
        of([](const auto& p) { return p.ended_ago.count(); }),
        of([](const auto& p) { return p.sums.completed; }),
        of([](const auto& p) { return p.sums.failed; }),
        of([](const auto& p) { return p.sums.returned; }),
        of([](const auto& p) { return p.sums.busy.count(); }),
        of([](const auto& p) { return p.sums.slowest.count(); }),
        of([](const auto& p) { return p.sums.slowest_no; }));
}

std::vector<tile_row> postgres_transaction::list_tiles(step_id step, std::chrono::seconds from,
                                                       int limit) {
  std::vector<tile_row> tiles;
  for (const auto& row : query_planned_anew(sql::list_tiles, step.value, from.count(), limit))
    tiles.push_back({step,
                     std::chrono::seconds{row[0].as<std::int64_t>()},
                     id_of<node_id>(row[1]),
                     {row[2].as<std::int64_t>(), row[3].as<std::int64_t>(),
                      row[4].as<std::int64_t>(), microseconds{row[5].as<std::int64_t>()},
                      microseconds{row[6].as<std::int64_t>()}, row[7].as<std::int64_t>()},
                     id_of<lease_id>(row[8]),
                     id_of<lease_id>(row[9])});
  return tiles;
}

std::vector<ended_row> postgres_transaction::list_ended(step_id step, const lease_window& window,
                                                        int limit) {
  std::vector<ended_row> rows;
  for (const auto& row : query_planned_anew(
           sql::list_ended, step.value, window.first.value, window.last.value,
           window.from.time_since_epoch().count(), window.to.time_since_epoch().count(), limit))
    rows.push_back({step, row[0].as<std::int64_t>(), id_of<node_id>(row[1]),
                    id_of<lease_id>(row[2]), row[3].as<int>(), state_of<attempt_outcome>(row[4]),
                    microseconds{row[5].as<std::int64_t>()}, time_of(row[6])});
  return rows;
}

std::vector<live_lease_row> postgres_transaction::list_live_leases(run_id run, node_id node,
                                                                   int limit) {
  std::vector<live_lease_row> rows;
  const auto found = run ? query_planned_anew(sql::live_leases_of_run, run.value, limit)
                         : query_planned_anew(sql::live_leases_of_node, node.value, limit);
  for (const auto& row : found)
    rows.push_back({id_of<lease_id>(row["lease_id"]),
                    id_of<run_id>(row["run_id"]),
                    id_of<step_id>(row["step_id"]),
                    id_of<node_id>(row["node_id"]),
                    {number(row, "lo"), number(row, "hi")},
                    row["attempt"].as<int>(),
                    number(row, "ended"),
                    time_of(row["granted_at"])});
  return rows;
}

std::vector<moved_row> postgres_transaction::list_moved(run_id run, int limit) {
  std::vector<moved_row> rows;
  for (const auto& row : query_planned_anew(sql::list_moved, run.value, limit))
    rows.push_back({id_of<lease_id>(row["lease_id"]),
                    id_of<step_id>(row["step_id"]),
                    id_of<node_id>(row["node_id"]),
                    {number(row, "lo"), number(row, "hi")},
                    time_of(row["granted_at"]),
                    time_of(row["lost_at"]),
                    id_of<lease_id>(row["next"]),
                    id_of<node_id>(row["next_node"]),
                    time_of(row["next_at"])});
  return rows;
}

std::vector<microseconds> postgres_transaction::sample_durations(step_id step, int most) {
  std::vector<microseconds> took;
  for (const auto& row : query_planned_anew(sql::sample_durations, step.value, most))
    took.emplace_back(row[0].as<std::int64_t>());
  return took;
}

std::vector<failure_row> postgres_transaction::sample_failures(run_id run, int of_step) {
  std::vector<failure_row> failures;
  for (const auto& row : query_planned_anew(sql::sample_failures, run.value, of_step))
    failures.push_back(failure_of(row));
  return failures;
}

std::vector<pace_row> postgres_transaction::list_pace(std::chrono::seconds since) {
  std::vector<pace_row> rows;
  for (const auto& row : query_planned_anew(sql::list_pace, since.count()))
    rows.push_back({id_of<step_id>(row[0]), time_of(row[1]), row[2].as<std::int64_t>(),
                    row[3].as<std::int64_t>()});
  return rows;
}

}  // namespace partita::postgres
