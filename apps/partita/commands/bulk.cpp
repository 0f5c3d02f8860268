#include "apps/partita/commands/bulk.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <iterator>

#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/known_jobs.hpp"
#include "apps/partita/launch.hpp"
#include "apps/partita/text.hpp"
#include "storage/clock.hpp"

namespace partita::cli {

namespace {

constexpr int page_size = 500;

/// All of them are looked for before the first is changed: a change moves runs between states.
std::vector<run_id> found_runs(const reader& look, const run_filter& filter) {
  std::vector<run_id> all;
  run_id before;
  do {
    const auto page = find_runs(look, filter, page_size, before);
    for (const auto& run : page.runs) all.push_back(run.id);
    before = page.next;
  } while (before);
  std::reverse(all.begin(), all.end());
  return all;
}

}  // namespace

option_list bulk_options() {
  auto options = run_filter_options();
  options.push_back({"dry-run", "", "only print the runs"});
  return options;
}

bool is_bulk(const invocation& in, bool of_a_kind) {
  bool filters = in.args.has("dry-run") || of_a_kind;
  for (const auto& one : run_filter_options()) filters = filters || in.args.has(one.name);
  const auto named = !in.args.words().empty();
  if (named && filters) throw usage_error("name one run, or say which runs: not both");
  return filters;
}

exit_code change_all(const invocation& in, const std::vector<std::string>& states,
                     const std::string& done,
                     const std::function<run_id(const std::shared_ptr<session>&, run_id)>& change) {
  auto filter = run_filter_of(in.args, wall_now());
  if (filter.choice.states.empty()) filter.choice.states = states;
  const auto with = open_existing(database_url(in.args))->connect({});
  const auto runs = found_runs(reader{with}, filter);
  if (runs.empty()) require_known_job(reader{with}, filter.choice.job);
  if (in.args.has("dry-run")) {
    for (auto run : runs) std::cout << run.value << "\n";
    std::cerr << fmt::format("{} would be {}\n", counted(std::ssize(runs), "run", "runs"), done);
    return exit_code::ok;
  }
  std::int64_t changed = 0;
  for (auto run : runs) {
    try {
      const auto shown = ask([&] { return change(with, run); });
      std::cout << shown.value << "\n" << std::flush;
      ++changed;
    } catch (const store_error& e) {
      if (e.code() != errc::wrong_state && e.code() != errc::already_running) throw;
      std::cerr << "left out: " << escape_controls(e.what()) << "\n";
    }
  }
  const auto left = std::ssize(runs) - changed;
  std::cerr << fmt::format("{} {}{}\n", counted(changed, "run is", "runs are"), done,
                           left == 0 ? "" : ", " + counted(left, "is", "are") + " left out");
  return exit_code::ok;
}

}  // namespace partita::cli
