#include "batch/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace partita::utf8 {

char32_t pop(std::string_view& text) {
  const auto lead = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < static_cast<std::size_t>(more)) return invalid;
  char32_t point = lead & (0x3Fu >> more);
  for (int i = 0; i < more; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return invalid;
    point = point << 6 | (next & 0x3Fu);
  }
  constexpr char32_t least[] = {0, 0x80, 0x800, 0x10000};
  const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
  if (point < least[more] || point > 0x10FFFF || surrogate) return invalid;
  text.remove_prefix(more);
  return point;
}

bool is_valid(std::string_view text) {
  while (!text.empty()) {
    // Most text is ASCII: skip it eight bytes at a time.
    std::uint64_t word;
    while (text.size() >= sizeof word) {
      std::memcpy(&word, text.data(), sizeof word);
      if (word & 0x8080808080808080) break;
      text.remove_prefix(sizeof word);
    }
    if (!text.empty() && pop(text) == invalid) return false;
  }
  return true;
}

std::string printable(std::string_view bytes) {
  constexpr std::size_t most = 120;
  constexpr auto hex = "0123456789ABCDEF";
  std::string shown;
  for (const char c : bytes.substr(0, most)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7F)
      shown += c;
    else
      shown.append("\\x") += {hex[byte >> 4], hex[byte & 15]};
  }
  return bytes.size() > most ? shown + "..." : shown;
}

std::string escaped(std::string_view bytes) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string text;
  while (!bytes.empty()) {
    const auto before = bytes;
    if (pop(bytes) != invalid && before.front() != '\0') {
      text += before.substr(0, before.size() - bytes.size());
    } else {
      const auto byte = static_cast<unsigned char>(before.front());
      text += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return text;
}

void drop_cut_character(std::string& bytes) {
  for (std::size_t back = 1; back <= std::min<std::size_t>(3, bytes.size()); ++back) {
    const auto byte = static_cast<unsigned char>(bytes[bytes.size() - back]);
    if ((byte & 0xC0) == 0x80) continue;
    const std::size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1;
    if (length > back) bytes.resize(bytes.size() - back);
    return;
  }
}

std::string shortened(std::string_view text, std::size_t most) {
  if (!is_valid(text) || text.find('\0') != text.npos) return printable(text);
  if (text.size() <= most) return std::string{text};
  const auto is_inside = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  while (most > 0 && is_inside(text[most])) --most;
  return std::string{text.substr(0, most)} + "...";
}

}  // namespace partita::utf8
