#pragma once

#include "batch/job.hpp"

namespace partita {

/// Adds the integers from..to, both included, in partitions. Result: {"sum", "partitions"}.
job range_sum();

}  // namespace partita
