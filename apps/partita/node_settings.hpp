#pragma once

#include <map>
#include <string>

#include "apps/partita/options.hpp"
#include "protocol/settings.hpp"

namespace partita::cli {

/// --executors, --fast, and a flag and a variable for each interval of protocol/settings.hpp.
option_list node_setting_options();

/// The settings these give. Throws command_error (usage), with every sentence of `problems`, when
/// they cannot be safe.
settings settings_of(const arguments& args);

/// The variables by which node processes started from here get the settings that were typed.
std::map<std::string, std::string> typed_settings(const arguments& args);

}  // namespace partita::cli
