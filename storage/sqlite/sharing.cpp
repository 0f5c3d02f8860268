#include "storage/sqlite/statements/sharing.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"

namespace partita::sqlite {

std::int64_t sqlite_transaction::set_priority(run_id run, int priority) {
  return db_.run(sql::set_priority, run, priority);
}

std::int64_t sqlite_transaction::pause_run(run_id run, const std::string& by,
                                           const std::string& note) {
  return db_.run(sql::pause_run, run, by, note);
}

std::int64_t sqlite_transaction::resume_run(run_id run) { return db_.run(sql::resume_run, run); }

void sqlite_transaction::pause_job(const std::string& job, const std::string& by,
                                   const std::string& note) {
  db_.run(sql::pause_job, job, by, note);
}

std::int64_t sqlite_transaction::resume_job(const std::string& job) {
  return db_.run(sql::resume_job, job);
}

int sqlite_transaction::lock_max_runs(const job_ref& job) {
  auto s = db_.query(sql::max_runs, job.name, job.version);
  return s.next() ? s.get<int>(0) : 0;
}

std::int64_t sqlite_transaction::count_running(const std::string& job) {
  auto s = db_.query(sql::count_running, job);
  return s.next() ? s.get<std::int64_t>(0) : 0;
}

void sqlite_transaction::insert_limits(std::span<const std::string> names) {
  auto insert = db_.prepare(sql::insert_limit);
  for (const auto& name : names) insert.run(name);
}

std::int64_t sqlite_transaction::set_limit(const std::string& name,
                                           const std::optional<int>& slots) {
  return db_.run(sql::set_limit, name, slots);
}

std::vector<limit_use> sqlite_transaction::limit_uses(std::span<const step_id> steps) {
  std::vector<limit_use> uses;
  for (auto step : steps)
    for (auto s = db_.query(sql::limit_uses, step); s.next();)
      uses.push_back({step, s.get<std::string>(0), s.get<int>(1), s.get<node_id>(2),
                      s.get<std::optional<std::int64_t>>(3).value_or(0),
                      s.get<std::optional<int>>(4).value_or(0)});
  return uses;
}

std::vector<paused_job> sqlite_transaction::list_paused_jobs() {
  std::vector<paused_job> jobs;
  for (auto s = db_.query(sql::list_paused_jobs); s.next();)
    jobs.push_back(
        {s.get<std::string>(0), {s.get<db_time>(1), s.get<std::string>(2), s.get<std::string>(3)}});
  return jobs;
}

std::vector<limit_row> sqlite_transaction::list_limits() {
  std::vector<limit_row> limits;
  for (auto s = db_.query(sql::list_limits); s.next();)
    limits.push_back(
        {s.get<std::string>(0), s.get<std::optional<int>>(1), s.get<lease_id>(2), s.get<int>(3)});
  return limits;
}

}  // namespace partita::sqlite
