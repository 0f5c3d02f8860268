#pragma once

#include <memory>

#include "storage/clock.hpp"
#include "storage/database.hpp"

namespace partita::sim {

/// An empty database in memory with the engine's tables, for this object's sessions only.
std::shared_ptr<database> sqlite_in_memory(wall_clock clock);

}  // namespace partita::sim
