#include "storage/postgres/statements/sharing.hpp"

#include "storage/postgres/planted.hpp"
#include "storage/postgres/postgres_transaction.hpp"
#include "storage/postgres/rows.hpp"

namespace partita::postgres {

std::int64_t postgres_transaction::set_priority(run_id run, int priority) {
  return change(sql::set_priority, run.value, priority);
}

std::int64_t postgres_transaction::pause_run(run_id run, const std::string& by,
                                             const std::string& note) {
  return change(sql::pause_run, run.value, by, note);
}

std::int64_t postgres_transaction::resume_run(run_id run) {
  return change(sql::resume_run, run.value);
}

void postgres_transaction::pause_job(const std::string& job, const std::string& by,
                                     const std::string& note) {
  change(sql::pause_job, job, by, note);
}

std::int64_t postgres_transaction::resume_job(const std::string& job) {
  return change(sql::resume_job, job);
}

int postgres_transaction::lock_max_runs(const job_ref& job) {
  for (const auto& row :
       query(with_bugs(sql::lock_max_runs,
                       {{PARTITA_BUG(postgres_queue_without_the_lock), "FOR NO KEY UPDATE", ""}}),
             job.name))
    if (row["version"].as<int>() == job.version) return row["max_runs"].as<int>();
  return 0;
}

std::int64_t postgres_transaction::count_running(const std::string& job) {
  return query_planned_anew(sql::count_running, job).front()[0].as<std::int64_t>();
}

void postgres_transaction::insert_limits(std::span<const std::string> names) {
  query(sql::insert_limits, text_column(names));
}

std::int64_t postgres_transaction::set_limit(const std::string& name,
                                             const std::optional<int>& slots) {
  query(sql::lock_limit, name);
  return change(sql::set_limit, name, slots);
}

std::vector<limit_use> postgres_transaction::limit_uses(std::span<const step_id> steps) {
  std::vector<limit_use> uses;
  for (const auto& row :
       query_planned_anew(sql::limit_uses, column(steps, [](step_id s) { return s.value; })))
    uses.push_back({id_of<step_id>(row["step_id"]), row["name"].c_str(), row["slots"].as<int>(),
                    id_of<node_id>(row["node_id"]), row["unended"].as<std::int64_t>(),
                    row["executors"].as<int>()});
  return uses;
}

std::vector<paused_job> postgres_transaction::list_paused_jobs() {
  std::vector<paused_job> jobs;
  for (const auto& row : query(sql::list_paused_jobs))
    jobs.push_back(
        {row["job"].c_str(), {time_of(row["at"]), row["by"].c_str(), row["note"].c_str()}});
  return jobs;
}

std::vector<limit_row> postgres_transaction::list_limits() {
  std::vector<limit_row> limits;
  for (const auto& row : query_planned_anew(sql::list_limits)) {
    limits.push_back({row["name"].c_str(), std::nullopt, id_of<lease_id>(row["since_lease"]),
                      row["in_use"].as<int>()});
    if (!row["slots"].is_null()) limits.back().slots = row["slots"].as<int>();
  }
  return limits;
}

}  // namespace partita::postgres
