#pragma once

#include <string>
#include <string_view>

namespace partita::utf8 {

inline constexpr char32_t invalid = 0xFFFFFFFF;

/// The code point at the front of `text`, which must not be empty; removes its bytes. `invalid` for
/// overlong forms, surrogates, values past U+10FFFF and cut sequences; then one byte is removed.
char32_t pop(std::string_view& text);

bool is_valid(std::string_view text);

/// Foreign bytes for an error message: everything but printable ASCII becomes \xNN, and what is
/// longer than a line is cut, so that the message can be stored and shown anywhere.
std::string printable(std::string_view bytes);

/// Any bytes as a text that can be stored: what is not UTF-8, and NUL, becomes \xNN.
std::string escaped(std::string_view bytes);

/// Removes the beginning of a character that is at the end of cut bytes.
void drop_cut_character(std::string& bytes);

/// At most so many bytes of a text, as it can be stored and shown: what is not UTF-8 becomes
/// printable.
std::string shortened(std::string_view text, std::size_t most);

}  // namespace partita::utf8
