#pragma once

#include <map>
#include <vector>

#include "storage/store.hpp"

// What executors are at: attempts that had been under way for a while when their node told last.
namespace partita::http {

struct told_attempt {
  lease_id lease;
  partition_no no = 0;
  milliseconds ran{0};
};
/// Those of a node. What makes no sense in its row is left out.
std::vector<told_attempt> attempts_told(const node_row& row);

/// One whose lease is still LIVE.
struct live_attempt {
  node_id node;
  live_lease_row lease;
  partition_no no = 0;
  db_time since;
};
/// Those of a node under these leases, at most so many.
std::vector<live_attempt> live_attempts(const node_row& row,
                                        const std::vector<live_lease_row>& leases, int most);

/// Their partitions: one look for each step.
using partitions_by_number = std::map<std::pair<step_id, partition_no>, partition_row>;
partitions_by_number partitions_at(const reader& look, const std::vector<live_attempt>& attempts);

}  // namespace partita::http
