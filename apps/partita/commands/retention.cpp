#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <iterator>
#include <optional>
#include <set>
#include <vector>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/documents.hpp"
#include "apps/partita/http/schedule_views.hpp"
#include "apps/partita/known_jobs.hpp"
#include "apps/partita/launch.hpp"
#include "apps/partita/repeat.hpp"
#include "apps/partita/retention_options.hpp"
#include "apps/partita/signals.hpp"
#include "apps/partita/text.hpp"
#include "batch/output_files.hpp"
#include "storage/clock.hpp"

namespace partita::cli {

namespace {

constexpr int chains_at_once = 100;
constexpr int rows_at_once = 4'000;
constexpr int results_at_once = 500;
constexpr int most_listed = 1'000'000;
constexpr milliseconds while_others_work{200};

const listing retention_listed{
    {{"JOB", "/job"}, {"KEPT", "/keep_s", cell::duration}, {"LAST", "/keep_last", cell::number}},
    "/job"};

void tell(const std::vector<run_id>& runs) {
  for (auto run : runs) std::cout << run.value << "\n";
  std::cout << std::flush;
}

std::size_t purge_all(const retention_store& store, const purge_choice& which) {
  std::size_t count = 0;
  for (;;) {
    const auto purged = ask([&] { return store.purge(which, chains_at_once, operator_name()); });
    if (purged.empty()) return count;
    tell(purged);
    count += purged.size();
  }
}

bool names_files_that_go(const std::string& text) {
  const auto files = parse_files(text);
  return std::any_of(files.begin(), files.end(),
                     [](const output_file& file) { return !file.identity.empty(); });
}

/// Files that go with their run are for nodes, which have the folders. Of runs that have none,
/// nothing keeps the rows. Half of the time. Returns how many runs are left to nodes; nothing: a
/// signal has ended it.
std::optional<std::size_t> leave_files_to_nodes(const retention_store& store,
                                                signal_watch& signals) {
  std::set<run_id> left;
  milliseconds took{1};
  for (purged_files_cursor at; !signals.wait(took);) {
    const auto begun = boot_now();
    const auto piece = ask([&] { return store.next_purged_files(at, results_at_once, 2 * took); });
    if (piece.resting) {
      took = std::max(took, while_others_work);
      continue;
    }
    if (piece.none()) return left.size();
    took = std::chrono::ceil<milliseconds>(boot_now() - begun);
    for (const auto& result : piece.results)
      if (names_files_that_go(result.files)) left.insert(result.run);
    std::vector<run_id> gone;
    std::copy_if(piece.ended.begin(), piece.ended.end(), std::back_inserter(gone),
                 [&](run_id run) { return !left.contains(run); });
    if (!gone.empty()) ask([&] { store.files_are_gone(gone); });
    at = left.contains(piece.next.run) ? purged_files_cursor::behind(piece.next.run) : piece.next;
  }
  return std::nullopt;
}

/// Half of the time, so that others get on. Returns whether a signal has ended it.
bool remove_rows(const retention_store& store, signal_watch& signals) {
  std::int64_t removed = 0;
  milliseconds took{1};
  for (;;) {
    const auto begun = boot_now();
    const auto piece = ask([&] { return store.purge_rows(rows_at_once, 2 * took); });
    if (!piece.resting) took = std::chrono::ceil<milliseconds>(boot_now() - begun);
    removed += piece.removed;
    const auto over = !piece.resting && piece.removed == 0;
    const auto interrupted = !over && signals.wait(took).has_value();
    if (over || interrupted) {
      std::cerr << fmt::format("{} rows are removed{}\n", grouped(removed),
                               interrupted ? "; nodes go on with it" : "");
      return interrupted;
    }
  }
}

exit_code list_retention(const invocation& in) {
  require_words(in.args.words(), {"list"}, 1);
  style_of(in.args);
  const reader look{connected(in.args)};
  return print(in.args, [&](std::ostream& out, const style& how) {
    if (how.format == output_format::json) {
      out << dump(http::retention_view(look)) << "\n";
      return;
    }
    std::vector<document> items;
    for (const auto& row : look.list_retention()) items.push_back(retention_document(row));
    if (how.format == output_format::table || how.format == output_format::wide) {
      if (items.empty()) std::cerr << "runs are kept for ever\n";
      for (auto& item : items)
        if (item["job"].is_null()) item["job"] = "(all others)";
    }
    out << render(retention_listed, items, how);
  });
}

std::string of_job(const std::string& job) {
  return job.empty() ? "jobs without a retention of their own" : "job " + escape_controls(job);
}

exit_code set_retention(const invocation& in) {
  const auto& words = in.args.words();
  require_words(words, {"set", "DURATION"}, 2);
  const auto job = in.args.text("job");
  const auto what = retention_of(in.args, words[1]);
  const retention_store store{connected(in.args)};
  ask([&] { store.set_retention(job, what, operator_name()); });
  std::cerr << fmt::format(
      "runs of {} are purged {} after their end{}\n", of_job(job), words[1],
      what.keep_last == 0 ? "" : fmt::format(", but for the last {}", what.keep_last));
  return exit_code::ok;
}

exit_code remove_retention(const invocation& in) {
  require_words(in.args.words(), {"rm"}, 1);
  const auto job = in.args.text("job");
  const auto with = connected(in.args);
  const reader look{with};
  const auto rows = look.list_retention();
  if (std::none_of(rows.begin(), rows.end(),
                   [&](const retention_row& row) { return row.job == job; }))
    require_known_job(look, job);
  const retention_store store{with};
  ask([&] { store.set_retention(job, std::nullopt, operator_name()); });
  std::cerr << fmt::format("nothing is stored any more for {}\n", of_job(job));
  return exit_code::ok;
}

}  // namespace

exit_code purge_command(const invocation& in) {
  require_words(in.args.words(), {}, 0);
  const auto which = purge_choice_of(in.args);
  signal_watch signals;
  session_options how;
  how.purges = true;
  const auto with = open_existing(database_url(in.args))->connect(how);
  const retention_store store{with};
  if (in.args.has("dry-run")) {
    const auto found = store.list_purgeable(which, most_listed);
    if (found.empty()) require_known_job(reader{with}, which.job);
    tell(found);
    std::cerr << fmt::format("{} runs would be purged, with those that they continue\n",
                             found.size());
    return exit_code::ok;
  }
  const auto purged = purge_all(store, which);
  std::cerr << fmt::format("{} runs are purged\n", purged);
  const auto left = leave_files_to_nodes(store, signals);
  const auto interrupted = !left || remove_rows(store, signals);
  if (left.value_or(0) > 0)
    std::cerr << fmt::format("files of {} runs are removed by nodes, and then their rows\n",
                             grouped(static_cast<std::int64_t>(*left)));
  if (purged == 0) require_known_job(reader{with}, which.job);
  return interrupted ? exit_code::interrupted : exit_code::ok;
}

exit_code retention_command(const invocation& in) {
  const auto& words = in.args.words();
  if (!words.empty() && words.front() == "list") return list_retention(in);
  if (!words.empty() && words.front() == "set") return set_retention(in);
  if (!words.empty() && words.front() == "rm") return remove_retention(in);
  throw usage_error("retention needs a word: list, set DURATION, or rm");
}

}  // namespace partita::cli
