#pragma once

#include "apps/testing/sim/world.hpp"

namespace partita::sim {

/// What a world of the simulation is played on.
enum class backing { memory, sqlite, postgres };
const char* to_string(backing kind);

/// An empty database of this kind.
std::shared_ptr<database> open(backing kind, wall_clock clock);

/// The same, for a world.
inline database_maker opener_of(backing kind) {
  return [kind](wall_clock clock) { return open(kind, std::move(clock)); };
}

}  // namespace partita::sim
