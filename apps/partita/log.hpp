#pragma once

#include <string>
#include <string_view>

#include "actors/log_event.hpp"
#include "apps/partita/text.hpp"

namespace partita::cli {

struct log_line {
  db_time at;
  std::string_view node_name;  // of the node that this process is; "" for other commands
  const log::event& event;
};

/// `ts level node_name event key=value …`, as log::text_of has it; `-` where there is no name.
std::string text_log_line(const log_line& line);

/// One JSON object: ts, level, msg (the event), node_name if there is one, then the fields. Ids are
/// strings, as everywhere in Partita's JSON. Only ASCII, so that no terminal obeys it; bytes that
/// are not UTF-8 become U+FFFD.
std::string json_log_line(const log_line& line);

enum class log_format { text, json };

/// Events go to stderr from here on, a line each. `level` is one of trace, debug, info, warn,
/// error, off.
void start_log(const std::string& level, log_format format, const std::string& node_name);

}  // namespace partita::cli
