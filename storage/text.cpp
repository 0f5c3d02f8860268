#include "storage/text.hpp"

#include <cstddef>

#include "protocol/errors.hpp"
#include "protocol/names.hpp"

namespace partita {

namespace {

/// What may follow a lead byte: how many bytes in all, and the bounds of the second one, which is
/// what shuts out overlong forms (E0, F0), surrogates (ED) and the end of Unicode (F4).
struct sequence {
  std::size_t length = 0;  // 0: no sequence starts with this byte
  unsigned char second_min = 0x80;
  unsigned char second_max = 0xBF;
};

sequence started_by(unsigned char lead) {
  if (lead >= 0xC2 && lead <= 0xDF) return {2};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {3};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3) return {4};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {};
}

/// Where the first byte stands that cannot be stored; the size of the text if there is none.
std::size_t first_flaw(std::string_view text) {
  auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  for (std::size_t at = 0; at < text.size();) {
    if (byte(at) >= 0x01 && byte(at) <= 0x7F) {  // nearly all bytes of nearly all texts
      ++at;
      continue;
    }
    auto s = started_by(byte(at));
    if (s.length == 0 || text.size() - at < s.length) return at;
    if (byte(at + 1) < s.second_min || byte(at + 1) > s.second_max) return at;
    for (std::size_t i = 2; i < s.length; ++i)
      if ((byte(at + i) & 0xC0) != 0x80) return at;
    at += s.length;
  }
  return text.size();
}

}  // namespace

bool is_storable(std::string_view value) { return first_flaw(value) == value.size(); }

void require_text(std::string_view what, std::string_view value) {
  auto at = first_flaw(value);
  if (at == value.size()) return;
  auto flaw = value[at] == '\0' ? " holds a NUL character" : " is not valid UTF-8";
  throw store_error(errc::bad_request,
                    std::string{what} + flaw + " (at byte " + std::to_string(at) + ")");
}

void require_name(std::string_view what, std::string_view value) {
  require_text(what, value);
  if (!is_name(value))
    throw store_error(errc::bad_request,
                      std::string{what} + " is '" + std::string{value} + "': " + names_are_made_of);
}

std::string named(run_id run) { return "run " + std::to_string(run.value); }
std::string named(step_id step) { return "step " + std::to_string(step.value); }
std::string named(lease_id lease) { return "lease " + std::to_string(lease.value); }
std::string named(node_id node) { return "node " + std::to_string(node.value); }

}  // namespace partita
