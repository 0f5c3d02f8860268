#pragma once

#include <string>

#include "apps/partita/options.hpp"
#include "protocol/retention.hpp"

// What the options and the words of `retention` and `purge` mean. All throw command_error (usage).
namespace partita::cli {

/// So long, and --keep-last.
retention retention_of(const arguments& args, const std::string& duration);

/// --ended-before, --job, --state, --keep-last
purge_choice purge_choice_of(const arguments& args);

}  // namespace partita::cli
