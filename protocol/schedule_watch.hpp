#pragma once

#include <functional>

#include "protocol/schedules.hpp"

namespace partita {

/// What keeps a schedule from starting runs.
enum class schedule_trouble {
  none,        // nothing; or it is paused, or has no tick any more
  no_owner,    // no node that lives owns it: tokens do not suffice, or nobody knows its job
  not_fired,   // its owner lives, and its ticks pass by
  not_run,     // its ticks start no run: they are missed, one after the other
  no_trigger,  // its trigger or its zone is none that a program knows
};

/// Ticks that may pass by until a schedule is in trouble, where nobody says otherwise.
inline constexpr int usual_intervals = 3;

/// Judges a schedule at `now` by the database's clock. It is not fired when so many of its ticks
/// have passed since the stored one, `on_time` (protocol/schedule_policy.hpp) ago at least: before,
/// others may be taking it over. Its ticks start no run when so many were missed since its newest
/// run, or when its only one was. `runs`: whether a run of it is live, for which a tick may wait;
/// asked only where it counts.
schedule_trouble trouble_of(const schedule_row& s, bool owner_lives,
                            const std::function<bool()>& runs, db_time now, int intervals);

}  // namespace partita
