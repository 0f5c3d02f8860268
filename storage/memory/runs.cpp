#include <algorithm>

#include "storage/memory/memory_transaction.hpp"

namespace partita::memory {

namespace {

template <class Condition>
std::optional<run_row> first(const std::map<run_id, run_row>& runs, Condition holds) {
  for (const auto& [id, run] : runs)
    if (holds(run)) return run;
  return std::nullopt;
}

}  // namespace

std::optional<run_row> memory_transaction::find_run(run_id run, row_lock) {
  if (const auto* row = find(db_.runs, run)) return *row;
  return std::nullopt;
}

std::optional<run_row> memory_transaction::find_launch(const std::string& launch_key) {
  return first(db_.runs, [&](const run_row& run) { return run.launch_key == launch_key; });
}

std::optional<run_row> memory_transaction::find_continuation(run_id ended) {
  return first(db_.runs, [&](const run_row& run) { return run.restart_of == ended; });
}

std::optional<run_row> memory_transaction::find_live_run(const std::string& job,
                                                         const std::string& identity) {
  return first(db_.runs, [&](const run_row& run) {
    return run.job.name == job && run.identity == identity && !is_terminal(run.state);
  });
}

bool memory_transaction::any_live_run() {
  return std::any_of(db_.runs.begin(), db_.runs.end(),
                     [](const auto& run) { return !is_terminal(run.second.state); });
}

std::optional<run_id> memory_transaction::insert_run(const run_row& run) {
  if (find_launch(run.launch_key) || find_live_run(run.job.name, run.identity) ||
      (run.restart_of && find_continuation(run.restart_of)) ||
      (run.tick && !run.restart_of && find_run_of_tick(run.schedule, *run.tick)))
    return std::nullopt;
  run_row row;
  row.id = next_id(db_.runs);
  row.job = run.job;
  row.parameters = run.parameters;
  row.identity = run.identity;
  row.launch_key = run.launch_key;
  row.restart_of = run.restart_of;
  row.result = run.result;
  row.trace_parent = run.trace_parent;
  row.schedule = run.schedule;
  row.tick = run.tick;
  row.priority = run.priority;
  row.fair_key = fair_key_of(run);
  row.job_paused = db_.paused_jobs.contains(run.job.name);
  row.created_at = now_;
  insert(db_.runs, row.id, row);
  return row.id;
}

std::int64_t memory_transaction::set_stop(run_id run, stop_mode mode) {
  return update(db_.runs, run, [&](run_row& row) { row.stop = mode; });
}

std::int64_t memory_transaction::take_run(run_id run, node_id master, term t) {
  return update(db_.runs, run, [&](run_row& row) {
    row.master = master;
    row.term = t;
    row.state = run_state::running;
    row.fair_key = fair_key_of(row);
    if (!row.started_at) row.started_at = now_;
  });
}

std::int64_t memory_transaction::release_run(run_id run) {
  return update(db_.runs, run, [](run_row& row) { row.master = node_id{}; });
}

std::int64_t memory_transaction::set_run_result(run_id run, const json_text& result) {
  return update(db_.runs, run, [&](run_row& row) { row.result = result; });
}

std::int64_t memory_transaction::end_run(run_id run, run_state state, const std::string& error) {
  return update(db_.runs, run, [&](run_row& row) {
    row.state = state;
    row.error = error;
    row.ended_at = now_;
  });
}

std::vector<masterless_run> memory_transaction::driven_by(node_id master) {
  std::vector<masterless_run> driven;
  for (const auto& [id, run] : db_.runs)
    if (run.master == master && !is_terminal(run.state)) driven.push_back({id, run.term});
  return driven;
}

std::int64_t memory_transaction::set_abandoned(run_id run) {
  return update(db_.runs, run, [](run_row& row) { row.abandoned = true; });
}

namespace {

bool is_among(const run_row& run, const run_choice& only) {
  return !run.purged_at && (only.job.empty() || run.job.name == only.job) &&
         is_shown_as(run, only.states) && (!only.since || run.created_at >= *only.since) &&
         (!only.until || run.created_at < *only.until) &&
         (!only.master || run.master == only.master);
}

}  // namespace

std::int64_t memory_transaction::count_runs(const run_choice& only, int most) {
  return std::min<std::int64_t>(
      most, std::count_if(db_.runs.begin(), db_.runs.end(),
                          [&](const auto& run) { return is_among(run.second, only); }));
}

std::vector<run_row> memory_transaction::list_runs(int limit, run_id before,
                                                   const run_choice& only) {
  std::vector<run_row> rows;
  const auto end = before ? db_.runs.lower_bound(before) : db_.runs.end();
  for (auto run = std::make_reverse_iterator(end);
       run != db_.runs.rend() && static_cast<int>(rows.size()) < limit; ++run)
    if (is_among(run->second, only)) rows.push_back(run->second);
  return rows;
}

std::vector<run_row> memory_transaction::list_runs_of_schedule(schedule_id schedule, int limit) {
  std::vector<run_row> rows;
  for (auto run = db_.runs.rbegin(); run != db_.runs.rend() && std::ssize(rows) < limit; ++run)
    if (run->second.schedule == schedule && !run->second.purged_at) rows.push_back(run->second);
  return rows;
}

}  // namespace partita::memory
