#include "apps/partita/repeat.hpp"

#include <unistd.h>

#include <iostream>
#include <sstream>

#include "apps/partita/signals.hpp"
#include "apps/partita/terminal.hpp"
#include "protocol/errors.hpp"

namespace partita::cli {

namespace {

constexpr double default_pause_s = 2;
constexpr const char* clear_screen = "\x1b[H\x1b[2J";

milliseconds pause_of(const arguments& args) {
  auto s = args.text("watch").empty() ? default_pause_s : args.seconds("watch");
  if (s < 0.1) throw usage_error("--watch must be at least 0.1 seconds");
  return milliseconds{static_cast<std::int64_t>(s * 1000)};
}

}  // namespace

exit_code print(const arguments& args, const print_function& make) {
  if (!args.has("watch")) {
    make(std::cout, style_of(args));
    return exit_code::ok;
  }
  const auto pause = pause_of(args);
  signal_watch signals;
  do {
    try {
      std::ostringstream text;  // whole before the screen is cleared: no flicker
      make(text, style_of(args));
      std::cout << (can_draw(STDOUT_FILENO) ? clear_screen : "") << text.str() << std::flush;
    } catch (const store_error& e) {
      if (e.code() != errc::unavailable) throw;
      std::cerr << "the database does not answer, waiting for it: " << escape_controls(e.what())
                << "\n";
    }
  } while (std::cout && !signals.wait(pause));
  return exit_code::interrupted;
}

}  // namespace partita::cli
