#include "actors/log_event.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "batch/utf8.hpp"

namespace partita::log {

namespace {

level least_level = level::off;
sink receiver;

/// A text that needs no quotes: it cannot be taken for a number, a truth value or two words.
bool is_word(std::string_view text) {
  auto letter = [](char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  auto simple = [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') ||
           std::string_view{"-./:@+"}.find(c) != std::string_view::npos;
  };
  for (auto other : {"true", "false", "nan", "inf"})
    if (text == other) return false;
  return !text.empty() && letter(text.front()) && std::all_of(text.begin(), text.end(), simple);
}

/// Whether some readers take the character for the end of a line, or a terminal for a command.
bool is_control(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x2028 || c == 0x2029;
}

void append_hex(std::string& out, std::string_view bytes) {
  constexpr auto hex = "0123456789abcdef";
  for (unsigned char byte : bytes) out.append("\\x") += {hex[byte >> 4], hex[byte & 15]};
}

std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    auto rest = text;
    const auto c = utf8::pop(rest);
    const auto bytes = text.substr(0, text.size() - rest.size());
    if (c == '"' || c == '\\')
      out.append("\\").append(bytes);
    else if (c == '\n')
      out += "\\n";
    else if (c == '\r')
      out += "\\r";
    else if (c == '\t')
      out += "\\t";
    else if (c == utf8::invalid || is_control(c))
      append_hex(out, bytes);
    else
      out += bytes;
    text = rest;
  }
  return out + '"';
}

std::string shown(std::int64_t number) { return std::to_string(number); }
std::string shown(double number) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, number).ptr};
}
std::string shown(bool truth) { return truth ? "true" : "false"; }
std::string shown(id_value id) { return std::to_string(id.value); }
std::string shown(std::string_view text) {
  return is_word(text) && text.size() <= longest_text ? std::string{text}
                                                      : in_quotes(bounded(text));
}

}  // namespace

void send_to(level least, sink to) {
  receiver = std::move(to);
  least_level = receiver ? least : level::off;
}

void write(level how, event_name name, const subject& of, std::initializer_list<field> more) {
  if (how < least_level) return;
  receiver({how, name.text, of, {more.begin(), more.size()}});
}

std::string text_of(const event& e) {
  std::string out{e.name};
  for_each_field(e, [&](std::string_view name, const value& v) {
    out.append(" ").append(name).append("=").append(text_of(v));
  });
  return out;
}

std::string text_of(const value& v) {
  return std::visit([](auto content) { return shown(content); }, v.data);
}

std::string bounded(std::string_view text) {
  if (text.size() <= longest_text) return std::string{text};
  auto end = longest_text;  // not within a character
  for (int i = 0; i < 3 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80; ++i) --end;
  return std::string{text.substr(0, end)} + "… (" + std::to_string(text.size()) + " bytes)";
}

}  // namespace partita::log
