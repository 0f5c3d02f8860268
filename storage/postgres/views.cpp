#include "storage/postgres/statements/views.hpp"
#include "storage/postgres/postgres_transaction.hpp"
#include "storage/postgres/rows.hpp"

namespace partita::postgres {

namespace {

partition_row partition_of(const pqxx::row& row) {
  partition_row p;
  p.no = row["no"].as<std::int64_t>();
  p.key = row["key"].c_str();
  p.input = row["input"].c_str();
  p.state = state_of<partition_state>(row["status"]);
  p.attempt = row["attempt"].as<int>();
  p.node = id_of<node_id>(row["node_id"]);
  p.lease = id_of<lease_id>(row["lease_id"]);
  p.progress_done = row["progress_done"].as<std::int64_t>();
  p.progress_total = row["progress_total"].as<std::int64_t>();
  p.counts = counts_of(row);
  p.output = row["output"].c_str();
  p.files = row["files"].c_str();
  p.error = row["error"].c_str();
  p.started_at = optional_time_of(row["started_at"]);
  p.ended_at = optional_time_of(row["ended_at"]);
  return p;
}

std::vector<partition_row> partitions_of(const pqxx::result& rows) {
  std::vector<partition_row> partitions;
  for (const auto& row : rows) partitions.push_back(partition_of(row));
  return partitions;
}

const std::string& partitions_in(std::optional<partition_state> state) {
  static const auto completed = sql::ended_partitions("COMPLETED");
  static const auto failed = sql::ended_partitions("FAILED");
  if (!state) return sql::list_partitions;
  switch (*state) {
    case partition_state::pending:
      return sql::pending_partitions;
    case partition_state::claimed:
      return sql::claimed_partitions;
    case partition_state::completed:
      return completed;
    case partition_state::failed:
      return failed;
  }
  return sql::list_partitions;
}

std::vector<skipped_row> skipped_in(const pqxx::result& found) {
  std::vector<skipped_row> rows;
  for (const auto& row : found)
    rows.push_back({id_of<step_id>(row["step_id"]),
                    row["no"].as<std::int64_t>(),
                    {row["item"].as<std::int64_t>(), state_of<skip_stage>(row["stage"]),
                     row["place"].c_str(), row["why"].c_str()},
                    time_of(row["at"])});
  return rows;
}

event_row event_of(const pqxx::row& row) {
  return {row["event_id"].as<std::int64_t>(),
          time_of(row["at"]),
          row["kind"].c_str(),
          id_of<run_id>(row["run_id"]),
          id_of<step_id>(row["step_id"]),
          id_of<lease_id>(row["lease_id"]),
          id_of<node_id>(row["node_id"]),
          row["detail"].c_str()};
}

try_row try_of(const pqxx::row& row) {
  try_row t;
  t.lease = id_of<lease_id>(row["lease_id"]);
  t.node = id_of<node_id>(row["node_id"]);
  t.attempt = row["attempt"].as<int>();
  t.state = state_of<lease_state>(row["state"]);
  if (!row["outcome"].is_null()) t.outcome = state_of<attempt_outcome>(row["outcome"]);
  t.error = row["error"].c_str();
  t.granted_at = time_of(row["granted_at"]);
  if (!row["took_us"].is_null()) t.took = microseconds{row["took_us"].as<std::int64_t>()};
  t.ended_at = optional_time_of(row["ended_at"]);
  return t;
}

}  // namespace

std::vector<step_summary> postgres_transaction::summarize_all(std::span<const run_id> runs) {
  std::vector<step_summary> summaries;
  const auto ids = column(runs, [](run_id run) { return run.value; });
  for (const auto& row : query_planned_anew(sql::summarize, ids))
    summaries.push_back({step_of(row),
                         {row["completed"].as<std::int64_t>(), row["failed"].as<std::int64_t>(),
                          row["claimed"].as<std::int64_t>(), counts_of(row)}});
  return summaries;
}

std::vector<partition_row> postgres_transaction::list_partitions(
    step_id step, partition_no after, int limit, std::optional<partition_state> only) {
  return partitions_of(query_planned_anew(partitions_in(only), step.value, after, limit));
}

std::vector<partition_row> postgres_transaction::find_partitions(
    step_id step, std::span<const partition_no> numbers) {
  const auto listed = column(numbers, [](partition_no no) { return no; });
  return partitions_of(query_planned_anew(sql::find_partitions, step.value, listed));
}

std::vector<partition_row> postgres_transaction::list_slowest(step_id step, int limit) {
  return partitions_of(query_planned_anew(sql::list_slowest, step.value, limit));
}

std::vector<try_row> postgres_transaction::list_tries(step_id step, partition_no no, int limit) {
  std::vector<try_row> tries;
  for (const auto& row : query_planned_anew(sql::list_tries, step.value, no, limit))
    tries.push_back(try_of(row));
  return tries;
}

run_standing postgres_transaction::standing(run_id run) {
  const auto row = query_planned_anew(sql::standing, run.value).front();
  return {row["held"].as<bool>(), optional_time_of(row["claimable"]), row["now"].as<bool>()};
}

std::vector<live_sum> postgres_transaction::sum_live() {
  std::vector<live_sum> sums;
  for (const auto& row : query_planned_anew(sql::sum_live))
    sums.push_back({row["job"].c_str(), state_of<run_state>(row["state"]),
                    row["runs"].as<std::int64_t>(), row["completed"].as<std::int64_t>(),
                    row["failed"].as<std::int64_t>(), row["claimed"].as<std::int64_t>(),
                    row["pending"].as<std::int64_t>()});
  return sums;
}

std::vector<idle_run> postgres_transaction::list_idle_runs(int limit) {
  std::vector<idle_run> idle;
  for (const auto& row : query_planned_anew(sql::list_idle_runs, limit))
    idle.push_back(
        {run_of(row), {false, optional_time_of(row["claimable"]), row["now"].as<bool>()}});
  return idle;
}

std::optional<checkpoint> postgres_transaction::find_checkpoint(step_id step, partition_no no) {
  const auto found = query_planned_anew(sql::find_checkpoint, step.value, no);
  if (found.empty()) return std::nullopt;
  const auto& row = found.front();
  return checkpoint{row["seq"].as<std::int64_t>(), row["position"].c_str(), counts_of(row)};
}

std::vector<log_row> postgres_transaction::list_log(step_id step, partition_no no, int limit) {
  std::vector<log_row> rows;
  for (const auto& row : query_planned_anew(sql::list_log, step.value, no, limit))
    rows.push_back({id_of<lease_id>(row["lease_id"]), id_of<node_id>(row["node_id"]),
                    row["attempt"].as<int>(), row["number"].as<std::int64_t>(), row["text"].c_str(),
                    time_of(row["at"])});
  return rows;
}

std::vector<failure_row> postgres_transaction::list_failures(run_id run, int limit) {
  std::vector<failure_row> failures;
  for (const auto& row : query_planned_anew(sql::list_failures, run.value, limit))
    failures.push_back(failure_of(row));
  return failures;
}

std::vector<skipped_row> postgres_transaction::list_skipped(const skipped_cursor& after,
                                                            int limit) {
  return skipped_in(
      query_planned_anew(sql::list_skipped, after.step.value, after.no, after.item, limit));
}

std::vector<skipped_row> postgres_transaction::list_skipped_of(step_id step, partition_no no,
                                                               int limit) {
  return skipped_in(query_planned_anew(sql::list_skipped_of, step.value, no, limit));
}

std::vector<event_row> postgres_transaction::list_events(run_id run, std::int64_t after,
                                                         int limit) {
  std::vector<event_row> events;
  for (const auto& row : query_planned_anew(sql::list_events, run.value, after, limit))
    events.push_back(event_of(row));
  return events;
}

std::vector<event_row> postgres_transaction::newest_events(run_id run, int limit) {
  std::vector<event_row> events;
  for (const auto& row : query_planned_anew(sql::newest_events, run.value, limit))
    events.push_back(event_of(row));
  return events;
}

}  // namespace partita::postgres
