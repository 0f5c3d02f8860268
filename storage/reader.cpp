#include <algorithm>

#include "protocol/liveness.hpp"
#include "storage/store.hpp"
#include "storage/text.hpp"
#include "storage/transaction.hpp"

// What people look at.
namespace partita {

std::vector<node_row> reader::list_nodes(bool all) const {
  return run("list_nodes", access::read, &transaction::list_nodes, all);
}

namespace {

std::map<node_state, std::int64_t> count_present(transaction& tx) {
  std::map<node_state, std::int64_t> counts;
  for (const auto& node : tx.present_nodes())
    ++counts[shown_state(node.state, node.silence, node.unreachable_after)];
  return counts;
}

void require_choice(const run_choice& only) {
  require_text("the name of the job", only.job);
  for (const auto& state : only.states) require_text("the state", state);
}

bool is_newer(const run_row& a, const run_row& b) { return a.id > b.id; }

}  // namespace

std::map<node_state, std::int64_t> reader::count_nodes() const {
  return run("count_nodes", access::read, count_present);
}

std::vector<known_job> reader::list_known_jobs() const {
  return run("list_known_jobs", access::read, &transaction::list_known_jobs);
}

std::vector<paused_job> reader::list_paused_jobs() const {
  return run("list_paused_jobs", access::read, &transaction::list_paused_jobs);
}

std::vector<limit_row> reader::list_limits() const {
  return run("list_limits", access::read, &transaction::list_limits);
}

std::vector<retention_row> reader::list_retention() const {
  return run("list_retention", access::read, &transaction::list_retention);
}

std::int64_t reader::count_purging() const {
  return run("count_purging", access::read, &transaction::count_purging);
}

std::vector<schedule_row> reader::list_schedules(const std::string& after, int limit) const {
  require_text("the name of the schedule", after);
  return run("list_schedules", access::read, &transaction::list_schedules, after,
             std::max(0, limit));
}

std::vector<schedule_row> reader::list_doubtful_schedules(int limit) const {
  return run("list_doubtful_schedules", access::read, &transaction::list_doubtful_schedules,
             std::max(0, limit));
}

std::vector<run_row> reader::list_runs_of_schedule(schedule_id schedule, int limit) const {
  return run("list_runs_of_schedule", access::read, &transaction::list_runs_of_schedule, schedule,
             std::max(0, limit));
}

std::optional<schedule_row> reader::find_schedule(const std::string& name) const {
  require_text("the name of the schedule", name);
  return run("find_schedule", access::read, &transaction::find_schedule, name, row_lock::none);
}

std::vector<run_row> reader::list_runs(int limit, run_id before, const run_choice& only) const {
  require_choice(only);
  return run("list_runs", access::read, &transaction::list_runs, std::max(0, limit), before, only);
}

std::map<std::string, std::vector<run_row>> reader::list_runs_of(
    std::span<const std::string> jobs, int limit, const std::vector<std::string>& states) const {
  for (const auto& job : jobs) require_choice({job, states, {}, {}});
  std::map<std::string, std::vector<run_row>> by_job;
  if (jobs.empty()) return by_job;
  auto rows = run("list_runs_of", access::read, &transaction::list_runs_of, jobs,
                  std::max(0, limit), states);
  std::sort(rows.begin(), rows.end(), is_newer);
  for (auto& row : rows) {
    auto& runs = by_job[row.job.name];
    runs.push_back(std::move(row));
  }
  return by_job;
}

std::vector<run_parameters> reader::list_parameters(int limit, run_id before,
                                                    const run_choice& only) const {
  require_choice(only);
  return run("list_parameters", access::read, &transaction::list_parameters, std::max(0, limit),
             before, only);
}

std::vector<run_row> reader::find_runs(std::span<const run_id> runs) const {
  if (runs.empty()) return {};
  auto rows = run("find_runs", access::read, &transaction::find_runs, runs);
  std::sort(rows.begin(), rows.end(), is_newer);
  return rows;
}

std::int64_t reader::count_runs(const run_choice& only, int most) const {
  require_choice(only);
  return run("count_runs", access::read, &transaction::count_runs, only, std::max(0, most));
}

std::vector<partition_row> reader::list_partitions(step_id step, partition_no after, int limit,
                                                   std::optional<partition_state> only) const {
  return run("list_partitions", access::read, &transaction::list_partitions, step, after,
             std::max(0, limit), only);
}

std::vector<partition_row> reader::list_slowest(step_id step, int limit) const {
  return run("list_slowest", access::read, &transaction::list_slowest, step, std::max(0, limit));
}

std::vector<try_row> reader::list_tries(step_id step, partition_no no, int limit) const {
  return run("list_tries", access::read, &transaction::list_tries, step, no, std::max(0, limit));
}

std::optional<checkpoint> reader::find_checkpoint(step_id step, partition_no no) const {
  return run("find_checkpoint", access::read, &transaction::find_checkpoint, step, no);
}

std::vector<log_row> reader::list_log(step_id step, partition_no no, int limit) const {
  return run("list_log", access::read, &transaction::list_log, step, no, std::max(0, limit));
}

run_standing reader::standing(run_id run) const {
  return this->run("standing", access::read, &transaction::standing, run);
}

std::vector<live_sum> reader::sum_live() const {
  return run("sum_live", access::read, &transaction::sum_live);
}

std::vector<idle_run> reader::list_idle_runs(int limit) const {
  return run("list_idle_runs", access::read, &transaction::list_idle_runs, std::max(0, limit));
}

std::vector<failure_row> reader::list_failures(run_id run, int limit) const {
  return this->run("list_failures", access::read, &transaction::list_failures, run,
                   std::max(0, limit));
}

namespace {

/// Step by step: an index gives the items of a step in order.
std::vector<skipped_row> skipped_behind(transaction& tx, run_id run, const skipped_cursor& after,
                                        int limit, step_id only) {
  auto steps = tx.list_steps(run);
  std::sort(steps.begin(), steps.end(),
            [](const step_row& a, const step_row& b) { return a.id < b.id; });
  std::vector<skipped_row> rows;
  for (const auto& step : steps) {
    if (std::ssize(rows) >= limit) break;
    if (step.id < after.step || (only && step.id != only)) continue;
    const auto from = step.id == after.step ? after : skipped_cursor{step.id};
    for (auto& row : tx.list_skipped(from, limit - static_cast<int>(rows.size())))
      rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

std::vector<skipped_row> reader::list_skipped(run_id run, const skipped_cursor& after, int limit,
                                              step_id only) const {
  return this->run("list_skipped", access::read, skipped_behind, run, after, std::max(0, limit),
                   only);
}

std::vector<skipped_row> reader::list_skipped_of(step_id step, partition_no no, int limit) const {
  return run("list_skipped_of", access::read, &transaction::list_skipped_of, step, no,
             std::max(0, limit));
}

std::vector<event_row> reader::list_events(run_id run, std::int64_t after, int limit) const {
  return this->run("list_events", access::read, &transaction::list_events, run, after,
                   std::max(0, limit));
}

std::vector<event_row> reader::newest_events(run_id run, int limit) const {
  return this->run("newest_events", access::read, &transaction::newest_events, run,
                   std::max(0, limit));
}

std::vector<tile_row> reader::list_tiles(step_id step, std::chrono::seconds from, int limit) const {
  auto rows =
      run("list_tiles", access::read, &transaction::list_tiles, step, from, std::max(0, limit));
  if (rows.empty() || std::ssize(rows) < limit) return rows;
  const auto last = rows.back().begins;
  if (rows.front().begins != last)
    while (rows.back().begins == last) rows.pop_back();
  return rows;
}

std::vector<ended_row> reader::list_ended(step_id step, const lease_window& window,
                                          int limit) const {
  return run("list_ended", access::read, &transaction::list_ended, step, window,
             std::max(0, limit));
}

std::vector<live_lease_row> reader::list_live_leases(run_id run, node_id node, int limit) const {
  return this->run("list_live_leases", access::read, &transaction::list_live_leases, run, node,
                   std::max(0, limit));
}

std::vector<moved_row> reader::list_moved(run_id run, int limit) const {
  return this->run("list_moved", access::read, &transaction::list_moved, run, std::max(0, limit));
}

std::vector<microseconds> reader::sample_durations(step_id step, int most) const {
  return run("sample_durations", access::read, &transaction::sample_durations, step,
             std::max(1, most));
}

std::vector<failure_row> reader::sample_failures(run_id run, int of_step) const {
  return this->run("sample_failures", access::read, &transaction::sample_failures, run,
                   std::max(0, of_step));
}

std::vector<pace_row> reader::list_pace(std::chrono::seconds since) const {
  return run("list_pace", access::read, &transaction::list_pace,
             std::max(std::chrono::seconds{0}, since));
}

}  // namespace partita
