#include "apps/partita/database_url.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "apps/partita/errors.hpp"
#include "apps/partita/passwords.hpp"
#include "apps/partita/secret_file.hpp"
#include "apps/partita/text.hpp"

namespace partita::cli {

namespace {

constexpr std::size_t longest_address = 64 * 1024;

/// The address is the first line.
std::string address_in(const std::string& path) {
  const auto refuse = [&](const std::string& why) {
    return usage_error("the file " + path + ", which PARTITA_DB_FILE names, " + why,
                       "it holds the address of the database, and has mode 0600, or 0640 with a "
                       "group of its own");
  };
  if (const auto trouble = trouble_of_secret_file(path); !trouble.empty()) throw refuse(trouble);
  std::error_code ignored;
  if (std::filesystem::file_size(path, ignored) > longest_address) throw refuse("is too long");
  std::ifstream in{path};
  std::string address;
  std::getline(in, address);
  address.erase(address.find_last_not_of(" \t\r") + 1);
  if (address.empty()) throw refuse("is empty");
  return address;
}

}  // namespace

void require_no_password(const std::string& option, const std::string& variable,
                         const std::string& url) {
  if (holds_password(url))
    throw usage_error(
        "--" + option +
            " holds a password, and every user of this machine can read the arguments of a process",
        "put the address in the variable " + variable +
            ", or the password in PGPASSFILE or PGPASSWORD");
}

std::string database_url(const arguments& args) {
  if (args.typed("db")) {
    auto url = args.text("db");
    require_no_password("db", "PARTITA_DB", url);
    return url;
  }
  const auto set = [](const char* variable) -> std::string {
    const auto* value = std::getenv(variable);
    return value ? value : "";
  };
  if (auto url = set("PARTITA_DB"); !url.empty()) return url;
  if (const auto file = set("PARTITA_DB_FILE"); !file.empty()) return address_in(file);
  if (auto url = set("DATABASE_URL"); !url.empty()) return url;
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
  return args.typed("db") ? " --db " + shell_word(args.text("db")) : "";
}

}  // namespace partita::cli
