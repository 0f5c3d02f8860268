#pragma once

#include <string>
#include <vector>

#include "storage/health.hpp"

namespace partita::postgres {

/// What the server says about who gets copies of its commits, and when a commit is acknowledged.
struct replication {
  struct standby {
    std::string name;
    std::string state;  // async, potential, sync or quorum; "" when this role may not see it
  };
  bool is_standby = false;          // the server itself is one
  std::vector<standby> standbys;    // those that stream from it now
  std::string synchronous_names;    // synchronous_standby_names
  std::string synchronous_commit;   // of this session
  bool address_has_others = false;  // the address names more than one host
};

/// Whether a failover to a standby keeps what was acknowledged.
diagnosis judge(const replication& found);

}  // namespace partita::postgres
