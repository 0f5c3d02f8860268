#pragma once

#include <string_view>

namespace partita {

/// Whether every database stores this text as it is: valid UTF-8 (no overlong form, no surrogate,
/// nothing above U+10FFFF) without NUL, at which client libraries would cut it silently.
bool is_storable(std::string_view value);

/// Throws store_error bad_request, with a sentence that begins with `what`, unless storable.
void require_text(std::string_view what, std::string_view value);

}  // namespace partita
