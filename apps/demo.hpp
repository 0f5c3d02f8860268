#pragma once

#include "apps/partita/command_table.hpp"

namespace partita::cli {

/// `demo`: a command of the program that ships, for it needs the job customer_etl.
command demo_command();

}  // namespace partita::cli
