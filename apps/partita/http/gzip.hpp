#pragma once

#include <string>

namespace partita::http {

/// Compressed as `Content-Encoding: gzip`. A large text less well: to compress it well takes longer
/// than to make it, and longer than to send the rest.
std::string gzipped(const std::string& text);

}  // namespace partita::http
