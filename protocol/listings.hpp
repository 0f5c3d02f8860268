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
