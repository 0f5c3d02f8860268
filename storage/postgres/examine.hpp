#pragma once

#include <pqxx/transaction_base>
#include <vector>

#include "storage/health.hpp"
#include "storage/postgres/conninfo.hpp"

namespace partita::postgres {

/// What of the server, the link to it and the role is unsafe or unfit.
std::vector<diagnosis> examine(pqxx::transaction_base& tx, const conninfo& where);

}  // namespace partita::postgres
