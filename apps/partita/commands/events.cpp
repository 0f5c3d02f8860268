#include <iostream>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/documents.hpp"
#include "apps/partita/event_follower.hpp"
#include "apps/partita/launch.hpp"
#include "apps/partita/render.hpp"
#include "apps/partita/signals.hpp"
#include "storage/clock.hpp"

namespace partita::cli {

namespace {

constexpr milliseconds follow_every{500};

const listing events{{{"ID", "/id"},
                      {"AT", "/at", cell::time},
                      {"KIND", "/kind"},
                      {"RUN", "/run"},
                      {"STEP", "/step"},
                      {"LEASE", "/lease"},
                      {"NODE", "/node"},
                      {"DETAIL", "/detail", cell::sentence}}};

std::vector<document> documents_of(const std::vector<event_row>& rows) {
  std::vector<document> items;
  for (const auto& row : rows) items.push_back(event_document(row));
  return items;
}

/// Prints what is appended to the log until a signal, or the end of the run.
class event_printer {
 public:
  event_printer(const reader& look, run_id run, std::int64_t floor, style how)
      : look_(look), run_(run), how_(how), log_(floor, [this](std::int64_t after, int most) {
          return look_.list_events(run_, after, most);
        }) {}

  void print_first(const std::vector<event_row>& rows) { print(log_.fresh(rows)); }

  exit_code follow() {
    signal_watch signals;
    bool away = false;
    do {
      try {
        const auto goes_on = print_new();
        away = false;
        if (!goes_on) return exit_code::ok;
      } catch (const store_error& e) {
        if (e.code() != errc::unavailable) throw;
        if (!away)
          std::cerr << "the database does not answer, waiting for it: " << escape_controls(e.what())
                    << "\n";
        away = true;
      }
    } while (std::cout && !signals.wait(follow_every));
    return std::cout ? exit_code::interrupted : exit_code::ok;
  }

 private:
  void print(const std::vector<event_row>& fresh) {
    if (fresh.empty()) return;
    std::cout << render(events, documents_of(fresh), how_) << std::flush;
    how_.header = false;  // once, above the first
  }

  /// Whether more may come: not of a run that had ended before this look.
  bool print_new() {
    const auto run = run_ ? look_.find_run(run_) : std::nullopt;
    const bool ended = run && is_terminal(run->state);
    log_.look(boot_now(), ended, [this](const auto& fresh) { print(fresh); });
    return !ended;
  }

  const reader& look_;
  const run_id run_;
  style how_;
  event_follower log_;
};

}  // namespace

exit_code events_command(const invocation& in) {
  start_log(in.args);
  require_words(in.args.words(), {}, 1);
  const auto run = in.args.words().empty() ? run_id{} : parse_run_id(in.args.words().front());
  const auto limit = static_cast<int>(in.args.number("limit", 1, 100'000));
  const auto after = in.args.maybe_number("after", 0, INT64_MAX);
  const auto how = style_of(in.args);
  const auto follows = in.args.has("follow");
  if (follows && how.format == output_format::json)
    throw usage_error("--follow never ends, and a JSON document would", "try -o jsonl");
  const reader look{open_existing(database_url(in.args))->connect({})};
  if (run && !look.find_run(run))
    throw command_error(exit_code::not_found, "not_found",
                        "there is no run " + std::to_string(run.value), "`jobs` lists the runs");
  auto rows = after ? look.list_events(run, *after, limit + 1) : look.newest_events(run, limit);
  if (follows) {
    event_printer log(look, run, after ? *after : rows.empty() ? 0 : rows.front().id - 1, how);
    log.print_first(rows);
    return log.follow();
  }
  std::optional<std::string> next;
  if (rows.size() > static_cast<std::size_t>(limit)) {
    rows.pop_back();  // seen only to know that there is more
    next = std::to_string(rows.back().id);
  }
  if (rows.empty() && how.format == output_format::table) std::cerr << "no events\n";
  std::cout << render(events, documents_of(rows), how, next);
  return exit_code::ok;
}

}  // namespace partita::cli
