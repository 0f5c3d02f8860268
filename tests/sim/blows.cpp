#include "tests/sim/blows.hpp"

namespace partita::sim {

std::string to_string(blow b) {
  const char* names[blows] = {
      "crash",          "pause",           "drain",        "release",         "join",
      "outage",         "clock_step",      "stop_run",     "stop_run_now",    "restart_run",
      "pause_schedule", "resume_schedule", "run_schedule", "remove_schedule", "pause_run",
      "resume_run",     "pause_job",       "resume_job",   "prioritize_run",  "set_limit",
      "purge_runs",     "set_retention"};
  return names[static_cast<int>(b)];
}

}  // namespace partita::sim
