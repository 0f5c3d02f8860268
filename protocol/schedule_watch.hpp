#pragma once

#include "protocol/schedules.hpp"

namespace partita {

/// What keeps a schedule from starting runs.
enum class schedule_trouble {
  none,        // nothing; or it is paused, or has no tick any more
  no_owner,    // no node that lives owns it: tokens do not suffice, or nobody knows its job
  not_fired,   // its owner lives, and its ticks pass by
  no_trigger,  // its trigger or its zone is none that its owner knows
};

/// Judges a schedule at `now` by the database's clock. It is not fired when so many of its ticks
/// have passed since the stored one, `on_time` (protocol/schedule_policy.hpp) ago at least: before,
/// others may be taking it over. `runs`: a run of it is live; a tick may wait for that.
schedule_trouble trouble_of(const schedule_row& s, bool owner_lives, bool runs, db_time now,
                            int intervals);

}  // namespace partita
