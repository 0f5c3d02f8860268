#include "apps/partita/http/query.hpp"

#include <algorithm>
#include <charconv>

#include "apps/partita/http/errors.hpp"
#include "apps/partita/states.hpp"
#include "apps/partita/text.hpp"

namespace partita::http {

namespace {

[[noreturn]] void refuse(const std::string& sentence, const std::string& hint = "") {
  throw http_error(400, "bad_parameter", sentence, hint);
}

std::vector<std::string> run_states_in(const std::string& given) {
  static const auto known = cli::shown_run_states();
  const auto text = cli::upper_case(given);
  std::vector<std::string> states;
  for (std::size_t from = 0; from <= text.size();) {
    const auto end = std::min(text.find(',', from), text.size());
    states.push_back(text.substr(from, end - from));
    if (std::find(known.begin(), known.end(), states.back()) == known.end())
      refuse("there is no state " + states.back() + " of a run",
             "it is one of " + cli::join(known, ", "));
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

bool yes_or_no_in(const request& what, const std::string& name) {
  const auto text = what.parameter(name, "false");
  if (text != "true" && text != "false")
    refuse(name + " must be true or false" + (text.empty() ? "" : ", not " + text));
  return text == "true";
}

std::optional<db_time> time_in(const request& what, const std::string& name, db_time now) {
  auto text = what.parameter(name);
  if (text.empty()) return std::nullopt;
  if (text.front() == '-') text.erase(0, 1);
  const auto at = cli::parse_since(text, now);
  if (!at)
    refuse(name + " must be a time like -10m, -2h, -3d or 2026-03-01T10:20, not " +
           what.parameter(name));
  return *at;
}

std::optional<partition_state> partition_state_in(const request& what, const std::string& name) {
  const auto text = what.parameter(name);
  if (text.empty()) return std::nullopt;
  const auto found = parse_state<partition_state>(cli::upper_case(text));
  if (!found)
    refuse("there is no state " + text + " of a partition",
           "it is one of " + cli::join(cli::names_of_states(partition_state{}), ", "));
  return found;
}

skipped_cursor skipped_cursor_in(const request& what, const std::string& name) {
  const auto text = what.parameter(name);
  skipped_cursor after;
  if (text.empty()) return after;
  const auto* from = text.data();
  const auto* const end = from + text.size();
  for (auto* number : {&after.step.value, &after.no, &after.item}) {
    const auto [stop, error] = std::from_chars(from, end, *number);
    const bool last = number == &after.item;
    if (error != std::errc{} || *number < 0 || (stop == end) != last || (!last && *stop != '.'))
      refuse(name + " must be the `next` of an earlier answer, not " + text);
    from = last ? end : stop + 1;
  }
  return after;
}

std::string cursor_text(const skipped_cursor& of) {
  return std::to_string(of.step.value) + "." + std::to_string(of.no) + "." +
         std::to_string(of.item);
}

void allow_only(const request& what, const std::vector<std::string>& names) {
  for (const auto& one : what.query) {
    const auto& given = one.first;
    if (std::none_of(names.begin(), names.end(), [&](const std::string& name) {
          return name.back() == '.' ? given.starts_with(name) && given.size() > name.size()
                                    : given == name;
        }))
      refuse("there is no parameter " + given,
             names.empty() ? "it takes none" : "it takes " + cli::join(names, ", "));
    if (what.query.count(given) > 1) refuse(given + " is given more than once");
  }
}

cli::run_filter run_filter_in(const request& what, db_time now) {
  cli::run_filter filter;
  filter.choice.job = what.parameter("job");
  if (const auto states = what.parameter("state"); !states.empty())
    filter.choice.states = run_states_in(states);
  filter.choice.since = time_in(what, "since", now);
  filter.choice.until = time_in(what, "until", now);
  for (const auto& [name, value] : what.query)
    if (name.starts_with("param.")) filter.parameters[name.substr(6)] = value;
  return filter;
}

}  // namespace partita::http
