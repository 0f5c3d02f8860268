#pragma once

#include <vector>

#include "storage/health.hpp"
#include "storage/postgres/session.hpp"

namespace partita::postgres {

/// What of the server, the link to it and the role is unsafe or unfit.
std::vector<diagnosis> examine(transaction& tx, const conninfo& where);

}  // namespace partita::postgres
