#include "apps/partita/database_url.hpp"

#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "apps/partita/errors.hpp"
#include "apps/partita/passwords.hpp"
#include "apps/partita/shared_variable.hpp"
#include "apps/partita/text.hpp"

namespace partita::cli {

void require_no_password(const std::string& option, const std::string& variable,
                         const std::string& url) {
  if (holds_password(url))
    throw usage_error(
        "--" + option +
            " holds a password, and every user of this machine can read the arguments of a process",
        "put the address in the variable " + variable +
            ", or the password in PGPASSFILE or PGPASSWORD");
}

namespace {

constexpr const char* shared_variable = "DATABASE_URL";

}  // namespace

value_source database_source(const arguments& args) {
  return source_beside(shared_variable, args, "db");
}

std::string database_url(const arguments& args) {
  if (args.typed("db")) {
    auto url = args.text("db");
    require_no_password("db", "PARTITA_DB", url);
    return url;
  }
  if (database_source(args).place == shared_variable) return std::getenv(shared_variable);
  return args.text("db");
}

std::optional<std::string> sqlite_file(const std::string& url) {
  constexpr std::string_view scheme = "sqlite:";
  if (!url.starts_with(scheme)) return std::nullopt;
  auto path = url.substr(scheme.size());
  if (path.starts_with("file:")) return std::nullopt;  // a URI of SQLite's own
  return path;
}

std::shared_ptr<database> open_existing(const std::string& url) {
  auto db = open_database(url);
  auto file = sqlite_file(url);
  if (file && !std::filesystem::exists(*file))
    throw command_error(exit_code::unreachable, "unavailable", "there is no database file " + *file,
                        "the first `run`, `submit`, `node` or `schema migrate` creates it; "
                        "another database is named with --db or PARTITA_DB");
  return db;
}

std::shared_ptr<database> open_or_create(const std::string& url) {
  auto db = open_database(url);
  // Zero migrations applied means that another process was faster.
  if (db->schema().found == 0 && db->migrate() > 0)
    std::cerr << "created the tables in " << escape_controls(db->address()) << "\n";
  return db;
}

std::shared_ptr<database> open_to_submit(const std::string& url) {
  auto db = open_database(url);
  return db->shared_over_network() ? db : open_or_create(url);
}

std::string db_flag(const arguments& args) {
  return (args.typed("config") ? " --config " + shell_word(args.text("config")) : "") +
         (args.typed("db") ? " --db " + shell_word(args.text("db")) : "");
}

}  // namespace partita::cli
