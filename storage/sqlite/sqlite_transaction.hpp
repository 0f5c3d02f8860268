#pragma once

#include "storage/sqlite/author.hpp"
#include "storage/sqlite/connection.hpp"
#include "storage/verbs/single_writer.hpp"

namespace partita::sqlite {

/// What a row of a node says of its jobs. Throws damaged.
std::vector<job_ref> jobs_of(const std::string& text);

/// The rows, one file a kind: nodes.cpp, runs.cpp, sharing.cpp, schedules.cpp, steps.cpp,
/// leases.cpp, results.cpp, views.cpp. A row lock means nothing here: BEGIN IMMEDIATE keeps every
/// other writer out. Events are written at once. What takes many rows runs one prepared statement
/// again and again.
class sqlite_transaction final : public single_writer_transaction {
 public:
  /// REQUIRES: a transaction_scope is open on `db` and outlives this object.
  explicit sqlite_transaction(connection& db) : db_(db) {}
  ~sqlite_transaction() override { db_.let_authors_submit(nullptr); }

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
  std::int64_t set_abandoned(run_id run) override;
  std::vector<run_row> list_runs(int limit, run_id before, const run_choice& only) override;
  std::int64_t count_runs(const run_choice& only, int most) override;

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

  db_time now() override { return db_.now(); }
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

  void insert_ready(std::span<const new_ready> ranges) override;
  std::int64_t share_ranges(node_id node, std::int64_t most) override;
  std::vector<ready_record> take_bound_ranges(node_id node, std::int64_t most) override;
  held_lease_row insert_lease(step_id step, node_id node, range span, int attempt) override;
  std::vector<held_lease_row> lock_leases(node_id node, std::span<const lease_id> ids) override;
  std::vector<held_lease_row> lock_live_leases(node_id node) override;
  std::int64_t save_leases(std::span<const lease_record> leases) override;
  std::vector<std::vector<partition_no>> ended_numbers(
      std::span<const held_lease_row> leases) override;

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

  std::vector<step_summary> summarize(run_id run) override;
  std::vector<partition_row> list_partitions(step_id step, partition_no after, int limit,
                                             std::optional<partition_state> only) override;
  std::vector<partition_row> list_slowest(step_id step, int limit) override;
  std::vector<try_row> list_tries(step_id step, partition_no no, int limit) override;
  std::optional<checkpoint> find_checkpoint(step_id step, partition_no no) override;
  std::vector<log_row> list_log(step_id step, partition_no no, int limit) override;
  run_standing standing(run_id run) override;
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
  void record_log(std::span<const log_line> lines) override;
  author_transaction& author(lease_id, partition_no) override;
  void log(std::string_view kind, const subject& about, const nlohmann::json& detail) override;

 protected:
  std::vector<work_view::live_lease> held_by(node_id node) override;
  std::vector<ready_step> ready_for(node_id node) override;
  std::vector<masterless_run> masterless_for(node_id node) override;
  bool is_open_for_claims(step_id step, bool limited) override;
  std::optional<claimable_range> first_claimable(step_id step, node_id node) override;
  void cut_front(const claimable_range& from, partition_no lo) override;
  std::vector<granted_partition> granted_partitions(step_id step, range span) override;
  std::optional<step_id> fenced_step(lease_id lease, partition_no no) override;
  checkpoint saved_checkpoint(step_id step, partition_no no) override;
  void insert_skipped(step_id step, partition_no no, std::span<const skipped_item> items) override;
  void save_checkpoint(step_id step, partition_no no, lease_id lease, const checkpoint& c) override;
  void save_progress(step_id step, const progress_report& shown) override;

 private:
  std::optional<step_row> find_step(step_id step);
  std::vector<run_id> past_runs(const purge_choice& of_job, std::size_t most);
  template <class Choose>
  std::vector<run_id> past_runs_of_jobs(int most, Choose choice_of);

  connection& db_;
  std::optional<author_statements> author_;
};

}  // namespace partita::sqlite
