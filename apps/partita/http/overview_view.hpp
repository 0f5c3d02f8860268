#pragma once

#include "apps/partita/text.hpp"
#include "storage/store.hpp"

namespace partita::http {

/// The cluster at one glance: {"health", "runs", "nodes", "failures"}: live runs, nodes that did
/// not leave with what they do, and the last failures of live and of new runs. All are bounded.
cli::document overview_view(const reader& look, const std::string& database);

}  // namespace partita::http
