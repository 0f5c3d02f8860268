#include "batch/schedules.hpp"

#include "batch/job.hpp"
#include "protocol/names.hpp"
#include "protocol/trigger.hpp"

namespace partita {

std::vector<new_schedule> schedules_of(const job& definition) {
  auto specs = definition.parameter_specs();
  std::erase_if(specs, [](const parameter_spec& p) { return p.name == "tick"; });
  std::vector<new_schedule> all;
  for (const auto& [name, trigger, how] : definition.schedules()) {
    if (!is_name(name))
      throw definition_error("schedule " + name + " of job " + definition.name() + ": " +
                             names_are_made_of);
    const auto parsed = parse_trigger(trigger, how.zone);
    if (!parsed.value)
      throw definition_error("schedule " + name + " of job " + definition.name() + ": " +
                             parsed.flaw);
    const auto values = checked_values(definition.name(), specs, how.parameters);
    all.push_back({name, definition.name(), values.dump(), identity_of(specs, values),
                   to_text(*parsed.value), how.zone, how.overlap, how.catch_up});
  }
  return all;
}

}  // namespace partita
