#pragma once

#include <string>

#include "apps/partita/options.hpp"

namespace partita::cli {

/// --config, --help: of every command
option_list general_options();
/// --db
option_list database_options();
/// --log-level, --log-format
option_list log_options(const std::string& level);
/// -o table|json, of commands that tell about one thing
option_list output_options();
/// --color
option_list color_option();
/// -o with all formats, --no-header, --time, --color
option_list format_options();
/// These, and --watch
option_list listing_options();

/// Whether -o json was asked of a command with `output_options`.
bool wants_json(const arguments& args);

/// Starts the log these options describe. Without --log-format: text on a terminal, else JSON.
void start_log(const arguments& args, const std::string& node = "");

}  // namespace partita::cli
