#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "storage/database.hpp"

namespace partita {

/// PostgreSQL 14 or newer. `conninfo`: anything libpq takes, a URL or `key=value ...`; what it
/// leaves open is filled in (timeouts, keepalives, UTF-8), what it says is kept. Nothing is
/// connected yet. Throws store_error bad_request on a text libpq does not understand.
std::shared_ptr<database> open_postgres(const std::string& conninfo);

/// SQL for a superuser: the roles of owners, nodes, launchers and readers, and their rights.
std::string_view postgres_roles();

}  // namespace partita
