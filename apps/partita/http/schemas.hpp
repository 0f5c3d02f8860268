#pragma once

#include <string>

#include "apps/partita/text.hpp"

// The documents of the API, as JSON Schema.
namespace partita::http {

/// The schema of a type, in a short form: text, id, time, whole, number, flag, object, any, or the
/// name of a document. "1..500": a whole number from 1 to 500; "1..": from 1. "A|B": one of these
/// words. "[x]": a list of x. "{x}": an object whose members are x, whatever their names. "x?": x
/// or null.
cli::document schema_of(const std::string& type);

/// Every document, by name.
cli::document all_schemas();

}  // namespace partita::http
