#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "protocol/ranges.hpp"
#include "protocol/states.hpp"

// The fields of an event's detail, as the audit reads them: a row may hold anything.
namespace partita::audit {

using json = nlohmann::json;

constexpr partition_no largest_number = std::int64_t{1} << 52;

/// Thrown for an event that the engine cannot have written: it is a finding, and changes no state.
struct malformed_event {
  std::string why;
};

inline std::int64_t number(const json& detail, const char* field) {
  const auto value = detail.find(field);
  if (value == detail.end() || !value->is_number_integer())
    throw malformed_event{std::string{"it has no number '"} + field + "'"};
  return value->get<std::int64_t>();
}

inline std::string text(const json& detail, const char* field) {
  const auto value = detail.find(field);
  if (value == detail.end() || !value->is_string())
    throw malformed_event{std::string{"it has no text '"} + field + "'"};
  return value->get<std::string>();
}

inline std::vector<std::int64_t> numbers(const json& detail, const char* field) {
  const auto value = detail.find(field);
  if (value == detail.end() || !value->is_array() ||
      !std::all_of(value->begin(), value->end(),
                   [](const json& one) { return one.is_number_integer(); }))
    throw malformed_event{std::string{"it has no list of numbers '"} + field + "'"};
  return value->get<std::vector<std::int64_t>>();
}

template <class State>
State state(const json& detail, const char* field) {
  if (auto known = parse_state<State>(text(detail, field))) return *known;
  throw malformed_event{"it names no state: " + text(detail, field)};
}

inline range proper(range r) {
  if (r.lo < 0 || r.hi < r.lo || r.hi > largest_number) throw malformed_event{"it names no range"};
  return r;
}

inline range span_of(const json& detail) {
  return proper({number(detail, "lo"), number(detail, "hi")});
}

/// A list of [lo,hi]; absent: empty.
inline std::vector<range> ranges(const json& detail, const char* field) {
  std::vector<range> list;
  const auto found_list = detail.find(field);
  if (found_list == detail.end()) return list;
  if (!found_list->is_array()) throw malformed_event{std::string{"'"} + field + "' is no list"};
  for (const auto& pair : *found_list) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_integer() ||
        !pair[1].is_number_integer())
      throw malformed_event{std::string{"'"} + field + "' holds what is no range"};
    list.push_back(proper({pair[0].get<std::int64_t>(), pair[1].get<std::int64_t>()}));
  }
  return list;
}

}  // namespace partita::audit
