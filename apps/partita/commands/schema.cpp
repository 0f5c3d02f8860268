#include <fmt/format.h>

#include <iostream>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/documents.hpp"
#include "apps/partita/render.hpp"
#include "batch/parameters.hpp"
#include "storage/migrate.hpp"
#include "storage/postgres/postgres_database.hpp"

namespace partita::cli {

namespace {

const listing migrations{
    {{"VERSION", "/version", cell::number}, {"NAME", "/name"}, {"STATE", "/state", cell::state}},
    "/name"};

exit_code migrate(const invocation& in) {
  auto db = open_database(database_url(in.args));
  auto applied = db->migrate();
  auto status = db->schema();
  std::cerr << fmt::format("{}: {}, schema version {}\n", escape_controls(db->address()),
                           applied == 0   ? "nothing to apply"
                           : applied == 1 ? "1 migration applied"
                                          : fmt::format("{} migrations applied", applied),
                           status.found);
  return exit_code::ok;
}

exit_code status(const invocation& in) {
  auto how = style_of(in.args);
  auto found = open_existing(database_url(in.args))->schema();
  std::vector<document> items;
  for (const auto& one : found.migrations) items.push_back(migration_document(one));
  std::cout << render(migrations, items, how);
  return found.fits() ? exit_code::ok : exit_code::schema;
}

/// Prints SQL for a superuser to run. The program itself never needs the rights of a superuser.
exit_code roles() {
  std::cout << postgres_roles();
  return exit_code::ok;
}

exit_code verify(const invocation& in) {
  auto db = open_existing(database_url(in.args));
  auto found = db->schema();
  require_fit(found, db->address());
  std::cerr << fmt::format("{}: schema version {}, as this program carries it\n",
                           escape_controls(db->address()), found.found);
  return exit_code::ok;
}

}  // namespace

exit_code schema_command(const invocation& in) {
  start_log(in.args);
  require_words(in.args.words(), {"migrate, status, verify or roles"}, 1);
  const auto& verb = in.args.words().front();
  if (verb == "migrate") return migrate(in);
  if (verb == "status") return status(in);
  if (verb == "verify") return verify(in);
  if (verb == "roles") return roles();
  auto close = nearest(verb, {"migrate", "status", "verify", "roles"});
  throw usage_error("schema has no " + verb + ", only migrate, status, verify and roles",
                    close ? "did you mean " + *close + "?" : "");
}

}  // namespace partita::cli
