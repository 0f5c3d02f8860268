#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "protocol/values.hpp"

// Limits: how many partitions of a step, or of all steps that name one limit, may be in execution
// in the whole cluster. They are counted from LIVE leases, so there is no counter that could leak.
namespace partita {

/// What one node has under one limit of a step: the partitions of its LIVE leases that have not
/// ended. A limit under which nobody has anything is one row without a node.
struct limit_use {
  step_id step;
  std::string limit;  // "": the step's own
  int slots = 0;      // of the limit
  node_id node;
  std::int64_t unended = 0;
  int executors = 0;  // of the node: it executes no more at once
};

/// What is in execution at most, of partitions that were leased to one node.
inline std::int64_t in_execution(std::int64_t unended, int executors) {
  return std::min<std::int64_t>(unended, executors);
}

/// So many partitions of this step the node may lease now without more of them being in execution
/// than each of its limits allows. Where the node could execute nothing but these, and is within
/// the limits even so, it may lease any number.
std::int64_t room_for(step_id step, node_id node, int executors, std::span<const limit_use> uses);

/// Without the steps whose limits leave this node no room.
std::vector<ready_step> with_room(std::vector<ready_step> ready, node_id node, int executors,
                                  std::span<const limit_use> uses);

}  // namespace partita
