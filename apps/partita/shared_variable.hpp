#pragma once

#include <cstdlib>
#include <string>

#include "apps/partita/options.hpp"

namespace partita::cli {

/// Where the value of an option comes from, if other programs know a variable for it, too. That one
/// counts for less than our own, and for more than a file.
inline value_source source_beside(const char* shared_variable, const arguments& args,
                                  const std::string& option) {
  auto from = args.source(option);
  if (from.what == value_source::flag || from.what == value_source::variable) return from;
  if (const auto* set = std::getenv(shared_variable); set && *set)
    return {value_source::variable, shared_variable};
  return from;
}

}  // namespace partita::cli
