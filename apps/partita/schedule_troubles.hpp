#pragma once

#include <string>
#include <utility>
#include <vector>

#include "protocol/schedule_watch.hpp"
#include "storage/reader.hpp"

namespace partita::cli {

/// Every schedule, by name.
std::vector<schedule_row> all_schedules(const reader& look);

/// Those that start no runs although they should, by name, and why: "is owned by no node that
/// lives". `intervals`: ticks that may pass by.
std::vector<std::pair<std::string, std::string>> troubles_among(
    const std::vector<schedule_row>& schedules, const reader& look,
    const std::vector<node_row>& nodes, db_time now, int intervals);

/// What to do about them.
std::string advice_on(const std::vector<schedule_row>& schedules,
                      const std::vector<node_row>& nodes);

/// The same of all schedules, at most 1,000 of them; usually one statement finds that there are
/// none.
std::vector<std::pair<std::string, std::string>> schedule_troubles(
    const reader& look, const std::vector<node_row>& nodes);

}  // namespace partita::cli
