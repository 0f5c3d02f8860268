#pragma once

#include <string>

#include "protocol/ids.hpp"

namespace partita {

/// Where a lease comes from: what the log tells of it. Travels with its partitions and their
/// results, so that it is known also after the lease is lost.
struct lease_origin {
  node_id node;
  run_id run;
  std::string job;
  std::string step;
  int attempt = 1;
  lease_id lease;
};

}  // namespace partita
