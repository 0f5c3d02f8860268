#pragma once

#include <string>

#include "batch/parameters.hpp"

namespace partita {

/// A name in SQL that a parameter gives, of a table perhaps with its schema: it becomes part of
/// statements. Throws permanent_error unless it is made of letters, digits and '_', and for one
/// that the engine's tables, or those of the database itself, have.
std::string sql_name(const parameters& given, const std::string& parameter);

}  // namespace partita
