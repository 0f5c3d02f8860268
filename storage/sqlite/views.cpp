#include <algorithm>

#include "storage/sqlite/rows.hpp"
#include "storage/sqlite/sqlite_store.hpp"
#include "storage/sqlite/statements.hpp"

namespace partita::sqlite {

namespace {

item_counts counts_at(const statement& s, int column) {
  return {s.get<std::int64_t>(column), s.get<std::int64_t>(column + 1),
          s.get<std::int64_t>(column + 2), s.get<std::int64_t>(column + 3)};
}

step_totals totals_of(connection& db, step_id step, std::int64_t carried) {
  step_totals totals;
  if (auto s = db.query(sql::lease_totals, step); s.next()) {
    totals.completed = carried + s.get<std::int64_t>(0);
    totals.failed = s.get<std::int64_t>(1);
    totals.claimed = s.get<std::int64_t>(2);
  }
  if (auto s = db.query(sql::item_totals, step); s.next()) totals.counts = counts_at(s, 0);
  return totals;
}

partition_row to_partition(const statement& s) {
  partition_row p;
  p.no = s.get<partition_no>(0);
  p.key = s.get<std::string>(1);
  p.input = s.get<std::string>(2);
  p.state = s.get<partition_state>(3);
  p.attempt = s.get<int>(4);
  p.node = s.get<node_id>(5);
  p.lease = s.get<lease_id>(6);
  p.progress_done = s.get<std::int64_t>(7);
  p.progress_total = s.get<std::int64_t>(8);
  p.counts = counts_at(s, 9);
  p.output = s.get<std::string>(13);
  p.error = s.get<std::string>(14);
  p.ended_at = s.get<std::optional<db_time>>(15);
  return p;
}

attempt_outcome to_outcome(const std::string& text) {
  if (text == "FAILED") return attempt_outcome::failed;
  if (text == "RETRY") return attempt_outcome::retry;
  if (text == "RELEASED") return attempt_outcome::released;
  throw store_error(errc::damaged, "a failure row has the outcome '" + text + "'");
}

}  // namespace

std::vector<step_summary> sqlite_store::summarize(run_id run) {
  return read([&](connection& db) {
    std::vector<step_summary> summaries;
    for (auto s = db.query(sql::list_steps, run); s.next();) {
      auto row = to_step(s);
      auto carried = s.get<std::int64_t>(19);
      summaries.push_back({row, totals_of(db, row.id, carried)});
    }
    return summaries;
  });
}

std::vector<partition_row> sqlite_store::list_partitions(step_id step, partition_no after,
                                                         int limit) {
  return read([&](connection& db) {
    std::vector<partition_row> rows;
    for (auto s = db.query(sql::list_partitions, step, after, std::max(0, limit)); s.next();)
      rows.push_back(to_partition(s));
    return rows;
  });
}

std::vector<failure_row> sqlite_store::list_failures(run_id run, int limit) {
  return read([&](connection& db) {
    std::vector<failure_row> rows;
    for (auto s = db.query(sql::list_failures, run, std::max(0, limit)); s.next();)
      rows.push_back({s.get<step_id>(0), s.get<partition_no>(1), s.get<lease_id>(2),
                      s.get<node_id>(3), s.get<int>(4), to_outcome(s.get<std::string>(5)),
                      s.get<std::string>(6), s.get<db_time>(7)});
    return rows;
  });
}

std::vector<event_row> sqlite_store::list_events(run_id run, std::int64_t after, int limit) {
  const auto most = std::max(0, limit);
  return read([&](connection& db) {
    std::vector<event_row> rows;
    auto s = run ? db.query(sql::list_events_of_run, after, most, run)
                 : db.query(sql::list_events, after, most);
    while (s.next()) rows.push_back(to_event(s));
    return rows;
  });
}

}  // namespace partita::sqlite
