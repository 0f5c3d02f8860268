#include "storage/store.hpp"

#include <algorithm>

#include "storage/text.hpp"
#include "storage/transaction.hpp"
#include "storage/verbs/leases.hpp"
#include "storage/verbs/nodes.hpp"
#include "storage/verbs/retention.hpp"
#include "storage/verbs/runs.hpp"
#include "storage/verbs/schedules.hpp"
#include "storage/verbs/sharing.hpp"
#include "storage/verbs/steps.hpp"

// Each verb joined with its algorithm.
namespace partita {

namespace {

/// Throws what an author's code threw as its own.
template <class Work>
auto unwrapped(const Work& work) {
  try {
    return work();
  } catch (const author_failure& e) {
    std::rethrow_exception(e.cause);
  }
}

}  // namespace

// --- what everybody may know ---------------------------------------------------------------------

std::optional<run_row> run_lookup::find_run(run_id run) const {
  return this->run("find_run", access::read, &transaction::find_run, run, row_lock::none);
}

std::vector<step_row> run_lookup::list_steps(run_id run) const {
  return this->run("list_steps", access::read, &transaction::list_steps, run);
}

std::vector<step_summary> run_lookup::summarize(run_id run) const {
  return this->run("summarize", access::read, &transaction::summarize, run);
}

std::map<run_id, std::vector<step_summary>> run_lookup::summarize(
    std::span<const run_id> runs) const {
  std::map<run_id, std::vector<step_summary>> by_run;
  if (runs.empty()) return by_run;
  for (auto& step : run("summarize_all", access::read, &transaction::summarize_all, runs))
    by_run[step.row.run].push_back(std::move(step));
  return by_run;
}

std::vector<partition_row> run_lookup::find_partitions(
    step_id step, std::span<const partition_no> numbers) const {
  if (numbers.empty()) return {};
  return run("find_partitions", access::read, &transaction::find_partitions, step, numbers);
}

std::optional<run_row> run_lookup::find_continuation(run_id ended) const {
  return run("find_continuation", access::read, &transaction::find_continuation, ended);
}

// --- nodes ---------------------------------------------------------------------------------------

node_id cluster_store::register_node(const node_info& info) const {
  return run("register_node", access::write, verbs::register_node, info);
}

cluster_view cluster_store::heartbeat(node_id node, node_load load, bool draining,
                                      const std::optional<liveness_limits>& limits) const {
  return run("heartbeat", access::light_write, &transaction::heartbeat, node, load, draining,
             limits);
}

sweep_verdict cluster_store::sweep(node_id suspect, const liveness_limits& limits) const {
  return run("sweep", access::write, verbs::sweep, suspect, limits);
}

bool cluster_store::leave(node_id node, int most) const {
  return run("leave", access::write, verbs::leave, node, most);
}

// --- launching -----------------------------------------------------------------------------------

run_row launcher_store::submit(const submission& s) const {
  return run("submit", access::write, verbs::submit, s);
}

run_row launcher_store::restart(run_id ended, const std::string& launch_key, int version,
                                const std::string& by, restart_scope scope) const {
  return run("restart", access::write, verbs::restart, ended, launch_key, version, by, scope);
}

run_row launcher_store::abandon(run_id ended, const std::string& by) const {
  return run("abandon", access::write, verbs::abandon, ended, by);
}

run_row launcher_store::request_stop(run_id run, stop_mode mode, const std::string& by) const {
  return this->run("request_stop", access::write, verbs::request_stop, run, mode, by);
}

void launcher_store::request_drain(node_id node, const std::string& by) const {
  run("request_drain", access::write, verbs::request_drain, node, by);
}

// --- how runs share the cluster ------------------------------------------------------------------

run_row sharing_store::pause_run(run_id run, const std::string& note, const std::string& by) const {
  return this->run("pause_run", access::write, verbs::pause_run, run, note, by);
}

run_row sharing_store::resume_run(run_id run, const std::string& by) const {
  return this->run("resume_run", access::write, verbs::resume_run, run, by);
}

void sharing_store::pause_job(const std::string& job, const std::string& note,
                              const std::string& by) const {
  run("pause_job", access::write, verbs::pause_job, job, note, by);
}

bool sharing_store::resume_job(const std::string& job, const std::string& by) const {
  return run("resume_job", access::write, verbs::resume_job, job, by);
}

run_row sharing_store::set_priority(run_id run, int priority, const std::string& by) const {
  return this->run("set_priority", access::write, verbs::set_priority, run, priority, by);
}

void sharing_store::set_limit(const std::string& name, const std::optional<int>& slots,
                              const std::string& by) const {
  run("set_limit", access::write, verbs::set_limit, name, slots, by);
}

// --- retention -----------------------------------------------------------------------------------

void retention_store::set_retention(const std::string& job, const std::optional<retention>& what,
                                    const std::string& by) const {
  run("set_retention", access::write, verbs::set_retention, job, what, by);
}

std::vector<run_id> retention_store::list_purgeable(const purge_choice& which, int most) const {
  require_text("the name of the job", which.job);
  return run("list_purgeable", access::read, &transaction::list_purgeable, which, most);
}

std::vector<run_id> retention_store::purge(const purge_choice& which, int most,
                                           const std::string& by) const {
  return run("purge", access::write, verbs::purge, which, most, by);
}

purge_round retention_store::purge_expired(int most) const {
  return run("purge_expired", access::write, verbs::purge_expired, most);
}

purged_files retention_store::next_purged_files(const purged_files_cursor& after, int most,
                                                milliseconds pause) const {
  return run("next_purged_files", access::write, verbs::next_purged_files, after, most, pause);
}

void retention_store::files_are_gone(std::span<const run_id> runs) const {
  run("files_are_gone", access::write, &transaction::files_are_gone, runs);
}

purge_progress retention_store::purge_rows(int most, milliseconds pause) const {
  return run("purge_rows", access::write, verbs::purge_rows, most, pause);
}

// --- schedules -----------------------------------------------------------------------------------

schedule_row schedule_store::add_schedule(const new_schedule& s, bool paused,
                                          const std::string& by) const {
  return run("add_schedule", access::write, verbs::add_schedule, s, paused, by);
}

int schedule_store::declare_schedules(std::span<const new_schedule> all) const {
  if (all.empty()) return 0;
  return run("declare_schedules", access::write, verbs::declare_schedules, all);
}

void schedule_store::remove_schedule(const std::string& name, const std::string& by) const {
  run("remove_schedule", access::write, verbs::remove_schedule, name, by);
}

schedule_row schedule_store::pause_schedule(const std::string& name, const std::string& note,
                                            const std::string& by) const {
  return run("pause_schedule", access::write, verbs::pause_schedule, name, note, by);
}

schedule_row schedule_store::resume_schedule(const std::string& name, const std::string& by) const {
  return run("resume_schedule", access::write, verbs::resume_schedule, name, by);
}

run_row schedule_store::run_schedule(const std::string& name, const std::optional<db_time>& tick,
                                     int version, const std::string& by) const {
  return run("run_schedule", access::write, verbs::run_schedule, name, tick, version, by);
}

int scheduler_store::balance_schedules(node_id node) const {
  return run("balance_schedules", access::write, verbs::balance_schedules, node);
}

fired_ticks scheduler_store::fire_schedules(node_id node, std::span<const job_ref> known,
                                            int most) const {
  return run("fire_schedules", access::write, verbs::fire_schedules, node, known,
             std::max(1, most));
}

// --- driving a run -------------------------------------------------------------------------------

std::optional<term> master_store::adopt_run(run_id run, node_id node, term seen) const {
  return this->run("adopt_run", access::write, verbs::adopt_run, run, node, seen);
}

void master_store::step_down(run_id run, node_id node, term t) const {
  run_fenced("step_down", verbs::step_down, run, node, t);
}

step_row master_store::begin_step(run_id run, node_id node, term t, const step_spec& spec) const {
  return run_fenced("begin_step", verbs::begin_step, run, node, t, spec);
}

void master_store::reset_split(step_id step, node_id node, term t) const {
  run_fenced("reset_split", verbs::reset_split, step, node, t);
}

void master_store::append_partitions(step_id step, node_id node, term t, partition_no first_no,
                                     std::span<const new_partition> rows) const {
  run_fenced("append_partitions", verbs::append_partitions, step, node, t, first_no, rows);
}

void master_store::seal_split(step_id step, node_id node, term t, partition_no first_no,
                              std::span<const new_partition> last,
                              std::span<const ready_range> ranges) const {
  run_fenced("seal_split", verbs::seal_split, step, node, t, first_no, last, ranges);
}

step_progress master_store::progress(step_id step) const {
  return run("progress", access::read, verbs::progress, step);
}

void master_store::fail_step(step_id step, node_id node, term t, const std::string& error) const {
  run_fenced("fail_step", verbs::fail_step, step, node, t, error);
}

void master_store::end_step(step_id step, node_id node, term t, step_state state,
                            const json_text& result, const std::string& error,
                            const std::optional<json_text>& run_result) const {
  run_fenced("end_step", verbs::end_step, step, node, t, state, result, error, run_result);
}

void master_store::decide_step(step_id step, node_id node, term t, const decision& chosen) const {
  run_fenced("decide_step", verbs::decide_step, step, node, t, chosen);
}

void master_store::end_run(run_id run, node_id node, term t, run_state state,
                           const std::string& error) const {
  run_fenced("end_run", verbs::end_run, run, node, t, state, error);
}

std::vector<result_row> master_store::list_results(step_id step, partition_no after, int limit,
                                                   result_kind kind) const {
  return run("list_results", access::read, &transaction::list_results, step, after,
             std::max(0, limit), kind);
}

std::vector<live_node> master_store::live_nodes(const job_ref& job) const {
  require_text("the name of the job", job.name);
  return run("live_nodes", access::read, &transaction::live_nodes, job);
}

// --- claiming and working ------------------------------------------------------------------------

work_view worker_store::look(node_id node) const {
  return run("look", access::read, &transaction::look, node);
}

std::optional<lease_grant> worker_store::claim(node_id node, step_id step, std::int64_t width,
                                               std::int64_t narrow, bool limited) const {
  return run("claim", access::single, &transaction::claim, node, step, width, narrow, limited);
}

int worker_store::release(node_id node, std::span<const lease_id> leases) const {
  return run("release", access::write, verbs::release, node, leases);
}

void worker_store::give_back(node_id node, lease_id lease, partition_no from) const {
  run("give_back", access::write, verbs::give_back, node, lease, from);
}

std::vector<report_verdict> worker_store::report(node_id node,
                                                 std::span<const attempt_report> items) const {
  return run("report", access::single, &transaction::report, node, items);
}

void worker_store::commit_checkpoint(lease_id lease, partition_no no, const checkpoint& c) const {
  run("commit_checkpoint", access::single, &transaction::commit_checkpoint, lease, no, c);
}

chunk worker_store::commit_chunk(lease_id lease, partition_no no, const chunk& c,
                                 const author_work& write) const {
  return unwrapped(
      [&] { return run("commit_chunk", access::write, verbs::commit_chunk, lease, no, c, write); });
}

chunk worker_store::write_elsewhere(lease_id lease, partition_no no, const chunk& c,
                                    const author_work& write) const {
  return unwrapped([&] {
    return run("write_elsewhere", access::write, verbs::write_elsewhere, lease, no, c, write);
  });
}

std::vector<sql_row> worker_store::query(lease_id lease, partition_no no,
                                         const std::string& statement,
                                         std::span<const sql_value> values) const {
  return unwrapped(
      [&] { return run("query", access::read, verbs::query, lease, no, statement, values); });
}

void worker_store::open_cursor(lease_id lease, partition_no no, std::int64_t cursor,
                               const std::string& statement,
                               std::span<const sql_value> values) const {
  unwrapped([&] {
    run("open_cursor", access::read, verbs::open_cursor, lease, no, cursor, statement, values);
  });
}

std::vector<sql_row> worker_store::read_cursor(lease_id lease, partition_no no, std::int64_t cursor,
                                               std::int64_t after, int most) const {
  return unwrapped([&] {
    return run("read_cursor", access::read, verbs::read_cursor, lease, no, cursor, after, most);
  });
}

void worker_store::record_progress(std::span<const progress_report> items) const {
  if (items.empty()) return;
  run("record_progress", access::light_write, &transaction::record_progress, items);
}

void worker_store::record_log(std::span<const log_line> lines) const {
  if (lines.empty()) return;
  for (const auto& line : lines) require_text("a line of a log", line.text);
  run("record_log", access::light_write, &transaction::record_log, lines);
}

}  // namespace partita
