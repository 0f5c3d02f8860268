#pragma once

#include <set>
#include <string>
#include <vector>

#include "apps/testing/sim/world.hpp"

namespace partita::sim {

/// Schedules that should be fired by a node that is up, and are not; a sentence each. For a cluster
/// in which nothing fails and tokens suffice.
std::vector<std::string> idle_schedules(world& w);

/// Every tick of a fixed rate, from the begin of its schedule to the stored next one, started one
/// run or was told as missed; and the runs of ticks have ended well. `touched`: schedules that
/// people have resumed or run by hand: their ticks are not counted.
void check_ticks(world& w, const tables& rows, const std::set<std::string>& touched,
                 std::vector<std::string>& violations);

}  // namespace partita::sim
