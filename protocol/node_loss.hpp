#pragma once

#include <string>
#include <vector>

#include "protocol/mutation.hpp"
#include "protocol/ranges.hpp"
#include "protocol/values.hpp"

namespace partita {

/// What becomes of the unfinished partitions of a lease whose node was given up.
struct loss_verdict {
  bool requeue = true;  // else they are FAILED, with `reason`
  std::string reason;
};

/// A lost lease counts as a try of every partition it still held: a partition that kills its
/// process each time cannot take the cluster down. What may not be transferred has started, or may
/// have, and is never started again.
inline loss_verdict judge_loss(bool transferable, int lease_attempt, int max_attempts,
                               node_id node) {
  auto who = "node " + std::to_string(node.value);
  if (!transferable && !PARTITA_BUG(lost_nodes_transfer_everything))
    return {false, who + " was lost while it held this partition, which may be started only once"};
  if (lease_attempt >= max_attempts)
    return {false,
            "tried " + std::to_string(lease_attempt) + " times; the last try was lost with " + who};
  return {true, {}};
}

}  // namespace partita
