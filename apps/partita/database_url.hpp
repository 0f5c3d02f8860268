#pragma once

#include <memory>
#include <optional>
#include <string>

#include "apps/partita/options.hpp"
#include "storage/database.hpp"

namespace partita::cli {

/// --db, else PARTITA_DB, else DATABASE_URL, else a file of settings, else sqlite:partita.db.
/// Throws command_error (usage) when a password was typed.
std::string database_url(const arguments& args);
/// Where that comes from.
value_source database_source(const arguments& args);

/// Throws command_error (usage), which names the variable to use instead, when the URL that was
/// typed after this option holds a password.
void require_no_password(const std::string& option, const std::string& variable,
                         const std::string& url);

/// The file of an embedded database, if the URL names one by its path.
std::optional<std::string> sqlite_file(const std::string& url);

/// What a command that only looks or asks works on. Throws command_error (unreachable) when the
/// file of an embedded database is not there: opening it would create it.
std::shared_ptr<database> open_existing(const std::string& url);

/// Creates the tables when there are none, and says so on stderr.
std::shared_ptr<database> open_or_create(const std::string& url);

/// The same for who only hands over a run: an embedded database is created, one that several hosts
/// share never. Throws store_error (schema_missing).
std::shared_ptr<database> open_to_submit(const std::string& url);

/// " --config FILE --db URL", as far as they were typed: what a suggested command needs to reach
/// the same database.
std::string db_flag(const arguments& args);

}  // namespace partita::cli
