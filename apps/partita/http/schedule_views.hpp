#pragma once

#include <string>

#include "apps/partita/documents.hpp"
#include "storage/reader.hpp"

// What the API shows of what begins by the clock, and of limits.
namespace partita::http {

/// All of them, by name.
cli::document schedules_view(const reader& look);

/// One, with its next ten ticks and the newest of its runs. Throws http_error 404.
cli::document schedule_view(const reader& look, const std::string& name);

/// All limits, by name.
cli::document limits_view(const reader& look);
/// How long runs are kept, by job, and how many purged ones still have rows.
cli::document retention_view(const reader& look);

}  // namespace partita::http
