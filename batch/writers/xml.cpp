#include "batch/writers/xml.hpp"

#include <array>

#include "batch/errors.hpp"
#include "batch/utf8.hpp"

namespace partita::xml {

namespace {

/// Printable ASCII that never needs a reference. Most data holds nothing else.
constexpr auto plain_bytes = [] {
  std::array<bool, 256> table{};
  for (unsigned c = 0x20; c < 0x7F; ++c) table[c] = c != '&' && c != '<' && c != '>' && c != '"';
  return table;
}();

bool is_plain(std::string_view text) {
  for (const char c : text)
    if (!plain_bytes[static_cast<unsigned char>(c)]) return false;
  return true;
}

/// The Char production of XML 1.0.
bool is_allowed(char32_t c) {
  if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
  return c != 0xFFFE && c != 0xFFFF && c != utf8::invalid;
}

void require_allowed(std::string_view text, std::string_view kind, std::string_view name) {
  while (!text.empty()) {
    const auto c = utf8::pop(text);
    if (is_allowed(c)) continue;
    constexpr auto hex = "0123456789ABCDEF";
    const auto what = c == utf8::invalid ? std::string{"invalid UTF-8"}
                                         : std::string{"the character U+"} + hex[c >> 12 & 15] +
                                               hex[c >> 8 & 15] + hex[c >> 4 & 15] + hex[c & 15];
    throw data_error(std::string{kind}.append(" ").append(name).append(": ") + what +
                     " cannot be written as XML");
  }
}

/// What stands for `c`, or nothing where it stands for itself. A parser makes one line end of
/// "\r\n", and a space of each blank in an attribute, unless they are written as references.
std::string_view reference_of(char c, bool in_attribute) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '\r':
      return "&#13;";
    case '"':
      return "&quot;";
    case '\t':
      return in_attribute ? "&#9;" : "";
    case '\n':
      return in_attribute ? "&#10;" : "";
    default:
      return "";
  }
}

}  // namespace

void elements::start(std::string_view name) {
  finish_start_tag();
  to_->add("<", name);
  open_.emplace_back(name);
  in_start_tag_ = true;
}

void elements::attribute(std::string_view name, std::string_view value) {
  if (!in_start_tag_)
    throw definition_error("the attribute " + std::string{name} + " comes after no start tag");
  require_allowed(value, "attribute", name);
  to_->add(" ", name, "=\"");
  add_escaped(value, true);
  to_->add("\"");
}

void elements::element(std::string_view name, std::string_view text) {
  const bool plain = is_plain(text);
  if (!plain) require_allowed(text, "element", name);
  finish_start_tag();
  if (text.empty()) return to_->add("<", name, "/>");
  to_->add("<", name, ">");
  if (plain)
    to_->add(text);
  else
    add_escaped(text, false);
  to_->add("</", name, ">");
}

void elements::end() {
  if (open_.empty()) throw definition_error("an element is ended, but none is open");
  if (in_start_tag_)
    to_->add("/>");
  else
    to_->add("</", open_.back(), ">");
  in_start_tag_ = false;
  open_.pop_back();
}

void elements::end_all() {
  while (!open_.empty()) end();
}

void elements::reset() {
  open_.clear();
  in_start_tag_ = false;
}

void elements::finish_start_tag() {
  if (in_start_tag_) to_->add(">");
  in_start_tag_ = false;
}

/// `value` as it was judged by `is_plain` or `require_allowed`.
void elements::add_escaped(std::string_view value, bool in_attribute) {
  std::size_t begin = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto reference = reference_of(value[i], in_attribute);
    if (reference.empty()) continue;
    to_->add(value.substr(begin, i - begin), reference);
    begin = i + 1;
  }
  to_->add(value.substr(begin));
}

}  // namespace partita::xml
