#pragma once

#include <string_view>

namespace partita::cli {

/// Whether the text, a URL or a libpq string, carries a secret: everybody on the machine can read
/// the arguments of a process.
bool holds_password(std::string_view url);

}  // namespace partita::cli
