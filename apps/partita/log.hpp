#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/partita/text.hpp"

namespace partita::cli {

/// `event_name key=value key="a value with \"quotes\""` taken apart. Words that are no pair belong
/// to `text`: a message that is plain prose stays whole.
struct log_message {
  struct field {
    std::string key;
    std::string value;
    bool quoted = false;
  };
  std::string text;
  std::vector<field> fields;
};
log_message parse_log_message(std::string_view payload);

struct log_line {
  db_time at;
  std::string_view level;
  std::string_view node;  // name of the node this process is; "" for other commands
  std::string_view payload;
};

/// One JSON object: ts, level, msg, node, then the fields. Unquoted whole numbers become numbers,
/// except ids (run, step, lease, node, *_id), which are text everywhere in Partita's JSON.
std::string json_log_line(const log_line& line);

/// `ts level node message`, with control characters escaped.
std::string text_log_line(const log_line& line);

enum class log_format { text, json };

/// spdlog's default logger from here on: to stderr, one whole line a message. `level` is one of
/// trace, debug, info, warn, error, off.
void start_log(const std::string& level, log_format format, const std::string& node);

}  // namespace partita::cli
