#pragma once

#include <cstdint>
#include <optional>

#include "protocol/trigger.hpp"
#include "protocol/values.hpp"

// What becomes of a schedule whose stored tick is due: data in, data out.
namespace partita {

/// A tick that is no older than this is on time, not caught up with, whatever the window: a node
/// may have been lost, and its schedules taken over.
inline constexpr microseconds on_time = std::chrono::minutes{1};

/// At most so many missed ticks are counted one by one.
inline constexpr std::int64_t most_missed = 10'000;

struct schedule_rules {
  trigger when;
  overlap_policy overlap = overlap_policy::skip;
  microseconds catch_up{0};  // the window: a tick that is older is not fired any more
};

/// What is known of the runs of a schedule.
struct schedule_runs {
  bool live = false;  // one of them, at least
  struct span {
    db_time began;
    db_time ended;
  };
  std::optional<span> last{};  // the one that ended last
};

/// Ticks that start no run. The last one is the newest.
struct missed_ticks {
  std::int64_t count = 0;  // `most_missed`: so many or more
  db_time first{};
  db_time last{};
  friend bool operator==(const missed_ticks&, const missed_ticks&) = default;
};

enum class missed_why {
  none_missed,
  overlap,   // a run was live
  too_late,  // older than the catch-up window
  newer,     // a newer tick fires
};

/// Fires if there is a tick in `fire`; skips if there are only missed ones; else it waits.
struct schedule_decision {
  std::optional<db_time> fire{};  // start one run, with this tick
  missed_ticks missed{};          // log them
  missed_why why = missed_why::none_missed;
  std::optional<db_time> next{};  // store it as the next tick, which may be the stored one; none:
                                  // the schedule has no tick any more
  friend bool operator==(const schedule_decision&, const schedule_decision&) = default;
};

/// What to do at `now`, given the stored next tick, of a schedule that is not paused:
/// - A tick that is not due yet waits.
/// - Of several that are due, the newest fires, and the others are missed: one run at most.
/// - One that is older than the window, or than `on_time` if that is longer, is missed. One that
///   waited for the end of a run (`queue_one`) is as old as that end.
/// - `queue_one` keeps the stored tick while a run is live: it is due at every look.
/// - A fixed delay stores now + interval when it fires, and whenever it finds the run still live;
///   else it stores, or fires, the end of the last run + interval. It needs no word of that end.
/// The next tick is later than `now`, but for a tick that waits behind a run.
/// A schedule that begins, or is no longer paused, stores next_tick(trigger, now).
schedule_decision decide(const schedule_rules&, db_time stored, db_time now, const schedule_runs&);

}  // namespace partita
