#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/backing.hpp"

namespace partita::sim {

/// What came of one seed.
struct outcome {
  std::vector<std::string> violations;  // empty: all promises held
  std::set<std::string> faults;         // by name: what may be left out when it is replayed
  std::map<std::string, std::int64_t> fault_count;  // by kind
  world_facts facts;
  milliseconds simulated{0};
  milliseconds recovery{0};  // from the last fault to the end of the last run
  int runs = 0;
  std::map<std::string, int> ended;  // runs by state
  int takeovers = 0;
  int deregistered = 0;
  int revoked = 0;
  int repeats = 0;  // steps whose skipped items were tried again
};

/// Draws a cluster, its jobs, its users and its faults from the seed, lets them happen, then lets
/// every fault stop and waits for every run to end. `only`: no other faults than these.
outcome play(std::uint64_t seed, backing kind, std::optional<std::set<std::string>> only = {});

/// The shortest list of faults found with which the seed still fails, by leaving out more and more.
std::set<std::string> shorten(std::uint64_t seed, backing kind, std::set<std::string> faults);

}  // namespace partita::sim
