#pragma once

#include <string>
#include <string_view>

namespace partita::http {

/// Compressed as `Content-Encoding: gzip`. A large text less well: to compress it well takes longer
/// than to make it, and longer than to send the rest.
std::string gzipped(const std::string& text);

/// Whether an `Accept-Encoding`, in lower case, names gzip with another weight than 0. One whose
/// weight is no number is not accepted.
bool is_gzip_accepted(std::string_view accept_encoding);

}  // namespace partita::http
