#pragma once

#include <nlohmann/json.hpp>

#include "protocol/values.hpp"

// The details of the events that all stores write alike (protocol/events.hpp lists the fields).
namespace partita::event {

/// Of STEP_BEGUN, without who began it.
inline nlohmann::json step_detail(const step_spec& spec) {
  return {{"name", spec.name},
          {"ordinal", spec.ordinal},
          {"kind", to_string(spec.kind)},
          {"streamed", spec.streamed}};
}

/// Of STEP_BEGUN, by the master under its term.
inline nlohmann::json begun_detail(const step_spec& spec, term t) {
  auto detail = step_detail(spec);
  detail["term"] = t.value;
  return detail;
}

/// Of STEP_BEGUN, by `restart`: a copy of this step, with its COMPLETED results.
inline nlohmann::json continued_detail(const step_spec& spec, step_id from) {
  auto detail = step_detail(spec);
  detail["continues"] = from.value;
  return detail;
}

}  // namespace partita::event
