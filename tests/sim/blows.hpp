#pragma once

#include <string>

#include "protocol/settings.hpp"

namespace partita::sim {

/// Faults that are planned for a moment.
enum class blow {
  crash,
  pause,       // as under SIGSTOP, for `lasts`
  drain,       // SIGTERM
  release,     // SIGTERM twice
  join,        // another node comes
  outage,      // the database answers nobody, for `lasts`
  clock_step,  // the database's clock jumps by `lasts`, which may be negative
  stop_run,
  stop_run_now,
  restart_run,
  pause_schedule,
  resume_schedule,
  run_schedule,  // by hand, for now
  remove_schedule,
  pause_run,
  resume_run,
  pause_job,
  resume_job,
  prioritize_run,
  set_limit,      // of the one that steps name
  purge_runs,     // those that have just ended, too
  set_retention,  // a second or a few, of all jobs or of one
};
inline constexpr int blows = 22;
std::string to_string(blow);

struct planned {
  blow what;
  milliseconds at;
  int target = 0;  // of the nodes, runs or schedules there are then, modulo
  milliseconds lasts{0};
};

}  // namespace partita::sim
