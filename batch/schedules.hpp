#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "batch/json.hpp"
#include "protocol/schedules.hpp"

namespace partita {

class job;

/// How the runs of a schedule begin, beside its trigger.
struct scheduling {
  std::string zone = "UTC";  // whose clock counts (IANA)
  overlap_policy overlap = overlap_policy::skip;
  std::chrono::seconds catch_up{0};  // a tick that is older than this is not fired any more
  json parameters = json::object();  // of its runs; each gets its tick as `tick` beside them
};

/// A schedule that a job declares.
struct declared_schedule {
  std::string name;
  std::string trigger;
  scheduling how;
};

/// What a job declares, with checked parameters. Throws definition_error.
std::vector<new_schedule> schedules_of(const job& definition);

}  // namespace partita
