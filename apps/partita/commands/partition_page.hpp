#pragma once

#include <ostream>

#include "apps/partita/documents.hpp"
#include "apps/partita/render.hpp"
#include "apps/partita/run_watch.hpp"

namespace partita::cli {

/// Prints all that is known of one partition: what it is, how it stands, and every lease that held
/// it. `step`: the one that is meant; "": the only one that has partitions. Throws command_error
/// (not_found, usage).
void print_partition(std::ostream& out, const reader& look, const run_view& view,
                     const std::string& step, partition_no no, const node_names& names,
                     const style& how);

}  // namespace partita::cli
