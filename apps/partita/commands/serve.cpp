#include <iostream>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/http/site.hpp"
#include "apps/partita/signals.hpp"

namespace partita::cli {

exit_code serve_command(const invocation& in) {
  require_words(in.args.words(), {}, 0);
  signal_watch signals;
  start_log(in.args);
  const http::site site{in.args, open_existing(database_url(in.args)), nullptr};
  std::cout << site.page_address() << std::endl;
  while (!signals.wait(milliseconds{60'000})) {
  }
  return exit_code::ok;
}

}  // namespace partita::cli
