#pragma once

#include <optional>
#include <string>
#include <vector>

#include "protocol/values.hpp"

// What a row of `schedule` means, and what a run gets of its tick.
namespace partita {

/// A named trigger of a job, as somebody asks for it.
struct new_schedule {
  std::string name;
  std::string job;
  json_text parameters = "{}";  // an object, checked: each run gets its tick beside them
  std::string identity = "{}";  // the identifying ones of these
  std::string trigger;          // as to_text(trigger) writes it
  std::string zone = "UTC";     // IANA
  overlap_policy overlap = overlap_policy::skip;
  milliseconds catch_up{0};  // a tick that is older than this is not fired any more
  friend bool operator==(const new_schedule&, const new_schedule&) = default;
};

struct schedule_row {
  schedule_id id;
  new_schedule what;
  node_id owner;                     // none: nobody fires it
  std::optional<db_time> next_tick;  // none: there is none any more
  // Of the newest run that its trigger or somebody started.
  std::optional<db_time> last_tick;
  run_id last_run;
  std::int64_t missed = 0;  // ticks that started no run, since it was defined or resumed
  bool declared = false;    // by a program: what it says counts
  std::optional<pause_mark> paused;
  db_time created_at;
};

/// What became of the ticks of a node that were due.
struct fired_ticks {
  std::vector<run_id> runs;
  std::int64_t missed = 0;
  std::optional<microseconds> tick_in;  // until the next one; see cluster_view

  bool more_are_due() const { return tick_in && *tick_in <= microseconds{0}; }
};

/// An object of parameters with the member `tick` behind the others.
json_text with_tick(const json_text& parameters, db_time tick);

/// The launch key of the run for a tick.
std::string launch_key_of(schedule_id schedule, db_time tick);

}  // namespace partita
