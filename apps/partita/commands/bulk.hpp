#pragma once

#include <functional>
#include <string>
#include <vector>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/run_filter.hpp"

// One change of many runs.
namespace partita::cli {

/// Beside the options of a filter.
option_list bulk_options();

/// Whether the command says which runs, and names none. `of_a_kind`: it says so by an option of its
/// own. Throws command_error (usage) for both.
bool is_bulk(const invocation& in, bool of_a_kind = false);

/// Changes each of the runs that the filter finds, oldest first; `states`, where --state is not
/// given. A run that has gone on meanwhile, so that it cannot be changed any more, is left out.
/// `change` gets a run and returns the one to be printed. With --dry-run it only prints the runs.
/// `done`: "asked to stop".
exit_code change_all(const invocation& in, const std::vector<std::string>& states,
                     const std::string& done,
                     const std::function<run_id(const std::shared_ptr<session>&, run_id)>& change);

}  // namespace partita::cli
