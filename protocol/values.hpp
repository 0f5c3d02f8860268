#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/decision.hpp"
#include "protocol/ids.hpp"
#include "protocol/ranges.hpp"
#include "protocol/states.hpp"

namespace partita {

// What a row means. Times are the database's clock; no node's clock is ever stored as truth.

using db_time = std::chrono::sys_time<std::chrono::microseconds>;
using std::chrono::microseconds;
using std::chrono::milliseconds;

/// A point on this machine's boot-time clock: goes on through suspend, never jumps.
using mono_time = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

/// A JSON document as text: valid UTF-8, no NUL. Parsed at the edges, never in the store.
using json_text = std::string;

/// Who keeps something from going on, since when, and why.
struct pause_mark {
  db_time since;
  std::string by;    // "": not told
  std::string note;  // why
  friend bool operator==(const pause_mark&, const pause_mark&) = default;
};

/// A job a binary knows. A node claims only partitions of jobs, and versions, it knows.
struct job_ref {
  std::string name;
  int version = 1;
  friend auto operator<=>(const job_ref&, const job_ref&) = default;
};

/// What a node tells of a job it knows: parameters and steps, as a JSON document.
struct job_description {
  job_ref job;
  json_text description = "{}";
  std::string fair_by{};  // the parameter by whose value its runs share fairly; "": none
  int max_runs = 0;       // so many of them are RUNNING at once; 0: any number
  friend bool operator==(const job_description&, const job_description&) = default;
};

/// A job of the catalogue: its description is that of the node that joined last.
struct known_job {
  job_description latest;
  db_time first_seen;
  db_time last_seen;  // when a node that knows it joined last
};

// --- nodes ---------------------------------------------------------------------------------------

/// What a process says of itself when it joins.
struct node_info {
  std::string name;  // for people: "host-pid"; not unique over time
  std::string host;
  std::int64_t pid = 0;
  int slots = 1;        // partitions it executes at once: its executors
  std::string version;  // of the program
  std::vector<job_ref> jobs;
  std::vector<job_description> catalogue{};  // of these jobs, for who does not know them
  int tokens = 0;                            // schedules it may own at most
  std::vector<std::string> tags{};           // what steps may require of it
  // By which silence it judges others, and is to be judged: one for all nodes. 0: not told.
  milliseconds unreachable_after{0};
  milliseconds deregister_after{0};
};

/// What a node tells of its executors with each heartbeat.
struct node_load {
  node_load(int of_running = 0, int of_stuck = 0) : running(of_running), stuck(of_stuck) {}
  int running = 0;  // busy with partitions
  int stuck = 0;    // of these: the body was asked to stop, and goes on
  /// The attempts that have been under way for a while: [[lease, no, for how many ms], …]
  json_text doing = "[]";
  friend bool operator==(const node_load&, const node_load&) = default;
};

struct node_row {
  node_id id;
  node_info info;
  node_state state = node_state::active;
  node_load load;  // as of the last heartbeat
  db_time joined_at;
  db_time heartbeat_at;
  std::optional<db_time> left_at;  // set with LEFT and DEREGISTERED
  microseconds silence{0};         // since its heartbeat, when the row was read
};

/// A node that can be given work. What assignment and split decide on.
struct live_node {
  node_id id;
  int slots = 1;
  int running = 0;
  std::vector<std::string> tags{};
  friend bool operator==(const live_node&, const live_node&) = default;
};

/// What one heartbeat learns of the cluster; without a look at the nodes only `live_runs`.
struct cluster_view {
  int nodes = 0;                 // ACTIVE
  int slots = 0;                 // of these
  int running = 0;               // of these
  std::vector<node_id> overdue;  // candidates for a sweep: silent too long, or CONDEMNED
  bool live_runs = true;         // whether a run is CREATED or RUNNING; if not, nobody has work
  bool draining = false;         // this node is DRAINING: somebody may have asked it to
  bool balanced = true;          // false: who owns which schedule is to be looked at anew
  /// Until the next tick of a schedule that this node owns, or since: then it is below 0. None: it
  /// owns no schedule that may fire.
  std::optional<microseconds> tick_in{};
};

/// How long a silence means what. All nodes of a cluster use the same values.
struct liveness_limits {
  milliseconds unreachable_after{4000};
  milliseconds deregister_after{8000};
  int loss_piece = 2000;  // partitions of a lost node that one transaction fails
};

/// How a sweep left its suspect.
enum class sweep_verdict {
  alive,
  unreachable,
  condemned,     // given up, and more of what it held is left: sweep again
  deregistered,  // nothing is left
};

// --- runs ----------------------------------------------------------------------------------------

struct submission {
  job_ref job;
  json_text parameters = "{}";
  /// Canonical text of the identifying parameters: two live runs of a job never share it.
  std::string identity;
  /// Chosen by the submitter: submitting the same key again finds the first run.
  std::string launch_key;
  std::string by{};            // who asked, for the event log; "": not told
  std::string trace_parent{};  // of whoever submits it (protocol/trace.hpp); "": none
  int priority = 0;
};

struct run_row {
  run_id id;
  job_ref job;
  json_text parameters;
  std::string identity;
  std::string launch_key;
  run_state state = run_state::created;
  node_id master;  // none: nobody drives it now
  partita::term term;
  stop_mode stop = stop_mode::none;
  run_id restart_of;  // the run this one continues, if any
  json_text result;   // "" until an aggregator or tasklet set one
  std::string error;
  db_time created_at;
  std::optional<db_time> started_at;
  std::optional<db_time> ended_at;
  bool abandoned = false;      // FAILED or STOPPED, and nobody shall continue it
  std::string trace_parent{};  // W3C; "": it was submitted without one
  // The schedule that started it, and for which of its moments. A run that continues it has both.
  schedule_id schedule{};
  std::optional<db_time> tick{};
  int priority = 0;  // what is higher goes first
  /// The value of the parameter by which its job is fair; "": there is none. As the catalogue tells
  /// when it is launched, and again when its first master takes it.
  std::string fair_key{};
  std::optional<pause_mark> paused{};  // nothing of it begins
  bool job_paused = false;             // nothing of any run of its job does
  /// Of it, only this row is left, or soon will be: without its result, and the error.
  std::optional<db_time> purged_at{};

  bool is_held_back() const { return paused || job_paused; }
};

/// A job of which nothing begins.
struct paused_job {
  std::string job;
  pause_mark why;
};

/// Of the priority of a run.
inline constexpr int lowest_priority = -1000;
inline constexpr int highest_priority = 1000;

/// A run that waits for a master, and the term a new master must have seen to take it.
struct masterless_run {
  run_id id;
  partita::term seen;
  /// No RUNNING run of its job and fair key has its priority: it is taken even by a node that
  /// drives as many runs as it may, up to a few times as many.
  bool ahead = false;
  friend bool operator==(const masterless_run&, const masterless_run&) = default;
};

// --- steps and partitions ------------------------------------------------------------------------

/// How many times a partition may be tried, and how long it rests between tries.
struct retry_policy {
  int max_attempts = 3;  // attempts that failed plus leases that were lost with their node
  milliseconds first_delay{1000};
  double factor = 2.0;
  milliseconds max_delay{60'000};
  friend bool operator==(const retry_policy&, const retry_policy&) = default;
};

/// What a master fixes about a step when it begins it. Kept in the row, so that a node that does
/// not know the job can still judge its leases.
struct step_spec {
  std::string name;
  int ordinal = 0;  // position in the job, 0-based
  step_kind kind = step_kind::partitioned;
  bool streamed = false;     // partitions may be claimed before the split is sealed
  bool transferable = true;  // false: at most one start, FAILED when its node is lost
  /// The run came to it because a step before it had FAILED: a run that continues this one begins
  /// it anew.
  bool after_failure = false;
  retry_policy retry;
  json_text split_context = "{}";  // what the split saw of the cluster: a resumed split sees it too
  int at_most = 0;                 // partitions of it in execution in the cluster; 0: any number
  std::vector<std::string> limits{};  // named ones that hold for it too
  std::vector<std::string> tags{};    // a node that executes it has them all

  bool is_limited() const { return at_most > 0 || !limits.empty(); }
};

struct step_row {
  step_id id;
  run_id run;
  step_spec spec;
  step_state state = step_state::running;
  std::int64_t count = 0;  // partitions inserted so far; final once sealed
  bool sealed = false;
  json_text result;  // what the aggregator or the tasklet set, or ""
  std::string error;
  std::optional<decision> decided{};  // what comes after it, where a decider chose that
  db_time started_at;
  std::optional<db_time> ended_at;
};

struct new_partition {
  std::string key;
  json_text input;
  friend bool operator==(const new_partition&, const new_partition&) = default;
};

/// Partitions that wait. `node` none: anyone may claim them. `attempt`: tries used up so far.
struct ready_range {
  range span;
  node_id node;
  int attempt = 0;
  friend bool operator==(const ready_range&, const ready_range&) = default;
};

/// Item counts of a partition, summed per step and run.
struct item_counts {
  std::int64_t read = 0;
  std::int64_t written = 0;
  std::int64_t filtered = 0;
  std::int64_t skipped = 0;
  friend bool operator==(const item_counts&, const item_counts&) = default;
  item_counts& operator+=(const item_counts& more) {
    read += more.read;
    written += more.written;
    filtered += more.filtered;
    skipped += more.skipped;
    return *this;
  }
};

/// A resumable position. `seq` grows by one with every checkpoint of a partition, over attempts.
struct checkpoint {
  std::int64_t seq = 0;
  json_text position = "null";
  item_counts counts;
  friend bool operator==(const checkpoint&, const checkpoint&) = default;
};

// --- claims and reports --------------------------------------------------------------------------

/// A step this node could claim from now.
struct ready_step {
  step_id step;
  run_id run;
  std::int64_t remaining = 0;  // partitions in ranges this node may claim now
  /// Executors its live leases occupy: the sum of min(unfinished, slots of the node). Decides
  /// between several steps; may be 0 where only this one is ready.
  int slots_held = 0;
  int next_attempt = 0;  // tries used up of the range a claim would cut
  int priority = 0;      // of its run
  /// The first of the runs here that share fairly as one (run_row::fair_key), and the executors
  /// that all runs of these hold. None: it shares by itself.
  run_id group{};
  int group_held = 0;
  bool limited = false;  // claimed only as far as its limits leave room
};

inline constexpr int masterless_shown = 64;

/// What a node learns when it looks for something to do.
struct work_view {
  std::vector<ready_step> ready;
  /// LIVE leases of this node, and whether their run is asked to stop. One that the node does not
  /// know was granted to a call that it was never answered.
  struct live_lease {
    lease_id lease;
    stop_mode stop = stop_mode::none;
    bool paused = false;  // its run, or the job: what has not begun is to be given back
  };
  std::vector<live_lease> held;
  /// Live runs without a master whose job this node knows, that may go on: in the order in which
  /// they are to be taken, at most `masterless_shown`.
  std::vector<masterless_run> masterless;
};

struct granted_partition {
  partition_no no = 0;
  std::string key;
  json_text input;
  std::optional<checkpoint> resume;
};

/// The right to execute `span` of a step, and all that is needed to do it.
struct lease_grant {
  lease_id lease;
  step_id step;
  range span;
  int attempt = 1;                            // the number of this try, 1-based
  std::vector<granted_partition> partitions;  // one for each of `span`, ascending
};

/// How one attempt at a partition ended, as its node reports it.
struct attempt_report {
  lease_id lease;
  partition_no no = 0;
  attempt_outcome outcome = attempt_outcome::completed;
  json_text output = "null";
  std::string error;  // of a failed or retried attempt
  item_counts counts;
  microseconds took{0};
  milliseconds retry_after{0};
  json_text files;    // to be published when the result stands (batch/output_files.hpp); "": none
  mono_time ended{};  // by the clock of its node
  microseconds ended_ago{0};  // how long before the report was sent
};

enum class report_verdict {
  recorded,  // it stands, now or since an earlier call with the same report
  rejected,  // the lease was lost; somebody else redoes the partition
  /// The partition stands as FAILED: another one of the run has a file of the same final name.
  name_taken,
};

struct progress_report {
  lease_id lease;
  partition_no no = 0;
  std::int64_t done = 0;
  std::int64_t total = 0;  // 0: not known
};

/// One line of what an attempt at a partition says of itself.
struct log_line {
  lease_id lease;
  partition_no no = 0;
  std::int64_t number = 0;  // among the lines of its attempt, from 1
  std::string text;
  microseconds ago{0};  // how long before it was sent it was said
};

/// So many lines of an attempt are kept: its last ones.
inline constexpr std::int64_t log_lines_kept = 100;

/// The one terminal record of a partition.
struct result_row {
  partition_no no = 0;
  lease_id lease;
  bool completed = true;  // else FAILED
  json_text output;
  std::string error;
  item_counts counts;
  microseconds took{0};
  db_time ended_at;
  json_text files;  // as in the report
};

/// Which results are asked for: all, or those that are few among many, as a rule.
enum class result_kind { any, failed, with_files };

/// What a master needs to know while it waits for a step.
struct step_progress {
  stop_mode stop = stop_mode::none;  // asked of the run
  bool open = false;        // a ready range or a live lease exists, or the split is not sealed
  bool live = false;        // a live lease exists
  bool any_failed = false;  // a FAILED result exists
};

}  // namespace partita
