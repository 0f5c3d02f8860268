#include "protocol/schedules.hpp"

#include "protocol/trigger.hpp"

namespace partita {

json_text with_tick(const json_text& parameters, db_time tick) {
  const auto close = parameters.rfind('}');
  const auto more = parameters.find('"') < close;
  return parameters.substr(0, close) + (more ? "," : "") + "\"tick\":\"" + tick_text(tick) + "\"}";
}

std::string launch_key_of(schedule_id schedule, db_time tick) {
  return "schedule-" + std::to_string(schedule.value) + "-" + tick_text(tick);
}

}  // namespace partita
