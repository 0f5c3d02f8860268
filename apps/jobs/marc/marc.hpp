#pragma once

#include "batch/job.hpp"

namespace partita {

/// Maps MARC records to entities by rules, a chunk of records a partition.
job marc_map();
/// Has a server, or a table, save these entities, a chunk a partition.
job marc_save();

}  // namespace partita
