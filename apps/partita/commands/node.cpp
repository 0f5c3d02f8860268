#include <fmt/format.h>
#include <unistd.h>

#include "actors/node_process.hpp"
#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/errors.hpp"
#include "apps/partita/node_settings.hpp"
#include "apps/partita/signals.hpp"
#include "apps/partita/version.hpp"
#include "batch/files.hpp"

namespace partita::cli {

namespace {

constexpr milliseconds look_every{500};
constexpr milliseconds drain_look_every{50};

std::string host_and_pid() {
  char host[256] = "localhost";
  ::gethostname(host, sizeof host - 1);
  return fmt::format("{}-{}", host, ::getpid());
}

}  // namespace

exit_code node_command(const invocation& in) {
  require_words(in.args.words(), {}, 0);
  auto limits = settings_of(in.args);
  // The process that reads our log may end: SIGPIPE must not end the node.
  ::signal(SIGPIPE, SIG_IGN);
  signal_watch signals;
  auto name = in.args.text("name").empty() ? host_and_pid() : in.args.text("name");
  start_log(in.args, name);

  try {
    confine_files(file_folders(in.args));
  } catch (const std::system_error& e) {
    throw usage_error(e.what(), "name folders that exist, with ':' between them");
  }
  auto db = open_or_create(database_url(in.args));
  // Not owned: the registry outlives every command.
  std::shared_ptr<const registry> jobs(std::shared_ptr<void>{}, &in.jobs);
  node_process node({db, std::move(jobs), limits, name, program_version()});
  while (!signals.wait(look_every)) {
    if (!node.wait(milliseconds{0})) continue;
    if (!node.failed()) return exit_code::ok;  // `drain` asked it to leave
    throw command_error(exit_code::failed, "node_ended", "the node ended by itself",
                        "its log says why");
  }
  node.drain();
  while (!node.wait(drain_look_every))
    if (signals.wait(milliseconds{0})) node.release_now();
  return exit_code::ok;
}

}  // namespace partita::cli
