#pragma once

#include <vector>

#include "apps/partita/documents.hpp"
#include "storage/store.hpp"

namespace partita::cli {

/// Failed attempts by what they say, the most frequent first: {"message", "count", "outcome",
/// "steps", "first_at", "last_at", "example"}. Messages that differ in numbers only are one group,
/// and its message has '#' in their place.
std::vector<document> group_failures(const std::vector<failure_row>& failures,
                                     const std::vector<step_summary>& steps,
                                     const node_names& names);

/// Those of a run: {"items", "next": null, "looked_at", "more"}. Of each step only the first
/// attempts by number are looked at; `more`: there are others.
document errors_document(const reader& look, run_id run);

}  // namespace partita::cli
