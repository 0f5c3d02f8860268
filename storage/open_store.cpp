#include <algorithm>
#include <string_view>

#include "storage/database.hpp"
#include "storage/postgres/postgres_database.hpp"
#include "storage/sqlite/sqlite_database.hpp"
#include "storage/text.hpp"

namespace partita {

namespace {

constexpr std::string_view sqlite_scheme = "sqlite:";

/// A libpq key=value string starts with one of its keywords: a lower-case word, then '='.
bool is_keyword_string(std::string_view text) {
  auto word = text.substr(0, text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"));
  auto rest = text.substr(word.size());
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return !word.empty() && rest.starts_with('=');
}

}  // namespace

std::shared_ptr<database> open_database(const std::string& url) {
  require_text("the database address", url);
  if (url.starts_with(sqlite_scheme)) {
    auto path = url.substr(sqlite_scheme.size());
    if (path.empty())
      throw store_error(errc::bad_request,
                        "the database address names no file; write for example sqlite:partita.db");
    return open_sqlite(path);
  }
  if (url.starts_with("postgresql://") || url.starts_with("postgres://") || is_keyword_string(url))
    return open_postgres(url);
  // The text is not repeated: it may hold a password.
  throw store_error(errc::bad_request,
                    "the database address is not understood; write sqlite:PATH, "
                    "postgresql://USER@HOST/NAME, or a libpq string such as "
                    "'host=HOST dbname=NAME'");
}

}  // namespace partita
