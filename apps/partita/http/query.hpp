#pragma once

#include <optional>
#include <string>

#include "apps/partita/http/message.hpp"
#include "apps/partita/run_filter.hpp"
#include "protocol/chunk.hpp"

// Parameters of requests. All throw http_error 400 with a sentence.
namespace partita::http {

/// A whole number between these, or `otherwise` where it is not given.
std::int64_t number_in(const request& what, const std::string& name, std::int64_t least,
                       std::int64_t most, std::int64_t otherwise);

/// "true" or "false"; false where it is not given.
bool yes_or_no_in(const request& what, const std::string& name);

/// A time: ISO-8601, or so long ago: "-24h" or "24h".
std::optional<db_time> time_in(const request& what, const std::string& name, db_time now);

/// PENDING, CLAIMED, COMPLETED or FAILED, in upper or lower case.
std::optional<partition_state> partition_state_in(const request& what, const std::string& name);

/// Where the page before ended, as `cursor_text` wrote it; before all where it is not given.
skipped_cursor skipped_cursor_in(const request& what, const std::string& name);
std::string cursor_text(const skipped_cursor& of);

/// Only these parameters may be given, each once; a name that ends in '.' stands for all that begin
/// so.
void allow_only(const request& what, const std::vector<std::string>& names);

cli::run_filter run_filter_in(const request& what, db_time now);

}  // namespace partita::http
