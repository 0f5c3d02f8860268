#pragma once

#include <string>
#include <string_view>

#include "protocol/ids.hpp"

namespace partita {

/// Whether every database stores this text as it is: valid UTF-8 (no overlong form, no surrogate,
/// nothing above U+10FFFF) without NUL, at which client libraries would cut it silently.
bool is_storable(std::string_view value);

/// Throws store_error bad_request, with a sentence that begins with `what`, unless storable.
void require_text(std::string_view what, std::string_view value);

/// Throws store_error bad_request, with a sentence that begins with `what`, unless it is a name as
/// is_name wants it.
void require_name(std::string_view what, std::string_view value);

// As messages call them.
std::string named(run_id run);      // "run 7"
std::string named(step_id step);    // "step 7"
std::string named(lease_id lease);  // "lease 7"
std::string named(node_id node);    // "node 7"

}  // namespace partita
