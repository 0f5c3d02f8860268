#pragma once

#include "batch/job.hpp"

namespace partita {

/// Payments are held against lists of sanctioned entities: load, screen, decide. A payment with a
/// match is SUSPENDED, any other one ACCEPTED. Its tables: tables.hpp. Its result: {"transactions",
/// "pairs", "matches", "suspended", "accepted"}.
job sanctions_screening();

}  // namespace partita
