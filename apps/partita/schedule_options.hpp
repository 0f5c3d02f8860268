#pragma once

#include <vector>

#include "apps/partita/options.hpp"
#include "protocol/schedules.hpp"

// What the options and the words of `schedule` mean. All throw command_error (usage).
namespace partita::cli {

option_list schedule_options();

/// --overlap
overlap_policy overlap_of(const arguments& args);

/// --catch-up
milliseconds catch_up_of(const arguments& args);

/// A time in the past, as `--since` takes it.
db_time moment_of(const arguments& args, const std::string& option);

/// The ticks of a schedule from `from` up to and including `to`.
std::vector<db_time> past_ticks(const new_schedule& s, db_time from, db_time to);

}  // namespace partita::cli
