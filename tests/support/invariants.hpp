#pragma once

#include <string>
#include <vector>

#include "storage/memory/tables.hpp"

namespace partita::test {

/// What of design.md §4 the rows of one moment contradict, a sentence each; empty when all holds.
/// Covers conservation, one result, no lease outlives its node, one live run, the meaning of
/// COMPLETED, and of what only grows: attempts, and states against their times and counts.
std::vector<std::string> violations(const memory::tables& rows);

/// What changed between two moments of the same database although it must not: terminal states
/// and results change never, terms and ids do not shrink.
std::vector<std::string> violations_between(const memory::tables& before,
                                            const memory::tables& after);

}  // namespace partita::test
