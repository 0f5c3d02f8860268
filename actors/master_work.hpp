#pragma once

#include <memory>
#include <stop_token>

#include "actors/deps.hpp"
#include "actors/session.hpp"
#include "protocol/messages.hpp"

namespace partita {

/// What the author's code on the master is called with.
struct master_task {
  deps_ptr deps;
  std::shared_ptr<master_session> db;
  node_id node;
  partita::term term;
  run_row run;
  step_row step;
  std::stop_token stop;
};

// Each runs a piece of the author's code with its inputs and outputs in the database. None throws:
// every exception becomes an outcome. All can be repeated after a takeover.

/// Calls the partitioner, inserts what it yields and seals the split.
worker_outcome split_work(const master_task& task, const partitioned& definition);

worker_outcome tasklet_work(const master_task& task, const tasklet& definition);

/// Publishes the files of the results, removes what lost attempts left, and calls the aggregator.
worker_outcome aggregate_work(const master_task& task, const partitioned& definition);

/// What a split saw of the cluster, as it is kept in the step row.
json_text describe_cluster(const std::vector<live_node>& nodes);
std::vector<live_node> parse_cluster(const json_text& text);

/// "3 of 12 partitions failed; partition 4: …": why a step has failed.
std::string describe_failures(const master_task& task);

}  // namespace partita
