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

}  // namespace

std::string sql_name(const parameters& given, const std::string& parameter) {
  auto name = given.get<std::string>(parameter);
  const auto dot = name.find('.');
  const auto behind = dot == std::string::npos ? 0 : dot + 1;
  if (is_identifier(std::string_view{name}.substr(behind)) &&
      (behind == 0 || is_identifier(std::string_view{name}.substr(0, dot))))
    return name;
  throw permanent_error("parameter " + parameter + " is " + utf8::printable(name) +
                        "; a name has letters, digits and _, and may have a schema in front");
}

}  // namespace partita
