#pragma once

#include <string>

#include "batch/json.hpp"

namespace partita {

/// A document from a row, or permanent_error: a row may hold anything, and only its own partition
/// or run fails for it.
json parse_document(const std::string& what, const std::string& text);

/// A document of the author's on its way into the database. Throws permanent_error when it is
/// larger than `limit` bytes.
std::string storable(std::string document, std::size_t limit);

/// An error text that any database takes and any log can show: valid UTF-8 without NUL, at most
/// 4000 bytes.
std::string readable(std::string text);

}  // namespace partita
