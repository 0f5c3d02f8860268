#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "protocol/chunk.hpp"
#include "protocol/ranges.hpp"
#include "protocol/values.hpp"

// The details of events whose fields more than one place must know (protocol/events.hpp lists
// them).
namespace partita::event {

/// Of STEP_BEGUN, without who began it.
inline nlohmann::json step_detail(const step_spec& spec) {
  nlohmann::json detail{{"name", spec.name},
                        {"ordinal", spec.ordinal},
                        {"kind", to_string(spec.kind)},
                        {"streamed", spec.streamed}};
  if (spec.after_failure) detail["after_failure"] = true;
  return detail;
}

/// Of STEP_BEGUN, by the master under its term.
inline nlohmann::json begun_detail(const step_spec& spec, term t) {
  auto detail = step_detail(spec);
  detail["term"] = t.value;
  return detail;
}

/// Of STEP_BEGUN, by `restart`: a copy of this step, with its COMPLETED results; where skipped
/// items are tried again, without those of their partitions.
inline nlohmann::json continued_detail(const step_spec& spec, step_id from, restart_scope scope) {
  auto detail = step_detail(spec);
  detail["continues"] = from.value;
  if (scope == restart_scope::skipped) detail["skipped"] = true;
  return detail;
}

/// Of STEP_DECIDED, without who decided it.
inline nlohmann::json decided_detail(const decision& chosen) {
  return {{"decision", to_string(chosen.how)}, {"text", chosen.text}};
}

/// With who asked, where that is known.
inline nlohmann::json asked(nlohmann::json detail, const std::string& by) {
  if (!by.empty()) detail["by"] = by;
  return detail;
}

/// Ranges as a field: [[0,4],[6,6]].
inline nlohmann::json json_of(const std::vector<range>& ranges) {
  auto list = nlohmann::json::array();
  for (auto r : ranges) list.push_back({r.lo, r.hi});
  return list;
}

constexpr std::string_view field_of(attempt_outcome outcome) {
  switch (outcome) {
    case attempt_outcome::completed:
      return "completed";
    case attempt_outcome::failed:
      return "failed";
    case attempt_outcome::retry:
      return "retry";
    case attempt_outcome::released:
      return "released";
  }
  return "?";
}

/// Of LEASE_REPORTED: {"completed":[[0,4]],"retry":[[5,5]]}.
inline nlohmann::json reported_detail(
    const std::map<attempt_outcome, std::vector<partition_no>>& numbers) {
  nlohmann::json detail;
  for (const auto& [outcome, nos] : numbers)
    detail[std::string{field_of(outcome)}] = json_of(coalesce(nos));
  return detail;
}

}  // namespace partita::event
