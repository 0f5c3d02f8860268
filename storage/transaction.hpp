#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/errors.hpp"
#include "protocol/limits.hpp"
#include "protocol/schedule_policy.hpp"
#include "protocol/schedules.hpp"
#include "protocol/timeline.hpp"
#include "protocol/token_balance.hpp"
#include "storage/author.hpp"
#include "storage/tables.hpp"

// What a verb needs of a database: reads that may lock, changes that tell how many rows they
// changed, and the event log. A database implements it once; the algorithms of the verbs (verbs/)
// are written over it once.
//
// Locks. A read that decides something names the lock its rows get, in PostgreSQL's words; all are
// held to the end of the transaction. A row that is locked is read as it is after the lock. Reads
// that follow see everything that was committed before the lock was granted. A database with one
// writer at a time gives all of this for nothing.
//
// Changes return the number of rows they changed, 0 where their condition does not hold; a verb
// checks it (`expect_rows`). All times are the database's clock, read once a transaction.
namespace partita {

enum class row_lock {
  none,
  key_share,      // needs the row to stay live: no other transaction may end it meanwhile
  no_key_update,  // changes the row; transactions with key_share on it need not wait
  update,         // may end the row: waits for all with key_share, and they wait for it
};

/// Thrown by a verb that lost a race and may be run again as a whole.
class lost_race : public store_error {
 public:
  explicit lost_race(const std::string& why) : store_error(errc::unavailable, why) {}
};

/// Throws damaged unless a change reached as many rows as it had to: the verb had locked them.
void expect_rows(std::string_view what, std::int64_t changed, std::int64_t wanted = 1);

// --- nodes ---------------------------------------------------------------------------------------

/// What a verb decides about a node by.
struct node_standing {
  node_id id;
  node_state state = node_state::active;
  int slots = 0;
  node_load load;
  microseconds silence{0};            // since its last heartbeat
  milliseconds unreachable_after{0};  // what it judges by; 0: not told
  milliseconds deregister_after{0};
  int tokens = 0;
};

class node_rows {
 public:
  virtual ~node_rows() = default;

  /// ACTIVE, its heartbeat now.
  virtual node_id insert_node(const node_info& info) = 0;
  /// The catalogue holds the newest description of each job and version.
  virtual void describe_jobs(std::span<const job_description> jobs) = 0;
  virtual std::optional<node_standing> find_node(node_id node, row_lock lock) = 0;
  /// Those of these nodes that are ACTIVE, locked FOR KEY SHARE in the order of their ids.
  virtual std::set<node_id> active_among(const std::set<node_id>& nodes) = 0;
  /// Nodes in a state that is not terminal.
  virtual std::vector<node_standing> present_nodes() = 0;
  /// Heartbeat now.
  virtual std::int64_t renew_node(node_id node, node_load load, node_state state) = 0;
  /// DRAINING, UNREACHABLE or CONDEMNED.
  virtual std::int64_t mark_node(node_id node, node_state state) = 0;
  /// DEREGISTERED or LEFT, now.
  virtual std::int64_t end_node(node_id node, node_state state) = 0;

  // One statement each.
  virtual std::vector<node_row> list_nodes(bool all) = 0;
  virtual std::vector<live_node> live_nodes(const job_ref& job) = 0;
  virtual std::vector<known_job> list_known_jobs() = 0;
};

// --- runs ----------------------------------------------------------------------------------------

class run_rows {
 public:
  virtual ~run_rows() = default;

  virtual std::optional<run_row> find_run(run_id run, row_lock lock) = 0;
  virtual std::optional<run_row> find_launch(const std::string& launch_key) = 0;
  virtual std::optional<run_row> find_continuation(run_id ended) = 0;
  virtual std::optional<run_row> find_live_run(const std::string& job,
                                               const std::string& identity) = 0;
  virtual bool any_live_run() = 0;
  /// A run CREATED now, from the job, parameters, identity, launch key, `restart_of`, result, trace
  /// parent, schedule, tick and priority of `run`; its fair key by the catalogue. Nothing when a
  /// unique index refuses it: the launch key, a live run of the same identity, another continuation
  /// of the same run, or another run of the same tick. A new look tells which.
  virtual std::optional<run_id> insert_run(const run_row& run) = 0;
  virtual std::int64_t set_stop(run_id run, stop_mode mode) = 0;
  /// RUNNING under this master and term; started now, unless it was before. Its fair key is by the
  /// catalogue: when it was launched, no node may have told of its job yet.
  virtual std::int64_t take_run(run_id run, node_id master, term t) = 0;
  virtual std::int64_t release_run(run_id run) = 0;  // no master, the term stays
  virtual std::int64_t set_run_result(run_id run, const json_text& result) = 0;
  /// In a terminal state, now.
  virtual std::int64_t end_run(run_id run, run_state state, const std::string& error) = 0;
  /// Live runs of this master, locked FOR UPDATE, by id.
  virtual std::vector<masterless_run> driven_by(node_id master) = 0;
  /// When the transaction commits, nodes that listen hear that there may be work.
  virtual void tell_of_work() {}

  virtual std::int64_t set_abandoned(run_id run) = 0;

  // One statement each.
  virtual std::vector<run_row> list_runs(int limit, run_id before, const run_choice& only) = 0;
  virtual std::int64_t count_runs(const run_choice& only, int most) = 0;
  /// As list_runs, the parameters alone.
  virtual std::vector<run_parameters> list_parameters(int limit, run_id before,
                                                      const run_choice& only) {
    std::vector<run_parameters> rows;
    for (auto& run : list_runs(limit, before, only))
      rows.push_back({run.id, std::move(run.parameters)});
    return rows;
  }
  /// As list_runs, for each of these jobs; in any order of the jobs.
  virtual std::vector<run_row> list_runs_of(std::span<const std::string> jobs, int limit,
                                            const std::vector<std::string>& states) {
    std::vector<run_row> rows;
    for (const auto& job : jobs)
      for (auto& run : list_runs(limit, {}, {job, states, {}, {}})) rows.push_back(std::move(run));
    return rows;
  }
  /// In any order. What is not there is left out.
  virtual std::vector<run_row> find_runs(std::span<const run_id> runs) {
    std::vector<run_row> rows;
    for (auto run : runs)
      if (auto row = find_run(run, row_lock::none)) rows.push_back(std::move(*row));
    return rows;
  }
};

// --- how runs share the cluster ------------------------------------------------------------------

class sharing_rows {
 public:
  virtual ~sharing_rows() = default;

  virtual std::int64_t set_priority(run_id run, int priority) = 0;
  /// Now.
  virtual std::int64_t pause_run(run_id run, const std::string& by, const std::string& note) = 0;
  virtual std::int64_t resume_run(run_id run) = 0;
  /// Now; one that is paused gets the newer note.
  virtual void pause_job(const std::string& job, const std::string& by,
                         const std::string& note) = 0;
  virtual std::int64_t resume_job(const std::string& job) = 0;

  /// How many runs of this job may be RUNNING at once; 0: any number. Where there is a bound, who
  /// else asks for one of this job waits.
  virtual int lock_max_runs(const job_ref& job) = 0;
  virtual std::int64_t count_running(const std::string& job) = 0;

  /// Adds those that are not there, for any number of partitions.
  virtual void insert_limits(std::span<const std::string> names) = 0;
  /// `since` is the newest lease of all. Waits for claims under this limit.
  virtual std::int64_t set_limit(const std::string& name, const std::optional<int>& slots) = 0;
  /// What is in execution under the limits of these steps, but for limits that allow any number.
  virtual std::vector<limit_use> limit_uses(std::span<const step_id> steps) = 0;

  // One statement each.
  virtual std::vector<paused_job> list_paused_jobs() = 0;
  virtual std::vector<limit_row> list_limits() = 0;  // by name
};

// --- retention -----------------------------------------------------------------------------------

class retention_rows {
 public:
  virtual ~retention_rows() = default;

  virtual void set_retention(const std::string& job, const retention& what) = 0;
  virtual std::int64_t remove_retention(const std::string& job) = 0;
  /// Last runs of chains that are to be purged, by job, and of each those that ended longest ago
  /// first.
  virtual std::vector<run_id> list_purgeable(const purge_choice& which, int most) = 0;
  /// The same, by what is stored for their jobs.
  virtual std::vector<run_id> list_expired(int most) = 0;
  /// A whole chain becomes what is kept of it, and all else of it waits for purge_rows; where names
  /// of files were reserved, for files_are_gone first. It is locked FOR UPDATE. `expired`: where
  /// the database does not trust who asks, because of what is stored.
  virtual std::int64_t entomb(std::span<const run_id> chain, bool expired) = 0;
  /// Whether something may be removed now; then nobody else does so before `pause` is over.
  virtual bool take_purge_turn(milliseconds pause) = 0;
  /// The newest purged run, `upto` or older, of which files may be left.
  virtual std::optional<run_id> find_purged_with_files(run_id upto) = 0;
  virtual void files_are_gone(std::span<const run_id> runs) = 0;
  /// Removes rows of purged runs whose files are gone, newest run first, until they are `most` or a
  /// bit more, or nothing is left. Returns how many.
  virtual std::int64_t purge_rows(int most) = 0;

  // One statement each.
  virtual std::vector<retention_row> list_retention() = 0;  // by job
  virtual std::int64_t count_purging() = 0;                 // runs
};

// --- steps ---------------------------------------------------------------------------------------

/// A step, and of its run what the fence of a master is judged by.
struct driven_step_row {
  step_row step;
  run_row run;  // only id, state, master, term and stop
};

/// How a step stands, without counting.
struct step_standing {
  stop_mode stop = stop_mode::none;  // asked of its run
  bool sealed = false;
  bool ready = false;   // a ready range exists
  bool live = false;    // a LIVE lease exists
  bool failed = false;  // a FAILED result exists
};

class step_rows {
 public:
  virtual ~step_rows() = default;

  /// Locks the run FOR KEY SHARE, then the step.
  virtual std::optional<driven_step_row> find_driven_step(step_id step, row_lock of_step) = 0;
  virtual std::optional<step_row> find_step_at(run_id run, int ordinal) = 0;
  virtual std::vector<step_row> list_steps(run_id run) = 0;  // by ordinal
  virtual std::optional<step_standing> standing_of(step_id step) = 0;
  /// RUNNING, count 0; a tasklet is born sealed. Nothing when the run has a step of this ordinal.
  virtual std::optional<step_id> insert_step(run_id run, const step_spec& spec) = 0;
  /// For a run that continues another. `completed`: as it is; else RUNNING from now on, and a
  /// listed split that was not sealed begins anew.
  virtual step_id copy_step(const step_row& from, run_id to, bool completed) = 0;
  virtual std::int64_t set_decision(step_id step, const decision& chosen) = 0;
  virtual std::int64_t set_count(step_id step, std::int64_t count) = 0;
  virtual std::int64_t set_carried(step_id step, std::int64_t carried) = 0;
  virtual std::int64_t seal_step(step_id step) = 0;
  /// The reason why a RUNNING step will end FAILED: it takes no claims from now on.
  virtual std::int64_t set_failing(step_id step, const std::string& error) = 0;
  virtual std::int64_t end_step(step_id step, step_state state, const json_text& result,
                                const std::string& error) = 0;

  /// `first` is the number of the first of these rows.
  virtual void insert_partitions(step_id step, partition_no first,
                                 std::span<const new_partition> rows) = 0;
  /// Of a step that is neither sealed nor streamed, and RUNNING.
  virtual void delete_partitions(step_id step, range span) = 0;

  // Copies of what a step holds for a step that continues it. Each returns how many rows.
  virtual std::int64_t copy_partitions(step_id from, step_id to, range span) = 0;
  /// Checkpoints of partitions whose skipped items are tried again (protocol/chunk.hpp): those with
  /// a COMPLETED result in `from`. REQUIRES: called before all that follow.
  virtual std::int64_t copy_repeats(step_id from, step_id to, range span) = 0;
  /// Not those of partitions that copy_repeats has taken.
  virtual std::int64_t copy_completed_results(step_id from, step_id to, range span) = 0;
  virtual std::int64_t copy_skipped(step_id from, step_id to, range span) = 0;
  /// The names that partitions with a result in `to` have reserved in the run of `from`.
  virtual std::int64_t copy_names(step_id from, step_id to, range span) = 0;
  /// Adds the results that `to` has there to its counters.
  virtual void count_results(step_id to, range span) = 0;
  /// Those of partitions of which `to` has no result.
  virtual std::int64_t copy_checkpoints(step_id from, step_id to, range span) = 0;
};

// --- schedules -----------------------------------------------------------------------------------

/// A schedule whose tick has come, and what is known of its runs.
struct due_schedule {
  schedule_row row;
  schedule_runs runs;
};

/// How a schedule goes on.
struct advanced_schedule {
  schedule_id id;
  std::optional<db_time> next;  // its next tick from now on
  std::optional<db_time> tick;  // of the run; none: none was started
  run_id run;
  std::int64_t missed = 0;  // so many more
};

class schedule_rows {
 public:
  virtual ~schedule_rows() = default;

  /// The time of this transaction.
  virtual db_time now() = 0;

  /// Whether owners are as they should be. With a lock, whoever wants to change that waits.
  virtual bool is_balanced(row_lock lock) = 0;
  virtual std::int64_t set_balanced(bool balanced) = 0;
  /// Whether it owns a schedule that has no tick left, which needs no owner.
  virtual bool owns_over(node_id owner) = 0;
  /// Nodes that may own schedules: ACTIVE ones with tokens; and UNREACHABLE ones, which get no more
  /// than they have. By id.
  virtual std::vector<token_node> token_nodes() = 0;
  /// All of them, by id.
  virtual std::vector<token_schedule> token_schedules() = 0;
  /// Returns how many were as the moves have it, and have changed their owner.
  virtual std::int64_t move_schedules(std::span<const token_move> moves) = 0;
  /// Those of this node have no owner any more. Returns how many.
  virtual std::int64_t disown_schedules(node_id owner) = 0;

  /// Without owner; paused where there is a pause. Nothing: the name is taken.
  virtual std::optional<schedule_id> insert_schedule(const new_schedule& s,
                                                     const std::optional<db_time>& next,
                                                     bool declared,
                                                     const std::optional<pause_mark>& paused) = 0;
  /// All but its name and what became of it so far.
  virtual std::int64_t redefine_schedule(schedule_id schedule, const new_schedule& s,
                                         const std::optional<db_time>& next) = 0;
  virtual std::optional<schedule_row> find_schedule(const std::string& name, row_lock lock) = 0;
  virtual std::int64_t delete_schedule(schedule_id schedule) = 0;
  /// Now, and it has no owner any more.
  virtual std::int64_t pause_schedule(schedule_id schedule, const std::string& by,
                                      const std::string& note) = 0;
  virtual std::int64_t resume_schedule(schedule_id schedule,
                                       const std::optional<db_time>& next) = 0;

  /// At most so many schedules of this owner whose next tick has come, longest ago first, locked
  /// FOR UPDATE; without those that somebody else has locked, and those that wait for the end of a
  /// run (overlap QUEUE_ONE).
  virtual std::vector<due_schedule> due_schedules(node_id owner, int most) = 0;
  /// When the next tick comes of what due_schedules looks at.
  virtual std::optional<db_time> next_due(node_id owner) = 0;
  /// The run that is the first of this tick, if there is one.
  virtual std::optional<run_row> find_run_of_tick(schedule_id schedule, db_time tick) = 0;
  /// As insert_run, for each of these, by the owner of their schedules.
  virtual std::vector<std::optional<run_id>> fire_ticks(std::span<const run_row> runs,
                                                        node_id owner) = 0;
  virtual std::int64_t advance_schedules(std::span<const advanced_schedule> all) = 0;

  // One statement.
  virtual std::vector<schedule_row> list_schedules(const std::string& after, int limit) = 0;
  virtual std::vector<schedule_row> list_doubtful_schedules(int limit) = 0;
  virtual std::vector<run_row> list_runs_of_schedule(schedule_id schedule, int limit) = 0;
};

// --- what waits, and who has it ------------------------------------------------------------------

struct new_ready {
  step_id step;
  range span;
  node_id node;  // none: anyone may claim it
  int attempt = 0;
  milliseconds delay{0};  // until it may be claimed
};

/// A lease and what its run and step say of it.
struct held_lease_row {
  lease_record lease;
  run_id run;
  bool transferable = true;
  int max_attempts = 0;
};

class lease_rows {
 public:
  virtual ~lease_rows() = default;

  virtual void insert_ready(std::span<const new_ready> ranges) = 0;
  /// At most so many ready ranges bound to this node, of steps that may be transferred or have
  /// ended, become shared. Returns how many.
  virtual std::int64_t share_ranges(node_id node, std::int64_t most) = 0;
  /// At most so many ready ranges bound to this node are deleted and returned, lowest ids first.
  virtual std::vector<ready_record> take_bound_ranges(node_id node, std::int64_t most) = 0;

  /// LIVE from now on.
  virtual held_lease_row insert_lease(step_id step, node_id node, range span, int attempt) = 0;
  /// Those of these leases that belong to this node, whatever their state; by id, locked FOR
  /// UPDATE: less would let a checkpoint commit beside a report.
  virtual std::vector<held_lease_row> lock_leases(node_id node, std::span<const lease_id> ids) = 0;
  /// All LIVE leases of this node, in the same way.
  virtual std::vector<held_lease_row> lock_live_leases(node_id node) = 0;
  /// Writes hi, state and counts; one that is not LIVE ends now. Returns how many.
  virtual std::int64_t save_leases(std::span<const lease_record> leases) = 0;
  /// For each of these leases, the numbers of its span that have a result, or a failure row of this
  /// very lease. In any order, perhaps twice. REQUIRES: they are locked.
  virtual std::vector<std::vector<partition_no>> ended_numbers(
      std::span<const held_lease_row> leases) = 0;
};

// --- results -------------------------------------------------------------------------------------

/// What the rows say of one attempt.
struct known_attempt {
  bool reported = false;  // an earlier report under this very lease recorded it
  bool ended = false;     // the partition has a result, or this lease gave it back
  bool failed = false;    // what was recorded under this lease is a FAILED result
};

/// The name that a partition gives a file, once published.
struct name_claim {
  run_id run;
  step_id step;
  partition_no no = 0;
  std::string name;
};

/// The partition that has a name.
struct name_owner {
  step_id step;
  partition_no no = 0;
};

/// A report and the lease it was made under.
struct leased_report {
  const attempt_report* report;
  const lease_record* lease;
};

class result_rows {
 public:
  virtual ~result_rows() = default;

  /// One for each item. REQUIRES: the leases are locked.
  virtual std::vector<known_attempt> find_attempts(std::span<const leased_report> items) = 0;
  /// Completed and failed ones; the checkpoints of completed ones are deleted. Returns how many
  /// results.
  virtual std::int64_t insert_results(std::span<const leased_report> items) = 0;
  /// All but completed ones. Returns how many.
  virtual std::int64_t insert_failures(std::span<const leased_report> items) = 0;
  /// Reserves each name for its partition, unless another one of the run has it; of several claims
  /// the first gets it. Tells for each claim whose the name is now.
  virtual std::vector<name_owner> reserve_names(std::span<const name_claim> claims) = 0;
  /// Adds these to the counters. In the order of step and node, so that no two wait for each other.
  virtual void add_counts(std::span<const counter_record> more) = 0;
  /// Adds these to the tiles of a node, in the order of step and time.
  virtual void add_tiles(node_id node, std::span<const tile_piece> more) = 0;
  /// FAILED results of this lease, for partitions that nobody reports. Returns how many.
  virtual std::int64_t insert_lost(const lease_record& lease, range span,
                                   const std::string& reason) = 0;
  /// Numbers of this span that have a result, ascending.
  virtual std::vector<partition_no> result_numbers(step_id step, range span) = 0;

  /// One statement.
  virtual std::vector<result_row> list_results(step_id step, partition_no after, int limit,
                                               result_kind kind) = 0;
};

// --- events and what people look at --------------------------------------------------------------

/// What an event is about; ids that do not apply stay none.
struct subject {
  run_id run;
  step_id step;
  lease_id lease;
  node_id node;
};

class views {
 public:
  virtual ~views() = default;

  // One statement each.
  virtual std::vector<step_summary> summarize(run_id run) = 0;
  /// By run, in any order of the runs.
  virtual std::vector<step_summary> summarize_all(std::span<const run_id> runs) {
    std::vector<step_summary> all;
    for (auto run : runs)
      for (auto& step : summarize(run)) all.push_back(std::move(step));
    return all;
  }
  virtual std::vector<partition_row> list_partitions(step_id step, partition_no after, int limit,
                                                     std::optional<partition_state> only) = 0;
  virtual std::vector<partition_row> find_partitions(step_id step,
                                                     std::span<const partition_no> numbers) = 0;
  virtual std::vector<partition_row> list_slowest(step_id step, int limit) = 0;
  virtual std::vector<try_row> list_tries(step_id step, partition_no no, int limit) = 0;
  virtual std::optional<checkpoint> find_checkpoint(step_id step, partition_no no) = 0;
  virtual std::vector<log_row> list_log(step_id step, partition_no no, int limit) = 0;
  virtual run_standing standing(run_id run) = 0;
  virtual std::vector<live_sum> sum_live() = 0;
  virtual std::vector<idle_run> list_idle_runs(int limit) = 0;
  virtual std::vector<failure_row> list_failures(run_id run, int limit) = 0;
  /// Those of the cursor's step that stand behind it, by partition and item.
  virtual std::vector<skipped_row> list_skipped(const skipped_cursor& after, int limit) = 0;
  virtual std::vector<skipped_row> list_skipped_of(step_id step, partition_no no, int limit) = 0;
  virtual std::vector<event_row> list_events(run_id run, std::int64_t after, int limit) = 0;
  virtual std::vector<event_row> newest_events(run_id run, int limit) = 0;
  virtual std::vector<tile_row> list_tiles(step_id step, std::chrono::seconds from, int limit) = 0;
  virtual std::vector<ended_row> list_ended(step_id step, const lease_window& window,
                                            int limit) = 0;
  virtual std::vector<live_lease_row> list_live_leases(run_id run, node_id node, int limit) = 0;
  virtual std::vector<moved_row> list_moved(run_id run, int limit) = 0;
  virtual std::vector<microseconds> sample_durations(step_id step, int most) = 0;
  virtual std::vector<failure_row> sample_failures(run_id run, int of_step) = 0;
  virtual std::vector<pace_row> list_pace(std::chrono::seconds since) = 0;
};

/// One transaction of one session.
class transaction : public node_rows,
                    public run_rows,
                    public sharing_rows,
                    public retention_rows,
                    public schedule_rows,
                    public step_rows,
                    public lease_rows,
                    public result_rows,
                    public views {
 public:
  transaction() = default;
  transaction(const transaction&) = delete;
  transaction& operator=(const transaction&) = delete;

  /// What the author's statements go through; of what another attempt left in the session nothing
  /// is there any more. With access::read they may change nothing. Throws bad_request where the
  /// database knows no SQL. REQUIRES: access::write or access::read, and nothing was done before.
  virtual author_transaction& author(lease_id lease, partition_no no) = 0;

  /// Appends to the log, in the order of the calls. The events of a transaction may be written
  /// together when it ends.
  virtual void log(std::string_view kind, const subject& about,
                   const nlohmann::json& detail = nlohmann::json::object()) = 0;

  // The hot verbs: what nodes ask all the time. A database has statements of its own for them where
  // a measurement asks for it, and else the algorithms of verbs/. Contracts: store.hpp.
  virtual cluster_view heartbeat(node_id node, node_load load, bool draining,
                                 const std::optional<liveness_limits>& limits) = 0;
  virtual work_view look(node_id node) = 0;
  virtual std::optional<lease_grant> claim(node_id node, step_id step, std::int64_t width,
                                           std::int64_t narrow, bool limited) = 0;
  virtual std::vector<report_verdict> report(node_id node,
                                             std::span<const attempt_report> items) = 0;
  virtual void commit_checkpoint(lease_id lease, partition_no no, const checkpoint& c) = 0;
  /// The last change of its transaction.
  virtual void fence_chunk(lease_id lease, partition_no no, const chunk& c) = 0;
  virtual void record_progress(std::span<const progress_report> items) = 0;
  virtual void record_log(std::span<const log_line> lines) = 0;
};

}  // namespace partita
