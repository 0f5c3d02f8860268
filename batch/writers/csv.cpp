#include "batch/writers/csv.hpp"

#include "batch/errors.hpp"
#include "batch/utf8.hpp"

namespace partita::csv {

namespace {

constexpr unsigned char needs_quotes = 1;
constexpr unsigned char needs_a_look = 2;  // NUL, and what is no ASCII

constexpr auto kinds = [] {
  std::array<unsigned char, 256> table{};
  for (const unsigned char c : {',', '"', '\r', '\n'}) table[c] = needs_quotes;
  for (std::size_t c = 0x80; c < table.size(); ++c) table[c] = needs_a_look;
  table[0] = needs_a_look;
  return table;
}();

void append_quoted(std::string& to, std::string_view text) {
  to += '"';
  for (const char c : text) {
    if (c == '"') to += '"';
    to += c;
  }
  to += '"';
}

}  // namespace

void fields::add(std::string_view text) {
  unsigned char found = 0;
  for (const char c : text) found |= kinds[static_cast<unsigned char>(c)];
  if (count_++ > 0) text_ += ',';
  if (found & needs_a_look) {
    const auto refuse = [&](const char* what) {
      throw data_error("field " + std::to_string(count_) + ": " + what +
                       " cannot be written as CSV");
    };
    if (text.find('\0') != text.npos) refuse("a NUL byte");
    if (!utf8::is_valid(text)) refuse("invalid UTF-8");
  }
  if (found & needs_quotes)
    append_quoted(text_, text);
  else
    text_ += text;
}

void fields::begin() {
  text_.clear();
  count_ = 0;
}

std::string_view fields::end(std::size_t columns) {
  if (count_ != columns)
    throw definition_error("a row of CSV has " + std::to_string(count_) +
                           " fields, and the header " + std::to_string(columns));
  if (text_.empty()) text_ = "\"\"";  // of one column: a blank line could be no row
  text_ += '\n';
  return text_;
}

}  // namespace partita::csv
