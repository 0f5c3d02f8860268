#pragma once

#include <string>
#include <vector>

#include "storage/health.hpp"
#include "storage/sqlite/connection.hpp"

namespace partita::sqlite {

/// What of the file and of the disk it lies on is unsafe or unfit. REQUIRES: it exists.
std::vector<diagnosis> examine(connection& db, const std::string& path);

}  // namespace partita::sqlite
