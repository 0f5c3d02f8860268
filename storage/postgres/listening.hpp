#pragma once

#include <memory>
#include <string>

#include "storage/database.hpp"
#include "storage/postgres/dialing.hpp"

namespace partita::postgres {

/// Listens on a connection of its own for what `sql::tell_of_work` sends. Throws store_error.
std::unique_ptr<wake_up> listen(std::shared_ptr<dialer> dial, const std::string& application);

}  // namespace partita::postgres
