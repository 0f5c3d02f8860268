#pragma once

#include <memory>
#include <optional>

#include "apps/partita/command_table.hpp"
#include "apps/partita/run_watch.hpp"

namespace partita::cli {

/// Tells how a run ended: its result (or with -o json the whole run) on stdout; a sentence on
/// stderr, with what to do next. REQUIRES: the run is in a terminal state.
exit_code tell_end(const invocation& in, const std::shared_ptr<database>& db, const run_view& view);

/// How a FAILED or STOPPED run goes on: "`restart 7` continues it", or which run continues it
/// already, or that it is ABANDONED; "" when the database does not tell.
std::string how_to_continue(const invocation& in, const std::shared_ptr<database>& db, run_id run);

/// Waits for a run that others execute. Throws command_error (timeout). Ctrl-C detaches.
exit_code follow(const invocation& in, const std::shared_ptr<database>& db, run_id run,
                 std::optional<milliseconds> timeout, signal_watch& signals);

/// "PROGRAM COMMAND ID --db …": a command to suggest.
std::string suggest(const invocation& in, const std::string& command, run_id run);

}  // namespace partita::cli
