#include "apps/partita/http/query.hpp"

#include <algorithm>
#include <charconv>

#include "apps/partita/http/errors.hpp"
#include "apps/partita/text.hpp"

namespace partita::http {

namespace {

[[noreturn]] void refuse(const std::string& sentence, const std::string& hint = "") {
  throw http_error(400, "bad_parameter", sentence, hint);
}

const std::vector<std::string> shown_states{"CREATED", "RUNNING", "COMPLETED",
                                            "FAILED",  "STOPPED", "ABANDONED"};

std::vector<std::string> states_in(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::vector<std::string> states;
  for (std::size_t from = 0; from <= text.size();) {
    const auto end = std::min(text.find(',', from), text.size());
    states.push_back(text.substr(from, end - from));
    if (std::find(shown_states.begin(), shown_states.end(), states.back()) == shown_states.end())
      refuse("there is no state " + states.back() + " of a run",
             "it is one of " + cli::join(shown_states, ", "));
    from = end + 1;
  }
  return states;
}

}  // namespace

std::int64_t number_in(const request& what, const std::string& name, std::int64_t least,
                       std::int64_t most, std::int64_t otherwise) {
  const auto text = what.parameter(name);
  if (text.empty()) return otherwise;
  std::int64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end || value < least || value > most)
    refuse(name + " must be a number from " + std::to_string(least) + " to " +
           std::to_string(most) + ", not " + text);
  return value;
}

std::optional<db_time> time_in(const request& what, const std::string& name, db_time now) {
  auto text = what.parameter(name);
  if (text.empty()) return std::nullopt;
  if (text.front() == '-') text.erase(0, 1);
  // As `iso_time` writes it, or without the end.
  if (text.size() > 16 && text.back() == 'Z') text.pop_back();
  auto at = cli::parse_since(text.substr(0, std::min<std::size_t>(text.size(), 16)), now);
  if (!at)
    refuse(name + " must be a time like -10m, -2h, -3d or 2026-03-01T10:20, not " +
           what.parameter(name));
  if (text.size() > 17 && text[16] == ':') {
    const auto seconds = text.substr(17);
    double value = 0;
    const auto* end = seconds.data() + seconds.size();
    const auto [stop, error] = std::from_chars(seconds.data(), end, value);
    if (error != std::errc{} || stop != end || !(value >= 0 && value < 61))  // nan fits nowhere
      refuse(name + " ends in seconds that are none: " + what.parameter(name));
    *at += microseconds{static_cast<std::int64_t>(value * 1e6)};
  }
  return at;
}

void allow_only(const request& what, const std::vector<std::string>& names) {
  for (const auto& [given, value] : what.query)
    if (std::none_of(names.begin(), names.end(), [&](const std::string& name) {
          return name.back() == '.' ? given.starts_with(name) && given.size() > name.size()
                                    : given == name;
        }))
      refuse("there is no parameter " + given,
             names.empty() ? "it takes none" : "it takes " + cli::join(names, ", "));
}

cli::run_filter run_filter_in(const request& what, db_time now) {
  cli::run_filter filter;
  filter.choice.job = what.parameter("job");
  if (const auto states = what.parameter("state"); !states.empty())
    filter.choice.states = states_in(states);
  filter.choice.since = time_in(what, "since", now);
  filter.choice.until = time_in(what, "until", now);
  for (const auto& [name, value] : what.query)
    if (name.starts_with("param.")) filter.parameters[name.substr(6)] = value;
  return filter;
}

}  // namespace partita::http
