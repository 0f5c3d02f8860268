#pragma once

#include <memory>
#include <string>

#include "storage/database.hpp"
#include "storage/postgres/conninfo.hpp"

namespace partita::postgres {

/// Listens on a connection of its own for what `sql::tell_of_work` sends. Throws store_error.
std::unique_ptr<wake_up> listen(const conninfo& where, const std::string& application);

}  // namespace partita::postgres
