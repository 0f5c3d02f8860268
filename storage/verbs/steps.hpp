#pragma once

#include "storage/transaction.hpp"

// The verbs of a master. Contracts: store.hpp.
namespace partita::verbs {

std::optional<term> adopt_run(transaction& tx, run_id run, node_id node, term seen);
void step_down(transaction& tx, run_id run, node_id node, term t);
step_row begin_step(transaction& tx, run_id run, node_id node, term t, const step_spec& spec);
void fail_step(transaction& tx, step_id step, node_id node, term t, const std::string& error);
void end_step(transaction& tx, step_id step, node_id node, term t, step_state state,
              const json_text& result, const std::string& error,
              const std::optional<json_text>& run_result);
void decide_step(transaction& tx, step_id step, node_id node, term t, const decision& chosen);
void end_run(transaction& tx, run_id run, node_id node, term t, run_state state,
             const std::string& error);
step_progress progress(transaction& tx, step_id step);

void reset_split(transaction& tx, step_id step, node_id node, term t);
void append_partitions(transaction& tx, step_id step, node_id node, term t, partition_no first_no,
                       std::span<const new_partition> rows);
void seal_split(transaction& tx, step_id step, node_id node, term t, partition_no first_no,
                std::span<const new_partition> last, std::span<const ready_range> ranges);

}  // namespace partita::verbs
