#include <algorithm>
#include <nlohmann/json.hpp>

#include "protocol/mutation.hpp"
#include "storage/memory/memory_transaction.hpp"

namespace partita::memory {

namespace {

/// Of a step: whether it names this limit.
auto under(const std::string& limit) {
  return [&limit](const step_row& s) {
    return std::find(s.spec.limits.begin(), s.spec.limits.end(), limit) != s.spec.limits.end();
  };
}

}  // namespace

std::string memory_transaction::fair_key_of(const run_row& run) const {
  const auto* job = find(db_.jobs, run.job);
  if (job == nullptr || job->latest.fair_by.empty()) return {};
  const auto given = nlohmann::json::parse(run.parameters, nullptr, false);
  if (!given.is_object() || !given.contains(job->latest.fair_by)) return {};
  const auto& value = given.at(job->latest.fair_by);
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::int64_t memory_transaction::set_priority(run_id run, int priority) {
  return update(db_.runs, run, [&](run_row& row) { row.priority = priority; });
}

std::int64_t memory_transaction::pause_run(run_id run, const std::string& by,
                                           const std::string& note) {
  return update(db_.runs, run, [&](run_row& row) { row.paused = pause_mark{now_, by, note}; });
}

std::int64_t memory_transaction::resume_run(run_id run) {
  return update(db_.runs, run, [](run_row& row) { row.paused.reset(); });
}

void memory_transaction::mark_runs_of(const std::string& job, bool paused) {
  for (const auto& [id, row] : db_.runs)
    if (row.job.name == job && row.job_paused != paused)
      update(db_.runs, id, [&](run_row& run) { run.job_paused = paused; });
}

void memory_transaction::pause_job(const std::string& job, const std::string& by,
                                   const std::string& note) {
  changed_.keep(db_.paused_jobs, job);
  db_.paused_jobs.insert_or_assign(job, pause_mark{now_, by, note});
  mark_runs_of(job, true);
}

std::int64_t memory_transaction::resume_job(const std::string& job) {
  if (!db_.paused_jobs.contains(job)) return 0;
  erase(db_.paused_jobs, job);
  mark_runs_of(job, false);
  return 1;
}

int memory_transaction::lock_max_runs(const job_ref& job) {
  const auto* known = find(db_.jobs, job);
  return known == nullptr ? 0 : known->latest.max_runs;
}

std::int64_t memory_transaction::count_running(const std::string& job) {
  return std::count_if(db_.runs.begin(), db_.runs.end(), [&](const auto& run) {
    return run.second.job.name == job && run.second.state == run_state::running;
  });
}

void memory_transaction::insert_limits(std::span<const std::string> names) {
  for (const auto& name : names)
    if (!db_.limits.contains(name)) insert(db_.limits, name, {name, std::nullopt, lease_id{}, 0});
}

std::int64_t memory_transaction::set_limit(const std::string& name,
                                           const std::optional<int>& slots) {
  const auto newest = db_.leases.empty() ? lease_id{} : db_.leases.rbegin()->first;
  return update(db_.limits, name, [&](limit_row& row) {
    row.slots = slots;
    row.since = newest;
  });
}

/// What each node has of the steps for which the condition holds.
template <class Condition>
std::map<node_id, std::int64_t> memory_transaction::unended_where(Condition holds) const {
  std::map<node_id, std::int64_t> unended;
  for (const auto& [id, lease] : db_.leases)
    if ((lease.state == lease_state::live || PARTITA_BUG(limits_count_what_is_lost)) &&
        holds(db_.steps.at(lease.step).row))
      unended[lease.node] += lease.unended();
  return unended;
}

std::vector<limit_use> memory_transaction::limit_uses(std::span<const step_id> steps) {
  std::vector<limit_use> uses;
  const auto add = [&](step_id step, const std::string& limit, int slots, const auto& unended) {
    if (unended.empty()) uses.push_back({step, limit, slots, {}, 0, 0});
    for (const auto& [node, count] : unended)
      uses.push_back({step, limit, slots, node, count, db_.nodes.at(node).info.slots});
  };
  for (auto id : steps) {
    const auto& spec = db_.steps.at(id).row.spec;
    if (spec.at_most > 0)
      add(id, "", spec.at_most, unended_where([&](const step_row& s) { return s.id == id; }));
    for (const auto& name : spec.limits)
      if (const auto* limit = find(db_.limits, name); limit != nullptr && limit->slots)
        add(id, name, *limit->slots, unended_where(under(name)));
  }
  return uses;
}

std::vector<paused_job> memory_transaction::list_paused_jobs() {
  std::vector<paused_job> jobs;
  for (const auto& [job, why] : db_.paused_jobs) jobs.push_back({job, why});
  return jobs;
}

std::vector<limit_row> memory_transaction::list_limits() {
  std::vector<limit_row> limits;
  for (const auto& [name, row] : db_.limits) {
    limits.push_back(row);
    for (const auto& [node, unended] : unended_where(under(name)))
      limits.back().in_use +=
          static_cast<int>(in_execution(unended, db_.nodes.at(node).info.slots));
  }
  return limits;
}

}  // namespace partita::memory
