#pragma once

#include <string>

#include "storage/reader.hpp"

namespace partita::cli {

/// Refuses a job that no node has told of and that has no run: a typing error, which nothing would
/// show where a command finds nothing to do. "" is none. Throws command_error (not_found), with the
/// nearest name.
void require_known_job(const reader& look, const std::string& job);

}  // namespace partita::cli
