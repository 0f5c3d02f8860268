#include <iostream>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/completion.hpp"
#include "apps/partita/text.hpp"
#include "apps/partita/version.hpp"
#include "storage/migrate.hpp"

namespace partita::cli {

std::string program_version() { return PARTITA_VERSION; }

exit_code help_command(const invocation& in) {
  require_words(in.args.words(), {}, 1);
  if (in.args.has("man")) {
    std::cout << manual_page(in.program, command_table());
    return exit_code::ok;
  }
  std::cout << (in.args.words().empty()
                    ? overview(in.program)
                    : help_of(find_command(in.args.words().front()), in.program));
  return exit_code::ok;
}

exit_code completion_command(const invocation& in) {
  require_words(in.args.words(), {"the name of a shell"}, 1);
  std::cout << completion_script(in.args.words().front(), in.program, command_table());
  return exit_code::ok;
}

exit_code version_command(const invocation& in) {
  require_words(in.args.words(), {}, 0);
  auto sqlite = sqlite_migrations().back().version();
  auto postgres = postgres_migrations().back().version();
  if (wants_json(in.args))
    std::cout << dump({{"version", program_version()},
                       {"schema_versions", {{"sqlite", sqlite}, {"postgresql", postgres}}},
                       {"backends", {"sqlite", "postgresql"}}})
              << "\n";
  else
    std::cout << "partita " << program_version() << "\nsqlite: schema version " << sqlite
              << "\npostgresql: schema version " << postgres << "\n";
  return exit_code::ok;
}

}  // namespace partita::cli
