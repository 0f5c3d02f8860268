#pragma once

#include <vector>

#include "apps/partita/options.hpp"
#include "protocol/schedules.hpp"

// What the options and the words of `schedule` mean. All throw command_error (usage).
namespace partita::cli {

option_list schedule_options();

/// Refuses options that another word of `schedule` takes: "run" takes no --from.
void require_options_of(const std::string& verb, const arguments& args);

/// --overlap
overlap_policy overlap_of(const arguments& args);

/// --catch-up
milliseconds catch_up_of(const arguments& args);

/// A time as `parse_since` reads it, on the clock of the zone.
db_time moment_of(const arguments& args, const std::string& option, const std::string& zone);

/// How old a tick may be that still fires.
microseconds fires_within(const new_schedule& s);

/// Refuses what is no tick of the schedule, where its trigger says which are.
void require_tick(const new_schedule& s, db_time at);

/// The ticks of a schedule from `from` up to and including `to`, which is not later than `now`.
/// What it throws fits the options of the command and the members of a request.
std::vector<db_time> past_ticks(const new_schedule& s, db_time from, db_time to, db_time now);

}  // namespace partita::cli
