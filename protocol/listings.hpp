#pragma once

#include "protocol/values.hpp"

// Rows as listings show them: put together from several tables.
namespace partita {

struct step_totals {
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::int64_t claimed = 0;  // unfinished partitions of live leases
  item_counts counts;
};

struct step_summary {
  step_row row;
  step_totals totals;
};

/// The live runs of a job that are in one state, and the partitions of the steps they have begun.
struct live_sum {
  std::string job;
  run_state state = run_state::created;
  std::int64_t runs = 0;
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::int64_t claimed = 0;
  std::int64_t pending = 0;
};

struct partition_row {
  partition_no no = 0;
  std::string key;
  json_text input;
  partition_state state = partition_state::pending;
  int attempt = 0;  // tries begun so far, 0 while nobody took it
  node_id node;     // who has it, or who ended it
  lease_id lease;
  std::int64_t progress_done = 0;
  std::int64_t progress_total = 0;
  item_counts counts;
  json_text output;
  json_text files;    // as in the result
  std::string error;  // of the result, or of the last failed try
  /// When the lease was granted, of a partition that is held; when the try began, of one that has
  /// ended.
  std::optional<db_time> started_at;
  std::optional<db_time> ended_at;
};

/// A lease that holds or held a partition, and what came of the partition under it.
struct try_row {
  lease_id lease;
  node_id node;
  int attempt = 0;
  lease_state state = lease_state::live;
  std::optional<attempt_outcome> outcome;  // none: nothing was reported under this lease
  std::string error;
  db_time granted_at;
  std::optional<microseconds> took;  // of a result
  std::optional<db_time> ended_at;   // the report, else the end of the lease
};

/// A line that an attempt at a partition logged.
struct log_row {
  lease_id lease;
  node_id node;
  int attempt = 0;
  std::int64_t number = 0;  // among the lines of its attempt, from 1; only the last ones are kept
  std::string text;
  db_time at;
};

/// What of the RUNNING steps of a run is under way or waits: why nothing moves.
struct run_standing {
  bool held = false;  // a LIVE lease exists
  std::optional<db_time>
      claimable;               // when the first ready range may be claimed, or might have been
  bool claimable_now = false;  // that time has come
};

/// A named limit.
struct limit_row {
  std::string name;
  std::optional<int> slots;  // partitions in execution at once; none: any number
  lease_id since;            // leases with a higher id were granted under these slots
  int in_use = 0;            // as of now
};

/// A live run of which no partition is held.
struct idle_run {
  run_row run;
  run_standing standing;
};

struct failure_row {
  step_id step;
  partition_no no = 0;
  lease_id lease;
  node_id node;
  int attempt = 0;
  attempt_outcome outcome = attempt_outcome::failed;
  std::string error;
  db_time at;
};

/// A LIVE lease, and the run it is of.
struct live_lease_row {
  lease_id lease;
  run_id run;
  step_id step;
  node_id node;
  range span;
  int attempt = 1;
  std::int64_t ended = 0;  // of its partitions
  db_time granted_at;
};

/// A lease that was taken from a node, lost or about to leave, and one of the leases under which
/// its partitions ran next.
struct moved_row {
  lease_id lease;
  step_id step;
  node_id node;
  range span;
  db_time granted_at;
  db_time lost_at;
  lease_id next;  // none: nobody has taken them yet
  node_id next_node;
  db_time next_granted_at;
};

/// An attempt that has ended, under a lease of the run itself.
struct ended_row {
  step_id step;
  partition_no no = 0;
  node_id node;
  lease_id lease;
  int attempt = 1;
  attempt_outcome outcome = attempt_outcome::completed;
  microseconds took{0};  // not known of attempts that will be made again: 0
  db_time ended_at;
};

/// Attempts under these leases that were under way within this time.
struct lease_window {
  lease_id first;
  lease_id last;
  db_time from;
  db_time to;
};

/// The tiles of a step that begin at one time, all nodes together.
struct pace_row {
  step_id step;
  db_time begins;
  std::int64_t completed = 0;
  std::int64_t failed = 0;
};

/// What a run was submitted with.
struct run_parameters {
  run_id run;
  json_text parameters;
};

/// Which runs are asked for; what is empty asks for all.
struct run_choice {
  std::string job;
  std::vector<std::string> states;  // as shown: ABANDONED ones are not FAILED
  std::optional<db_time> since;     // submitted then or later
  std::optional<db_time> until;     // submitted before
  node_id master{};                 // driven by this node

  friend bool operator==(const run_choice&, const run_choice&) = default;
};

struct event_row {
  std::int64_t id = 0;
  db_time at;
  std::string kind;  // protocol/events.hpp
  run_id run;
  step_id step;
  lease_id lease;
  node_id node;
  json_text detail = "{}";
};

}  // namespace partita
