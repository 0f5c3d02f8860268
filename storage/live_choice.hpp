#pragma once

#include <algorithm>

#include "protocol/listings.hpp"

namespace partita {

/// Whether only runs that are CREATED or RUNNING are asked for: an index holds just those.
inline bool asks_for_live_runs(const run_choice& only) {
  return !only.states.empty() &&
         std::all_of(only.states.begin(), only.states.end(), [](const std::string& state) {
           return state == "CREATED" || state == "RUNNING";
         });
}

}  // namespace partita
