#pragma once

#include <string>
#include <vector>

#include "storage/tables.hpp"
#include "tests/sim/workload.hpp"

namespace partita::sim {

/// Judges every run of the job `flow` by the event log: no step begins, and nothing of it is
/// claimed, before what must come first has come; and who listens has heard of every beginning and
/// every end. Said in the names of its steps: it shares nothing with the plan.
void check_flows(const tables& rows, const oracle& heard, std::vector<std::string>& violations);

/// Whether there is a reason why this run, if it is of that job, is FAILED.
bool flow_may_fail(const tables& rows, run_id run);

}  // namespace partita::sim
