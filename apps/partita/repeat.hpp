#pragma once

#include <functional>
#include <ostream>

#include "apps/partita/errors.hpp"
#include "apps/partita/render.hpp"

namespace partita::cli {

using print_function = std::function<void(std::ostream&, const style&)>;

/// Prints on stdout, once; or with --watch again and again until a signal, through outages of the
/// database. On a terminal each print replaces the one before.
exit_code print(const arguments& args, const print_function& make);

}  // namespace partita::cli
