#include "storage/sqlite/statements/views.hpp"

#include <algorithm>

#include "storage/sqlite/rows.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"
#include "storage/sqlite/statements/steps.hpp"
#include "storage/verbs/runs.hpp"

namespace partita::sqlite {

namespace {

step_totals totals_of(connection& db, step_id step) {
  step_totals totals;
  if (auto s = db.query(sql::counted_totals, step); s.next()) {
    totals.completed = s.get<std::int64_t>(0);
    totals.failed = s.get<std::int64_t>(1);
    totals.counts = counts_at(s, 2);
  }
  if (auto s = db.query(sql::claimed_total, step); s.next())
    totals.claimed = s.get<std::int64_t>(0);
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
  p.files = s.get<std::string>(16);
  p.error = s.get<std::string>(14);
  p.ended_at = s.get<std::optional<db_time>>(15);
  p.started_at = s.get<std::optional<db_time>>(17);
  return p;
}

const std::string& partitions_in(std::optional<partition_state> state) {
  if (!state) return sql::list_partitions;
  switch (*state) {
    case partition_state::pending:
      return sql::pending_partitions;
    case partition_state::claimed:
      return sql::claimed_partitions;
    case partition_state::completed:
      return sql::completed_partitions;
    case partition_state::failed:
      return sql::failed_partitions;
  }
  return sql::list_partitions;
}

std::vector<skipped_row> to_skipped(statement s) {
  std::vector<skipped_row> rows;
  while (s.next())
    rows.push_back({s.get<step_id>(0),
                    s.get<partition_no>(1),
                    {s.get<std::int64_t>(2), s.get<skip_stage>(3), s.get<std::string>(4),
                     s.get<std::string>(5)},
                    s.get<db_time>(6)});
  return rows;
}

event_row to_event(const statement& s) {
  return {s.get<std::int64_t>(0), s.get<db_time>(1),  s.get<std::string>(2), s.get<run_id>(3),
          s.get<step_id>(4),      s.get<lease_id>(5), s.get<node_id>(6),     s.get<std::string>(7)};
}

}  // namespace

std::vector<step_summary> sqlite_transaction::summarize(run_id run) {
  std::vector<step_summary> summaries;
  for (auto s = db_.query(sql::list_steps, run); s.next();) {
    auto row = to_step(s);
    summaries.push_back({row, totals_of(db_, row.id)});
  }
  return summaries;
}

std::vector<partition_row> sqlite_transaction::list_partitions(
    step_id step, partition_no after, int limit, std::optional<partition_state> only) {
  std::vector<partition_row> rows;
  for (auto s = db_.query(partitions_in(only).c_str(), step, after, limit); s.next();)
    rows.push_back(to_partition(s));
  return rows;
}

std::vector<partition_row> sqlite_transaction::list_slowest(step_id step, int limit) {
  std::vector<partition_row> rows;
  for (auto s = db_.query(sql::list_slowest.c_str(), step, limit); s.next();)
    rows.push_back(to_partition(s));
  return rows;
}

std::vector<try_row> sqlite_transaction::list_tries(step_id step, partition_no no, int limit) {
  std::vector<try_row> rows;
  for (auto s = db_.query(sql::list_tries, step, no, limit); s.next();)
    rows.push_back({s.get<lease_id>(0), s.get<node_id>(1), s.get<int>(2), s.get<lease_state>(3),
                    s.get<std::optional<attempt_outcome>>(4), s.get<std::string>(5),
                    s.get<db_time>(6), s.get<std::optional<microseconds>>(7),
                    s.get<std::optional<db_time>>(8)});
  return rows;
}

run_standing sqlite_transaction::standing(run_id run) {
  auto s = db_.query(sql::standing, run);
  if (!s.next()) return {};
  return {s.get<bool>(0), s.get<std::optional<db_time>>(1), s.get<bool>(2)};
}

std::optional<checkpoint> sqlite_transaction::find_checkpoint(step_id step, partition_no no) {
  auto s = db_.query(sql::find_checkpoint, step, no);
  if (!s.next()) return std::nullopt;
  return checkpoint{s.get<std::int64_t>(0), s.get<std::string>(1), counts_at(s, 2)};
}

std::vector<log_row> sqlite_transaction::list_log(step_id step, partition_no no, int limit) {
  std::vector<log_row> rows;
  for (auto s = db_.query(sql::list_log, step, no, limit); s.next();)
    rows.push_back({s.get<lease_id>(0), s.get<node_id>(1), s.get<int>(2), s.get<std::int64_t>(3),
                    s.get<std::string>(4), s.get<db_time>(5)});
  return rows;
}

std::vector<failure_row> sqlite_transaction::list_failures(run_id run, int limit) {
  std::vector<failure_row> rows;
  for (auto s = db_.query(sql::list_failures, run, limit); s.next();) rows.push_back(to_failure(s));
  return rows;
}

std::vector<skipped_row> sqlite_transaction::list_skipped(const skipped_cursor& after, int limit) {
  return to_skipped(db_.query(sql::list_skipped, after.step, after.no, after.item, limit));
}

std::vector<skipped_row> sqlite_transaction::list_skipped_of(step_id step, partition_no no,
                                                             int limit) {
  return to_skipped(db_.query(sql::list_skipped_of, step, no, limit));
}

std::vector<event_row> sqlite_transaction::list_events(run_id run, std::int64_t after, int limit) {
  std::vector<event_row> rows;
  auto s = run ? db_.query(sql::list_events_of_run, after, limit, run)
               : db_.query(sql::list_events, after, limit);
  while (s.next()) rows.push_back(to_event(s));
  return rows;
}

std::vector<event_row> sqlite_transaction::newest_events(run_id run, int limit) {
  std::vector<event_row> rows;
  auto s =
      run ? db_.query(sql::newest_events_of_run, limit, run) : db_.query(sql::newest_events, limit);
  while (s.next()) rows.push_back(to_event(s));
  std::reverse(rows.begin(), rows.end());
  return rows;
}

author_transaction& sqlite_transaction::author(lease_id, partition_no) {
  db_.let_authors_submit([this](const submission& what) { return verbs::submit(*this, what).id; });
  return author_.emplace(db_);
}

void sqlite_transaction::log(std::string_view kind, const subject& about,
                             const nlohmann::json& detail) {
  db_.run(sql::insert_event, kind, about.run, about.step, about.lease, about.node, detail.dump());
}

}  // namespace partita::sqlite
