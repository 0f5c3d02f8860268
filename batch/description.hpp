#pragma once

#include "batch/job.hpp"
#include "batch/json.hpp"

namespace partita {

/// What others may know of a job without knowing its code:
///   {"about": text, "parameters": [{"name", "type", "required", "identifying", "default",
///   "about"}], "steps": [{"name", "kind"}]}
/// Nodes put it into the catalogue when they join.
json describe(const job& definition);

}  // namespace partita
