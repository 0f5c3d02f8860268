#pragma once

#include <vector>

#include "batch/job.hpp"

namespace partita {

/// `monitoring`, `publisher`, `trade` and `price`: jobs that do nothing but tell that they ran, to
/// try schedules with.
std::vector<job> services();

}  // namespace partita
