#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/listings.hpp"
#include "protocol/retention.hpp"
#include "protocol/schedules.hpp"

// Rows as values: every table of the engine, whatever database keeps it.
namespace partita {

struct step_record {
  step_row row;
  std::int64_t carried = 0;  // partitions whose COMPLETED result was carried over by `restart`
};

struct partition_record {
  step_id step;
  partition_no no = 0;
  std::string key;
  json_text input;
};

struct ready_record {
  std::int64_t id = 0;
  step_id step;
  range span;
  node_id node;
  int attempt = 0;  // tries used up
  db_time available_at;
};

struct lease_record {
  lease_id id;
  step_id step;
  node_id node;
  range span;
  int attempt = 1;
  lease_state state = lease_state::live;
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::int64_t returned = 0;
  db_time granted_at;
  std::optional<db_time> ended_at;

  std::int64_t unended() const { return span.size() - completed - failed - returned; }
};

struct result_record {
  step_id step;
  result_row row;
};

/// A row that only shows progress has seq 0: no position to resume from.
struct checkpoint_record {
  step_id step;
  partition_no no = 0;
  lease_id lease;
  checkpoint saved;
  std::int64_t progress_done = 0;
  std::int64_t progress_total = 0;
  db_time updated_at;
};

struct skipped_record {
  step_id step;
  partition_no no = 0;
  std::int64_t item = 0;
};

/// What the results of a step add up to that one node has made: written with each report.
struct counter_record {
  step_id step;
  node_id node;
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  item_counts counts;
};

/// All rows as of one moment: what a checker looks at. Of purged runs, rows that wait to be removed
/// are not among them.
struct tables {
  bool of_all_runs = true;  // else of some runs, with events that may name others
  std::vector<node_row> nodes;
  std::vector<run_row> runs;
  std::vector<step_record> steps;
  std::vector<partition_record> partitions;
  std::vector<ready_record> ready;
  std::vector<lease_record> leases;
  std::vector<result_record> results;
  std::vector<checkpoint_record> checkpoints;
  std::vector<skipped_record> skipped;
  std::vector<failure_row> failures;
  std::vector<counter_record> counters;
  std::vector<paused_job> paused_jobs;
  std::vector<limit_row> limits;
  std::vector<schedule_row> schedules;
  std::vector<retention_row> retention;
  std::vector<event_row> events;
};

}  // namespace partita
