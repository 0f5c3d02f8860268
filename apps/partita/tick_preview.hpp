#pragma once

#include <string>
#include <vector>

#include "apps/partita/text.hpp"
#include "protocol/schedules.hpp"
#include "protocol/values.hpp"

namespace partita::cli {

/// When a trigger fires next.
struct tick_preview {
  std::string trigger;          // as it is written best
  std::string zone;             // whose clock counts
  std::vector<document> ticks;  // {"tick", "local"}
};

/// At most `count` ticks after `now`. Throws command_error (usage) for what is no trigger or zone.
tick_preview next_ticks(const std::string& trigger, const std::string& zone, std::int64_t count,
                        db_time now);

/// {"tick", "local"}: the stored next tick of a schedule, and those after it and `now`, at most
/// `count`. Of a paused one, as if it were resumed at `now`. None, where this machine does not know
/// its trigger or zone.
std::vector<document> coming_ticks(const schedule_row& schedule, std::int64_t count, db_time now);

}  // namespace partita::cli
