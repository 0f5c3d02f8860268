#pragma once

#include <string>

#include "apps/partita/text.hpp"
#include "storage/store.hpp"

namespace partita::report {

/// All that a report of a run tells: {"run", "timeline", "errors", "skipped", "events",
/// "database", "version"}. Lists are bounded, so that it stays small however large the run is.
/// REQUIRES: there is such a run.
cli::document report_document(const reader& look, run_id run, const std::string& database);

/// As one HTML page, which asks for nothing else and needs no script.
std::string report_page(const cli::document& shown);

/// Writes a file as a whole: under another name, on the disk, then under its own. Throws
/// command_error; then no file is left behind.
void write_whole(const std::string& path, const std::string& text);

}  // namespace partita::report
