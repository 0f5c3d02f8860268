#pragma once

#include <cstdint>
#include <string>

namespace partita::sim {

/// Plays seeds with one planted bug after the other (all, or those whose names contain `which`)
/// until a promise breaks, at most `limit` seeds each, and prints after how many each was found. A
/// seed over PostgreSQL takes a second: there a fiftieth of `limit` must do, but for bugs that need
/// more, which are played only in seeds that find their twin in a faster store. Returns how many
/// were not found.
int hunt_mutants(std::uint64_t limit, const std::string& which, int processes);

}  // namespace partita::sim
