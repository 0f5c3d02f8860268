#include "apps/jobs/marc/sql_name.hpp"

#include <algorithm>
#include <string_view>

#include "batch/errors.hpp"
#include "batch/utf8.hpp"

namespace partita {

namespace {

bool is_identifier(std::string_view word) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !word.empty() && is_letter(word.front()) &&
         std::all_of(word.begin(), word.end(),
                     [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

/// A table, or a schema, of the engine or the database itself.
bool is_reserved(std::string_view word) {
  std::string lower{word};
  for (auto& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const auto begins = [&](const char* prefix) { return lower.starts_with(prefix); };
  return lower == "partita" || lower == "information_schema" || begins("partita_") ||
         begins("sqlite_") || begins("pragma_") || begins("pg_");
}

}  // namespace

std::string sql_name(const parameters& given, const std::string& parameter) {
  auto name = given.get<std::string>(parameter);
  const auto dot = name.find('.');
  const bool has_schema = dot != std::string::npos;
  const auto last = std::string_view{name}.substr(has_schema ? dot + 1 : 0);
  const auto schema = std::string_view{name}.substr(0, has_schema ? dot : 0);
  if (!is_identifier(last) || (has_schema && !is_identifier(schema)))
    throw permanent_error("parameter " + parameter + " is " + utf8::printable(name) +
                          "; a name has letters, digits and _, and may have a schema in front");
  if (is_reserved(last) || is_reserved(schema))
    throw permanent_error("parameter " + parameter + " is " + name +
                          ", which belongs to the engine or the database itself");
  return name;
}

}  // namespace partita
