#include "batch/description.hpp"

namespace partita {

namespace {

json describe(const parameter_spec& spec) {
  return {{"name", spec.name},         {"type", to_string(spec.type)},
          {"required", spec.required}, {"identifying", spec.identifying},
          {"default", spec.fallback},  {"about", spec.about},
          {"one_of", spec.choices}};
}

}  // namespace

json describe(const job& definition) {
  auto parameters = json::array();
  for (const auto& spec : definition.parameter_specs()) parameters.push_back(describe(spec));
  auto steps = json::array();
  const auto plan = definition.shape();
  for (const auto& step : plan) {
    auto& one = steps.emplace_back(json{{"name", step.name}, {"kind", to_string(step.kind)}});
    auto after = json::array();
    for (const auto before : step.after) after.push_back(plan[before].name);
    one["after"] = after;
    if (step.flow != 0) one["flow"] = step.flow;
    if (step.on_failure) one["on_failure"] = plan[*step.on_failure].name;
    if (step.decides) one["decides"] = true;
    if (const auto* p = definition.partitioned_step(step.name)) {
      if (p->most_at_once() > 0) one["at_most"] = p->most_at_once();
      if (!p->limits().empty()) one["limits"] = p->limits();
      if (!p->tags().empty()) one["tags"] = p->tags();
    }
  }
  json all{{"about", definition.about()}, {"parameters", parameters}, {"steps", steps}};
  if (definition.most_runs() > 0) all["max_runs"] = definition.most_runs();
  if (!definition.fairness().empty()) all["fair_by"] = definition.fairness();
  return all;
}

namespace {

std::optional<std::size_t> index_of(const std::vector<step_shape>& plan, const json& name) {
  for (std::size_t i = 0; i < plan.size(); ++i)
    if (name == plan[i].name) return i;
  return std::nullopt;
}

template <class T>
T member(const json& of, const char* name, T fallback) {
  const auto found = of.find(name);
  try {
    return found == of.end() ? fallback : found->get<T>();
  } catch (const json::exception&) {
    return fallback;
  }
}

}  // namespace

std::vector<parameter_spec> parameters_of(const json& description) {
  std::vector<parameter_spec> all;
  if (!description.is_object()) return all;
  for (const auto& one : member(description, "parameters", json::array())) {
    if (!one.is_object()) continue;
    parameter_spec spec;
    spec.name = member(one, "name", std::string{});
    spec.required = member(one, "required", false);
    spec.identifying = member(one, "identifying", true);
    spec.fallback = member(one, "default", json{});
    spec.choices = member(one, "one_of", std::vector<std::string>{});
    spec.about = member(one, "about", std::string{});
    const auto type = member(one, "type", std::string{});
    for (const auto known : {parameter_type::text, parameter_type::integer, parameter_type::number,
                             parameter_type::boolean, parameter_type::path})
      if (type == to_string(known)) spec.type = known;
    all.push_back(std::move(spec));
  }
  return all;
}

std::vector<step_shape> plan_of(const json& description) {
  std::vector<step_shape> plan;
  if (!description.is_object()) return plan;
  for (const auto& step : member(description, "steps", json::array())) {
    if (!step.is_object()) return {};
    step_shape one;
    one.name = member(step, "name", std::string{});
    one.kind = parse_state<step_kind>(member(step, "kind", std::string{})).value_or(one.kind);
    if (!step.contains("after") && !plan.empty()) one.after = {plan.size() - 1};
    for (const auto& name : member(step, "after", json::array()))
      if (const auto before = index_of(plan, name)) one.after.push_back(*before);
    one.flow = member(step, "flow", 0);
    one.decides = member(step, "decides", false);
    plan.push_back(std::move(one));
  }
  std::size_t i = 0;
  for (const auto& step : member(description, "steps", json::array())) {
    const auto to = index_of(plan, member(step, "on_failure", json{}));
    if (to && may_go(plan, i, *to)) plan[i].on_failure = to;
    ++i;
  }
  return plan;
}

}  // namespace partita
