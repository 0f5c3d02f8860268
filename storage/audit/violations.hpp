#pragma once

#include <string>
#include <vector>

#include "storage/tables.hpp"

namespace partita::audit {

/// What the audit finds in the rows of one moment, a sentence each, with the number of the
/// invariant; empty when all holds.
std::vector<std::string> violations(const tables& rows);

/// The same, and what it finds when it replays the event log: for the end of a test, because it
/// costs as much as the log is long.
std::vector<std::string> violations_with_log(const tables& rows);

/// What changed between two moments of the same database although it must not: terminal states
/// and results change never, terms and ids do not shrink.
std::vector<std::string> violations_between(const tables& before, const tables& after);

}  // namespace partita::audit
