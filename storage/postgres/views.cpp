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
  p.ended_at = optional_time_of(row["ended_at"]);
  return p;
}

}  // namespace

std::vector<step_summary> postgres_transaction::summarize(run_id run) {
  std::vector<step_summary> summaries;
  for (const auto& row : query_planned_anew(sql::summarize, run.value))
    summaries.push_back({step_of(row),
                         {row["completed"].as<std::int64_t>(), row["failed"].as<std::int64_t>(),
                          row["claimed"].as<std::int64_t>(), counts_of(row)}});
  return summaries;
}

std::vector<partition_row> postgres_transaction::list_partitions(step_id step, partition_no after,
                                                                 int limit) {
  std::vector<partition_row> partitions;
  for (const auto& row : query_planned_anew(sql::list_partitions, step.value, after, limit))
    partitions.push_back(partition_of(row));
  return partitions;
}

std::vector<failure_row> postgres_transaction::list_failures(run_id run, int limit) {
  std::vector<failure_row> failures;
  for (const auto& row : query_planned_anew(sql::list_failures, run.value, limit))
    failures.push_back({id_of<step_id>(row["step_id"]), row["no"].as<std::int64_t>(),
                        id_of<lease_id>(row["lease_id"]), id_of<node_id>(row["node_id"]),
                        row["attempt"].as<int>(), state_of<attempt_outcome>(row["outcome"]),
                        row["error"].c_str(), time_of(row["at"])});
  return failures;
}

std::vector<event_row> postgres_transaction::list_events(run_id run, std::int64_t after,
                                                         int limit) {
  std::vector<event_row> events;
  for (const auto& row : query_planned_anew(sql::list_events, run.value, after, limit))
    events.push_back({row["event_id"].as<std::int64_t>(), time_of(row["at"]), row["kind"].c_str(),
                      id_of<run_id>(row["run_id"]), id_of<step_id>(row["step_id"]),
                      id_of<lease_id>(row["lease_id"]), id_of<node_id>(row["node_id"]),
                      row["detail"].c_str()});
  return events;
}

}  // namespace partita::postgres
