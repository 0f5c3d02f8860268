#include "apps/partita/launch.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>

#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/errors.hpp"
#include "apps/partita/text.hpp"
#include "batch/submit.hpp"
#include "protocol/trace.hpp"

namespace partita::cli {

const job& find_job(const registry& jobs, const std::string& name) {
  if (const auto* found = jobs.find(name)) return *found;
  std::vector<std::string> known;
  for (const auto& [ref, definition] : jobs.all())
    if (known.empty() || known.back() != ref.name) known.push_back(ref.name);
  auto close = nearest(name, known);
  throw command_error(exit_code::not_found, "not_found", "this program knows no job " + name,
                      close           ? "did you mean " + *close + "?"
                      : known.empty() ? "it knows none at all"
                                      : "it knows " + join(known, ", "));
}

namespace {

/// Of `JOB key=value…`, checked.
json values_in(const std::vector<std::string>& words, const job& wanted,
               const std::vector<parameter_spec>& specs) {
  auto checked = check_parameters(specs, parse_assignments({words.begin() + 1, words.end()}));
  if (!checked.problems.empty())
    throw command_error(exit_code::usage, "bad_parameters", join(checked.problems, "; "));
  try {
    wanted.require_usable(parameters{checked.values});
  } catch (const std::exception& e) {
    throw command_error(exit_code::usage, "bad_parameters", e.what());
  }
  return std::move(checked.values);
}

}  // namespace

submission submission_of(const registry& jobs, const std::vector<std::string>& words,
                         const std::string& launch_key) {
  require_words(words, {"JOB"}, words.size());
  const auto& wanted = find_job(jobs, words.front());
  const auto values = values_in(words, wanted, wanted.parameter_specs());
  return {wanted.ref(), values.dump(), identity_of(wanted.parameter_specs(), values), launch_key};
}

new_schedule schedule_of(const registry& jobs, const std::vector<std::string>& words) {
  require_words(words, {"JOB"}, words.size());
  const auto& wanted = find_job(jobs, words.front());
  auto specs = wanted.parameter_specs();
  std::erase_if(specs, [](const parameter_spec& p) { return p.name == "tick"; });
  const auto values = values_in(words, wanted, specs);
  new_schedule s;
  s.job = wanted.ref().name;
  s.parameters = values.dump();
  s.identity = identity_of(specs, values);
  return s;
}

std::string trace_parent_in(const arguments& args) {
  const auto text = args.text("trace-parent");
  const auto from = args.source("trace-parent");
  auto kept = kept_trace_parent(text);
  if (kept.empty() && !text.empty() && from.what != value_source::variable)
    throw usage_error(from.place + " is " + text + ", which is no traceparent of W3C",
                      "it is like 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  return kept;
}

std::shared_ptr<session> connected(const arguments& args) {
  start_log(args);
  return open_existing(database_url(args))->connect({});
}

std::string operator_name() {
  const auto* user = std::getenv("USER");
  return user != nullptr ? user : "";
}

std::string fresh_launch_key() { return random_launch_key("cli"); }

run_id parse_run_id(const std::string& word) {
  std::int64_t value = 0;
  auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size() || value <= 0)
    throw usage_error(word + " is not the number of a run", "`jobs` lists the runs");
  return run_id{value};
}

}  // namespace partita::cli
