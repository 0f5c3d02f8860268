#pragma once

#include <optional>
#include <pqxx/nontransaction>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "protocol/adoption.hpp"
#include "storage/postgres/author.hpp"
#include "storage/postgres/connection.hpp"
#include "storage/postgres/witness.hpp"
#include "storage/session.hpp"
#include "storage/transaction.hpp"

namespace partita::postgres {

/// A transaction of a verb. Its functions stand in one file a group: nodes.cpp, runs.cpp,
/// schedules.cpp, steps.cpp, leases.cpp, results.cpp, views.cpp, and hot.cpp for the verbs with
/// statements of their own.
///
/// A verb that writes is enclosed in BEGIN and COMMIT. For the others each statement is a
/// transaction by itself, in one round trip: until `begin`, where a verb turns out to need more.
class postgres_transaction final : public transaction {
 public:
  postgres_transaction(connection& server, access how);
  /// Rolls back what was begun and is not committed.
  ~postgres_transaction() override;

  void commit();

  author_transaction& author(lease_id lease, partition_no no) override;
  void log(std::string_view kind, const subject& about, const nlohmann::json& detail) override;

  // --- nodes.cpp
  node_id insert_node(const node_info& info) override;
  void describe_jobs(std::span<const job_description> jobs) override;
  std::optional<node_standing> find_node(node_id node, row_lock lock) override;
  std::set<node_id> active_among(const std::set<node_id>& nodes) override;
  std::vector<node_standing> present_nodes() override;
  std::int64_t renew_node(node_id node, node_load load, node_state state) override;
  std::int64_t mark_node(node_id node, node_state state) override;
  std::int64_t end_node(node_id node, node_state state) override;
  std::vector<node_row> list_nodes(bool all) override;
  std::vector<live_node> live_nodes(const job_ref& job) override;
  std::vector<known_job> list_known_jobs() override;

  // --- runs.cpp
  std::optional<run_row> find_run(run_id run, row_lock lock) override;
  std::optional<run_row> find_launch(const std::string& launch_key) override;
  std::optional<run_row> find_continuation(run_id ended) override;
  std::optional<run_row> find_live_run(const std::string& job,
                                       const std::string& identity) override;
  bool any_live_run() override;
  std::optional<run_id> insert_run(const run_row& run) override;
  std::int64_t set_stop(run_id run, stop_mode mode) override;
  std::int64_t take_run(run_id run, node_id master, term t) override;
  std::int64_t release_run(run_id run) override;
  std::int64_t set_run_result(run_id run, const json_text& result) override;
  std::int64_t end_run(run_id run, run_state state, const std::string& error) override;
  std::vector<masterless_run> driven_by(node_id master) override;
  void tell_of_work() override { tells_of_work_ = true; }
  std::int64_t set_abandoned(run_id run) override;
  std::vector<run_row> list_runs(int limit, run_id before, const run_choice& only) override;
  std::int64_t count_runs(const run_choice& only, int most) override;
  std::vector<run_parameters> list_parameters(int limit, run_id before,
                                              const run_choice& only) override;
  std::vector<run_row> list_runs_of(std::span<const std::string> jobs, int limit,
                                    const std::vector<std::string>& states) override;
  std::vector<run_row> find_runs(std::span<const run_id> runs) override;

  // --- sharing.cpp
  std::int64_t set_priority(run_id run, int priority) override;
  std::int64_t pause_run(run_id run, const std::string& by, const std::string& note) override;
  std::int64_t resume_run(run_id run) override;
  void pause_job(const std::string& job, const std::string& by, const std::string& note) override;
  std::int64_t resume_job(const std::string& job) override;
  int lock_max_runs(const job_ref& job) override;
  std::int64_t count_running(const std::string& job) override;
  void insert_limits(std::span<const std::string> names) override;
  std::int64_t set_limit(const std::string& name, const std::optional<int>& slots) override;
  std::vector<limit_use> limit_uses(std::span<const step_id> steps) override;
  std::vector<paused_job> list_paused_jobs() override;
  std::vector<limit_row> list_limits() override;

  void set_retention(const std::string& job, const retention& what) override;
  std::int64_t remove_retention(const std::string& job) override;
  std::vector<run_id> list_purgeable(const purge_choice& which, int most) override;
  std::vector<run_id> list_expired(int most) override;
  std::int64_t entomb(std::span<const run_id> chain, bool expired) override;
  bool take_purge_turn(milliseconds pause) override;
  std::optional<run_id> find_purged_with_files(run_id upto) override;
  void files_are_gone(std::span<const run_id> runs) override;
  std::int64_t purge_rows(int most) override;
  std::vector<retention_row> list_retention() override;
  std::int64_t count_purging() override;

  // --- schedules.cpp
  db_time now() override;
  bool is_balanced(row_lock lock) override;
  std::int64_t set_balanced(bool balanced) override;
  bool owns_over(node_id owner) override;
  std::vector<token_node> token_nodes() override;
  std::vector<token_schedule> token_schedules() override;
  std::int64_t move_schedules(std::span<const token_move> moves) override;
  std::int64_t disown_schedules(node_id owner) override;
  std::optional<schedule_id> insert_schedule(const new_schedule& s,
                                             const std::optional<db_time>& next, bool declared,
                                             const std::optional<pause_mark>& paused) override;
  std::int64_t redefine_schedule(schedule_id schedule, const new_schedule& s,
                                 const std::optional<db_time>& next) override;
  std::optional<schedule_row> find_schedule(const std::string& name, row_lock lock) override;
  std::int64_t delete_schedule(schedule_id schedule) override;
  std::int64_t pause_schedule(schedule_id schedule, const std::string& by,
                              const std::string& note) override;
  std::int64_t resume_schedule(schedule_id schedule, const std::optional<db_time>& next) override;
  std::vector<due_schedule> due_schedules(node_id owner, int most) override;
  std::optional<db_time> next_due(node_id owner) override;
  std::optional<run_row> find_run_of_tick(schedule_id schedule, db_time tick) override;
  std::vector<std::optional<run_id>> fire_ticks(std::span<const run_row> runs,
                                                node_id owner) override;
  std::int64_t advance_schedules(std::span<const advanced_schedule> all) override;
  std::vector<schedule_row> list_schedules(const std::string& after, int limit) override;
  std::vector<schedule_row> list_doubtful_schedules(int limit) override;
  std::vector<run_row> list_runs_of_schedule(schedule_id schedule, int limit) override;

  // --- steps.cpp
  std::optional<driven_step_row> find_driven_step(step_id step, row_lock of_step) override;
  std::optional<step_row> find_step_at(run_id run, int ordinal) override;
  std::vector<step_row> list_steps(run_id run) override;
  std::optional<step_standing> standing_of(step_id step) override;
  std::optional<step_id> insert_step(run_id run, const step_spec& spec) override;
  step_id copy_step(const step_row& from, run_id to, bool completed) override;
  std::int64_t set_decision(step_id step, const decision& chosen) override;
  std::int64_t set_count(step_id step, std::int64_t count) override;
  std::int64_t set_carried(step_id step, std::int64_t carried) override;
  std::int64_t seal_step(step_id step) override;
  std::int64_t set_failing(step_id step, const std::string& error) override;
  std::int64_t end_step(step_id step, step_state state, const json_text& result,
                        const std::string& error) override;
  void insert_partitions(step_id step, partition_no first,
                         std::span<const new_partition> rows) override;
  void delete_partitions(step_id step, range span) override;
  std::int64_t copy_partitions(step_id from, step_id to, range span) override;
  std::int64_t copy_repeats(step_id from, step_id to, range span) override;
  std::int64_t copy_completed_results(step_id from, step_id to, range span) override;
  std::int64_t copy_names(step_id from, step_id to, range span) override;
  void count_results(step_id to, range span) override;
  std::int64_t copy_checkpoints(step_id from, step_id to, range span) override;
  std::int64_t copy_skipped(step_id from, step_id to, range span) override;

  // --- leases.cpp
  void insert_ready(std::span<const new_ready> ranges) override;
  std::int64_t share_ranges(node_id node, std::int64_t most) override;
  std::vector<ready_record> take_bound_ranges(node_id node, std::int64_t most) override;
  held_lease_row insert_lease(step_id step, node_id node, range span, int attempt) override;
  std::vector<held_lease_row> lock_leases(node_id node, std::span<const lease_id> ids) override;
  std::vector<held_lease_row> lock_live_leases(node_id node) override;
  std::int64_t save_leases(std::span<const lease_record> leases) override;
  std::vector<std::vector<partition_no>> ended_numbers(
      std::span<const held_lease_row> leases) override;

  // --- results.cpp
  std::vector<known_attempt> find_attempts(std::span<const leased_report> items) override;
  std::int64_t insert_results(std::span<const leased_report> items) override;
  std::int64_t insert_failures(std::span<const leased_report> items) override;
  std::vector<name_owner> reserve_names(std::span<const name_claim> claims) override;
  void add_counts(std::span<const counter_record> more) override;
  void add_tiles(node_id node, std::span<const tile_piece> more) override;
  std::int64_t insert_lost(const lease_record& lease, range span,
                           const std::string& reason) override;
  std::vector<partition_no> result_numbers(step_id step, range span) override;
  std::vector<result_row> list_results(step_id step, partition_no after, int limit,
                                       result_kind kind) override;

  // --- views.cpp
  std::vector<step_summary> summarize(run_id run) override { return summarize_all({&run, 1}); }
  std::vector<step_summary> summarize_all(std::span<const run_id> runs) override;
  std::vector<partition_row> list_partitions(step_id step, partition_no after, int limit,
                                             std::optional<partition_state> only) override;
  std::vector<partition_row> find_partitions(step_id step,
                                             std::span<const partition_no> numbers) override;
  std::vector<partition_row> list_slowest(step_id step, int limit) override;
  std::vector<try_row> list_tries(step_id step, partition_no no, int limit) override;
  std::optional<checkpoint> find_checkpoint(step_id step, partition_no no) override;
  std::vector<log_row> list_log(step_id step, partition_no no, int limit) override;
  run_standing standing(run_id run) override;
  std::vector<live_sum> sum_live() override;
  std::vector<idle_run> list_idle_runs(int limit) override;
  std::vector<failure_row> list_failures(run_id run, int limit) override;
  std::vector<skipped_row> list_skipped(const skipped_cursor& after, int limit) override;
  std::vector<skipped_row> list_skipped_of(step_id step, partition_no no, int limit) override;
  std::vector<event_row> list_events(run_id run, std::int64_t after, int limit) override;
  std::vector<event_row> newest_events(run_id run, int limit) override;
  std::vector<tile_row> list_tiles(step_id step, std::chrono::seconds from, int limit) override;
  std::vector<ended_row> list_ended(step_id step, const lease_window& window, int limit) override;
  std::vector<live_lease_row> list_live_leases(run_id run, node_id node, int limit) override;
  std::vector<moved_row> list_moved(run_id run, int limit) override;
  std::vector<microseconds> sample_durations(step_id step, int most) override;
  std::vector<failure_row> sample_failures(run_id run, int of_step) override;
  std::vector<pace_row> list_pace(std::chrono::seconds since) override;

  // --- hot.cpp
  cluster_view heartbeat(node_id node, node_load load, bool draining,
                         const std::optional<liveness_limits>& limits) override;
  work_view look(node_id node) override;
  std::optional<lease_grant> claim(node_id node, step_id step, std::int64_t width,
                                   std::int64_t narrow, bool limited) override;
  std::vector<report_verdict> report(node_id node, std::span<const attempt_report> items) override;
  void commit_checkpoint(lease_id lease, partition_no no, const checkpoint& c) override;
  void fence_chunk(lease_id lease, partition_no no, const chunk& c) override;
  void record_progress(std::span<const progress_report> items) override;
  void record_log(std::span<const log_line> lines) override;

 private:
  /// What follows is one transaction, READ COMMITTED: each statement sees what was committed before
  /// it began.
  void begin();

  /// Runs a statement whose plan is kept (planned_once).
  template <class... Parameters>
  pqxx::result query(const std::string& statement, const Parameters&... parameters) {
    open();
    return planned_once(carrier_, statement, parameters...);
  }

  /// Runs a statement that is planned for the tables as they are now: one that is rare, and reads
  /// or copies many rows.
  template <class... Parameters>
  pqxx::result query_planned_anew(const std::string& statement, const Parameters&... parameters) {
    open();
    server_.expect_answer();
    return carrier_.exec_params(statement, parameters...);
  }

  /// Runs a statement that changes rows. Returns how many.
  template <class... Parameters>
  std::int64_t change(const std::string& statement, const Parameters&... parameters) {
    return static_cast<std::int64_t>(query(statement, parameters...).affected_rows());
  }

  /// BEGIN, before the first statement of an enclosed transaction.
  void open();
  void write_events();
  void commit_fenced();
  std::int64_t copy(const std::string& statement, step_id from, step_id to, range span);
  using job_and_key = std::pair<std::string, std::string>;
  void tell_groups(std::vector<ready_step>& ready, std::span<const job_and_key> keys);
  void tell_ahead(std::span<waiting_run> waiting);
  std::vector<waiting_run> without_full(std::vector<waiting_run> waiting,
                                        std::span<const std::string> programs);
  std::int64_t locked_room(node_id node, step_id step);
  bool report_completed(node_id node, std::span<const attempt_report> items);

  struct logged_event {
    std::string kind;
    subject about;
    std::string detail;
  };

  connection& server_;
  pqxx::nontransaction carrier_;  // only sends: BEGIN and COMMIT are ours
  bool enclosed_;
  bool begun_ = false;
  std::optional<db_time> now_;  // of this transaction, once it was asked for
  bool tells_of_work_ = false;
  std::vector<logged_event> events_;
  std::optional<acknowledged_event> newest_;  // written by this transaction
  std::optional<author_statements> author_;
  std::string fence_;  // what is sent with COMMIT; empty: nothing
};

}  // namespace partita::postgres
