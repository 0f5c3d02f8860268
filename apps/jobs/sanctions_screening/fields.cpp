#include "apps/jobs/sanctions_screening/fields.hpp"

#include <algorithm>
#include <charconv>

#include "batch/errors.hpp"
#include "batch/utf8.hpp"

namespace partita::screening {

void refuse(const column& at, std::string_view reason) {
  throw data_error("column " + std::to_string(at.index + 1) + " (" + std::string{at.title} + ") " +
                   std::string{reason});
}

void require_columns(const record& from, std::size_t least, std::size_t most) {
  const auto found = from.fields.size();
  if (found >= least && found <= most) return;
  throw data_error(std::to_string(found) + (found == 1 ? " column" : " columns") + " instead of " +
                   std::to_string(least) + (least == most ? "" : " to " + std::to_string(most)));
}

std::string_view field_of(const record& from, const column& at) {
  auto field = from.fields.at(at.index);
  while (field.starts_with(' ')) field.remove_prefix(1);
  while (field.ends_with(' ')) field.remove_suffix(1);
  return field;
}

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::int64_t number_of(const record& from, const column& at) {
  const auto text = field_of(from, at);
  std::int64_t number = 0;
  if (!is_digits(text)) refuse(at, "is no number: \"" + utf8::printable(text) + "\"");
  if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc{})
    refuse(at, "is too large a number: " + utf8::printable(text));
  return number;
}

}  // namespace partita::screening
