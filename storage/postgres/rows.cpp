#include "storage/postgres/rows.hpp"

#include <charconv>
#include <pqxx/array>

namespace partita::postgres {

db_time time_of(const pqxx::field& micros) {
  return db_time{microseconds{micros.as<std::int64_t>()}};
}

std::optional<db_time> optional_time_of(const pqxx::field& micros) {
  if (micros.is_null()) return std::nullopt;
  return time_of(micros);
}

item_counts counts_of(const pqxx::row& row) {
  return {row["read_count"].as<std::int64_t>(), row["write_count"].as<std::int64_t>(),
          row["filter_count"].as<std::int64_t>(), row["skip_count"].as<std::int64_t>()};
}

std::optional<std::int64_t> micros_of(const std::optional<db_time>& at) {
  return at ? std::optional{at->time_since_epoch().count()} : std::nullopt;
}

run_row run_of(const pqxx::row& row) {
  run_row run;
  run.id = id_of<run_id>(row["run_id"]);
  run.job = {row["job"].c_str(), row["job_version"].as<int>()};
  run.parameters = row["parameters"].c_str();
  run.identity = row["identity"].c_str();
  run.launch_key = row["launch_key"].c_str();
  run.state = state_of<run_state>(row["state"]);
  run.master = id_of<node_id>(row["master"]);
  run.term = id_of<term>(row["term"]);
  run.stop = state_of<stop_mode>(row["stop"]);
  run.restart_of = id_of<run_id>(row["restart_of"]);
  run.result = row["result"].c_str();
  run.error = row["error"].c_str();
  run.created_at = time_of(row["created_at"]);
  run.started_at = optional_time_of(row["started_at"]);
  run.ended_at = optional_time_of(row["ended_at"]);
  run.abandoned = row["abandoned"].as<bool>();
  run.trace_parent = row["trace_parent"].c_str();
  run.schedule = id_of<schedule_id>(row["schedule_id"]);
  run.tick = optional_time_of(row["tick"]);
  run.priority = row["priority"].as<int>();
  run.fair_key = row["fair_key"].c_str();
  if (const auto since = optional_time_of(row["paused_at"]))
    run.paused = pause_mark{*since, row["paused_by"].c_str(), row["paused_note"].c_str()};
  run.purged_at = optional_time_of(row["purged_at"]);
  run.job_paused = row["job_paused"].as<bool>();
  return run;
}

failure_row failure_of(const pqxx::row& row) {
  return {id_of<step_id>(row["step_id"]),
          row["no"].as<std::int64_t>(),
          id_of<lease_id>(row["lease_id"]),
          id_of<node_id>(row["node_id"]),
          row["attempt"].as<int>(),
          state_of<attempt_outcome>(row["outcome"]),
          row["error"].c_str(),
          time_of(row["at"])};
}

step_row step_of(const pqxx::row& row) {
  step_row step;
  step.id = id_of<step_id>(row["step_id"]);
  step.run = id_of<run_id>(row["run_id"]);
  step.spec.name = row["name"].c_str();
  step.spec.ordinal = row["ordinal"].as<int>();
  step.spec.kind = state_of<step_kind>(row["kind"]);
  step.spec.streamed = row["streamed"].as<bool>();
  step.spec.transferable = row["transferable"].as<bool>();
  step.spec.after_failure = row["after_failure"].as<bool>();
  step.spec.retry = {
      row["max_attempts"].as<int>(), milliseconds{row["retry_first_ms"].as<std::int64_t>()},
      row["retry_factor"].as<double>(), milliseconds{row["retry_max_ms"].as<std::int64_t>()}};
  step.spec.split_context = row["split_context"].c_str();
  step.state = state_of<step_state>(row["state"]);
  step.count = row["count"].as<std::int64_t>();
  step.sealed = row["sealed"].as<bool>();
  step.result = row["result"].c_str();
  step.error = row["error"].c_str();
  if (!row["decision"].is_null())
    step.decided = decision{state_of<decision_kind>(row["decision"]), row["decision_text"].c_str()};
  step.spec.at_most = row["at_most"].as<int>();
  step.spec.limits = elements_of(row["limits"]);
  step.spec.tags = elements_of(row["tags"]);
  step.started_at = time_of(row["started_at"]);
  step.ended_at = optional_time_of(row["ended_at"]);
  return step;
}

std::vector<std::string> elements_of(const pqxx::field& value) {
  using juncture = pqxx::array_parser::juncture;
  std::vector<std::string> elements;
  if (value.is_null()) return elements;
  auto parser = value.as_array();
  for (auto next = parser.get_next(); next.first != juncture::done; next = parser.get_next())
    if (next.first == juncture::string_value) elements.push_back(next.second);
  return elements;
}

std::string job_text(const job_ref& job) { return job.name + "/" + std::to_string(job.version); }

job_ref job_of(const std::string& text) {
  const auto slash = text.rfind('/');
  const auto* end = text.data() + text.size();
  job_ref job{text.substr(0, slash), 0};
  if (slash == text.npos || std::from_chars(text.data() + slash + 1, end, job.version).ptr != end)
    throw store_error(errc::damaged, "a node knows the job '" + text + "', which has no version");
  return job;
}

void array::add(std::int64_t value) {
  separate();
  text_ += std::to_string(value);
}

void array::add(std::string_view value) {
  separate();
  text_ += '"';
  for (auto special = value.find_first_of("\"\\"); special != value.npos;
       special = value.find_first_of("\"\\")) {
    text_.append(value.substr(0, special)).append({'\\', value[special]});
    value.remove_prefix(special + 1);
  }
  text_.append(value) += '"';
}

void array::add_null() {
  separate();
  text_ += "NULL";
}

}  // namespace partita::postgres
