#pragma once

#include <memory>

#include "batch/job.hpp"
#include "storage/database.hpp"

namespace partita::cli {

/// The job that looks after schedules, to be scheduled itself: its run FAILS, and names them, when
/// some are owned by no living node, or their ticks pass by. Every program has it. `db` null: only
/// its definition, for who does not execute it.
job schedule_monitor(std::shared_ptr<database> db);

}  // namespace partita::cli
