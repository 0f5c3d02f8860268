#pragma once

#include "batch/job.hpp"
#include "batch/json.hpp"

namespace partita {

/// What others may know of a job without knowing its code:
///   {"about": text, "parameters": [{"name", "type", "required", "identifying", "default", "about",
///   "one_of"}], "steps": [{"name", "kind", "after": [names], "flow", "on_failure", "decides"}]}
/// Nodes put it into the catalogue when they join.
json describe(const job& definition);

/// The parameters that such a document tells. What makes no sense in it is left out.
std::vector<parameter_spec> parameters_of(const json& description);

/// The plan that such a document tells. What is missing or makes no sense in it is left out: a row
/// may hold anything. Without `after`, steps come one after the other.
std::vector<step_shape> plan_of(const json& description);

}  // namespace partita
