#include "batch/writers/json_lines.hpp"

#include "batch/errors.hpp"

namespace partita::json_lines {

std::string line_of(const json& document) {
  try {
    return document.dump() + '\n';
  } catch (const json::type_error&) {  // nothing else makes dump throw
    throw data_error("invalid UTF-8 cannot be written as JSON");
  }
}

}  // namespace partita::json_lines
