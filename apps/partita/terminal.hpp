#pragma once

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace partita::cli {

/// Whether the file descriptor is a terminal that can move its cursor and show colours. TERM=dumb
/// says that it cannot.
inline bool can_draw(int fd) {
  const auto* term = std::getenv("TERM");
  return ::isatty(fd) && !(term && std::string_view{term} == "dumb");
}

}  // namespace partita::cli
