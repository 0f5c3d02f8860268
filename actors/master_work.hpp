#pragma once

#include <memory>
#include <stop_token>

#include "actors/deps.hpp"
#include "actors/session.hpp"
#include "protocol/messages.hpp"

namespace partita {

/// Which code of the author a master calls.
enum class work_kind { split, tasklet, aggregate, decide, after_step, after_run };

/// What the author's code on the master is called with.
struct master_task {
  deps_ptr deps;
  std::shared_ptr<master_session> db;
  node_id node;
  partita::term term;
  run_row run;
  step_row step;  // none for what concerns the run
  std::stop_token stop;
  const job* definition = nullptr;
  outcomes so_far{};  // of the steps that come before
};

/// What came of these steps (by ordinal), read when it is asked for.
outcomes outcomes_of(const std::shared_ptr<master_session>& db, run_id run,
                     const std::vector<bool>& steps);

// Each runs a piece of the author's code with its inputs and outputs in the database. None throws:
// every exception becomes an outcome. All can be repeated after a takeover.

/// Split: calls the partitioner, inserts what it yields and seals the split. Aggregate: publishes
/// the files of the results, removes what lost attempts left, and calls the aggregator. Decide:
/// asks the decider, and fails if it chooses a step that cannot come next.
worker_outcome call_author(const master_task& task, work_kind kind);

/// Calls those who listen. What they throw is logged: the outcome is always `done`.
worker_outcome after_step_work(const master_task& task, const step_outcome& how);
worker_outcome after_run_work(const master_task& task, const run_outcome& how);

/// What a split saw of the cluster, as it is kept in the step row.
json_text describe_cluster(const std::vector<live_node>& nodes);
std::vector<live_node> parse_cluster(const json_text& text);

/// "3 of 12 partitions failed; partition 4: …": why a step has failed.
std::string describe_failures(const master_task& task);

}  // namespace partita
