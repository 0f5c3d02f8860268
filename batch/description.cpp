#include "batch/description.hpp"

namespace partita {

namespace {

json describe(const parameter_spec& spec) {
  return {{"name", spec.name},         {"type", to_string(spec.type)},
          {"required", spec.required}, {"identifying", spec.identifying},
          {"default", spec.fallback},  {"about", spec.about}};
}

}  // namespace

json describe(const job& definition) {
  auto parameters = json::array();
  for (const auto& spec : definition.parameter_specs()) parameters.push_back(describe(spec));
  auto steps = json::array();
  for (const auto& step : definition.shape())
    steps.push_back({{"name", step.name}, {"kind", to_string(step.kind)}});
  return {{"about", definition.about()}, {"parameters", parameters}, {"steps", steps}};
}

}  // namespace partita
