#pragma once

#include <algorithm>
#include <string_view>

namespace partita {

inline constexpr const char* names_are_made_of =
    "a name is made of at most 100 letters, digits, '_', '-' and '.'";

/// Of jobs, steps, parameters, tags, limits and schedules: it is a word for every shell, and a part
/// of an address.
inline bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 100 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

}  // namespace partita
