#pragma once

#include "apps/partita/command_table.hpp"

namespace partita::cli {

/// `generate`: a command of the program that ships, for it writes the input of its jobs.
command generate_command();

}  // namespace partita::cli
