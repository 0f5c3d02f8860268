#pragma once

#include <string>

#include "protocol/waiting.hpp"
#include "storage/store.hpp"

namespace partita::cli {

/// What a run waits for: "a free executor: …"; "" when it waits for nothing.
std::string waiting_text(const waiting& why, const job_ref& job, db_time now);

/// The same of a run of which no partition is held. `nodes` are all that did not leave.
std::string waits_for(const idle_run& idle, const std::vector<node_row>& nodes);

/// The same, from a look at the database: one read for a live run, none for another one.
/// `nodes` are all that did not leave.
std::string waits_for(const reader& look, const run_row& run, const std::vector<node_row>& nodes);

}  // namespace partita::cli
