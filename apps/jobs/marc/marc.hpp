#pragma once

#include "batch/job.hpp"

namespace partita {

/// Maps MARC records to entities by rules, a chunk of records a partition.
job marc_map();

}  // namespace partita
