#pragma once

#include <algorithm>
#include <cctype>
#include <string>

#include "apps/partita/errors.hpp"
#include "apps/partita/text.hpp"
#include "batch/parameters.hpp"
#include "protocol/states.hpp"

namespace partita::cli {

/// The names of all states of a kind.
template <class State>
std::vector<std::string> state_names(State last) {
  std::vector<std::string> names;
  for (int i = 0; i <= static_cast<int>(last); ++i)
    names.emplace_back(to_string(static_cast<State>(i)));
  return names;
}
inline std::vector<std::string> names_of_states(run_state) {
  return state_names(run_state::stopped);
}
inline std::vector<std::string> names_of_states(partition_state) {
  return state_names(partition_state::failed);
}

/// As people see the states of runs: ABANDONED is one.
inline std::vector<std::string> shown_run_states() {
  auto names = names_of_states(run_state{});
  names.emplace_back("ABANDONED");
  return names;
}

/// As states are written, however a person wrote them.
inline std::string upper_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// The state that a person named, in upper or lower case. Throws command_error (usage).
template <class State>
State state_named(const std::string& given) {
  const auto text = upper_case(given);
  if (const auto found = parse_state<State>(text)) return *found;
  const auto names = names_of_states(State{});
  const auto close = nearest(text, names);
  throw usage_error("--state must be " + join(names, ", ") + ", not " + text,
                    close ? "did you mean " + *close + "?" : "");
}

}  // namespace partita::cli
