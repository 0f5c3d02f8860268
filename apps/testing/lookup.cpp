#include "apps/testing/lookup.hpp"

namespace partita::test {

const partitioned& partitioned_of(const job& j, const std::string& step) {
  j.shape();
  if (const auto* found = j.partitioned_step(step)) return *found;
  std::string names;
  for (const auto& one : j.steps()) {
    if (name_of(one) == step)
      throw definition_error("step " + step + " of job " + j.name() +
                             " is a tasklet: it has no partitions");
    names += (names.empty() ? "" : ", ") + name_of(one);
  }
  throw definition_error("job " + j.name() + " has no step " + step + ": it has " + names);
}

json checked(const job& j, const json& given) {
  return checked_values(j.name(), j.parameter_specs(), given);
}

}  // namespace partita::test
