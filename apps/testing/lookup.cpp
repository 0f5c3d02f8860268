#include "apps/testing/lookup.hpp"

#include <map>

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
  std::map<std::string, std::string> texts;
  if (!given.is_object() && !given.is_null())
    throw definition_error("parameters are an object of names and values, not " + given.dump());
  for (const auto& [name, value] : given.items())
    texts[name] = value.is_string() ? value.get<std::string>() : value.dump();
  auto found = check_parameters(j.parameter_specs(), texts);
  std::string problems;
  for (const auto& one : found.problems) problems += (problems.empty() ? "" : "; ") + one;
  if (!problems.empty()) throw definition_error("job " + j.name() + ": " + problems);
  return std::move(found.values);
}

}  // namespace partita::test
