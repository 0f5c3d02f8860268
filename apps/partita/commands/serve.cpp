#include <algorithm>
#include <iostream>
#include <memory>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/http/site.hpp"
#include "apps/partita/service_notify.hpp"
#include "apps/partita/signals.hpp"
#include "batch/files.hpp"
#include "storage/clock.hpp"

namespace partita::cli {

namespace {

constexpr milliseconds serve_looks_every{1'000};
constexpr milliseconds answers_in{20'000};  // what is being answered may be finished

}  // namespace

exit_code serve_command(const invocation& in) {
  require_words(in.args.words(), {}, 0);
  signal_watch signals;
  start_log(in.args);
  auto service = service_notify::from_environment();
  confine_files({});  // clients name files to the checks of jobs, and get to know nothing of them
  http::site site{in.args, open_existing(database_url(in.args)),
                  std::make_shared<const registry>(in.jobs)};
  site.begin(nullptr);
  std::cout << site.page_address() << std::endl;
  service.ready("serves " + site.page_address());
  const auto watched = service.period();
  const auto every = watched.count() > 0 ? std::min(serve_looks_every, watched) : serve_looks_every;
  while (!signals.wait(every)) {
    service.ready("serves " + site.page_address());
    const auto now = boot_now();
    service.alive(now, now, {});
  }
  service.stopping("ends", answers_in);
  return exit_code::ok;
}

}  // namespace partita::cli
