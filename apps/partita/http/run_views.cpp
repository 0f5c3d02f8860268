#include "apps/partita/http/run_views.hpp"

#include <algorithm>
#include <set>

#include "apps/partita/documents.hpp"
#include "apps/partita/http/cluster_views.hpp"
#include "apps/partita/http/errors.hpp"
#include "apps/partita/http/query.hpp"
#include "apps/partita/run_errors.hpp"
#include "apps/partita/waiting_text.hpp"
#include "protocol/events.hpp"
#include "storage/clock.hpp"

namespace partita::http {

using cli::document;

namespace {

constexpr int most_runs = 500;
constexpr int most_counted = 10'000;
constexpr int most_partitions = 1'000;
constexpr int most_skipped = 1'000;
constexpr int most_events = 1'000;
constexpr int commits_late = 1'000;  // events may be committed after so many behind them
constexpr std::chrono::seconds commit_takes{15};
constexpr int tries_shown = 100;
constexpr int log_lines_shown = 200;
constexpr std::chrono::seconds lately{60};
constexpr int tiles_a_read = 10'000;

}  // namespace

document run_item(const reader& look, const run_row& run, const std::vector<step_summary>& steps,
                  const seen_nodes& nodes) {
  // What is paused, or stops, has no pace that tells when it ends.
  const bool goes_on =
      !is_terminal(run.state) && run.stop == stop_mode::none && !run.paused && !run.job_paused;
  auto shown = cli::run_document(run, steps, nodes.names, nodes.now,
                                 cli::reasons_to_wait{look, nodes.rows}.of(run));
  const auto rate = goes_on ? rate_of(look, steps, nodes.now) : std::nullopt;
  const auto sum = cli::totals_of(steps);
  shown["rate_per_s"] = rate ? document(*rate) : document(nullptr);
  shown["eta_s"] =
      rate && *rate > 0 && sum.sealed
          ? document(static_cast<double>(sum.total - sum.completed - sum.failed) / *rate)
          : document(nullptr);
  return shown;
}

std::vector<document> run_items(const reader& look, const std::vector<run_row>& runs,
                                const seen_nodes& nodes) {
  std::vector<run_id> ids;
  for (const auto& run : runs) ids.push_back(run.id);
  const auto steps = look.summarize(ids);
  std::vector<document> items;
  for (const auto& run : runs) {
    const auto found = steps.find(run.id);
    items.push_back(run_item(
        look, run, found == steps.end() ? std::vector<step_summary>{} : found->second, nodes));
  }
  return items;
}

run_row require_run(const reader& look, run_id run) {
  if (auto row = look.find_run(run)) return *row;
  throw http_error(404, "not_found", "there is no run " + std::to_string(run.value));
}

std::optional<double> rate_of(const reader& look, const std::vector<step_summary>& steps,
                              db_time now) {
  std::int64_t ended = 0;
  microseconds span{0};
  for (const auto& step : steps) {
    if (step.row.state != step_state::running || step.row.spec.kind != step_kind::partitioned)
      continue;
    const auto age = std::chrono::floor<std::chrono::seconds>(now - step.row.started_at);
    auto from = tile_of(std::max(std::chrono::seconds{0}, age - lately));
    span = std::max(span, now - step.row.started_at - from);
    for (;;) {
      const auto page = look.list_tiles(step.row.id, from, tiles_a_read);
      for (const auto& tile : page) ended += tile.sums.completed + tile.sums.failed;
      if (std::ssize(page) < tiles_a_read / 2) break;
      from = page.back().begins + std::chrono::seconds{1};
    }
  }
  if (ended == 0 || span < std::chrono::seconds{1}) return std::nullopt;
  return static_cast<double>(ended) * 1e6 / static_cast<double>(span.count());
}

document runs_view(const reader& look, const request& what) {
  allow_only(what, {"state", "job", "since", "until", "param.", "before", "limit"});
  const auto nodes = see_nodes(look, true);
  const auto page = cli::find_runs(look, run_filter_in(what, nodes.now),
                                   static_cast<int>(number_in(what, "limit", 1, most_runs, 50)),
                                   run_id{number_in(what, "before", 0, INT64_MAX, 0)});
  return list_of(run_items(look, page.runs, nodes),
                 page.next ? std::to_string(page.next.value) : "");
}

document runs_count_view(const reader& look, const request& what) {
  allow_only(what, {"state", "job", "since", "until", "param."});
  const auto filter = run_filter_in(what, clock_of(look.list_nodes(false)));
  const auto found = cli::count_runs(look, filter, most_counted);
  return {{"count", found.count}, {"capped", found.capped}};
}

document changed_run(const reader& look, const run_row& run) {
  return run_item(look, run, look.summarize(run.id), see_nodes(look, true));
}

namespace {

step_summary require_step(const reader& look, run_id run, const std::string& name) {
  require_run(look, run);
  for (auto& step : look.summarize(run))
    if (step.row.spec.name == name) return step;
  throw http_error(
      404, "not_found",
      "run " + std::to_string(run.value) + " has no step " + name + ", or has not begun it");
}

}  // namespace

document partitions_view(const reader& look, run_id run, const request& what) {
  allow_only(what, {"step", "state", "after", "limit", "sort"});
  const auto limit = static_cast<int>(number_in(what, "limit", 1, most_partitions, 100));
  const auto after = number_in(what, "after", -1, INT64_MAX, -1);
  const auto only = partition_state_in(what, "state");
  const auto sort = what.parameter("sort", "no");
  if (sort != "no" && sort != "took")
    throw http_error(400, "bad_parameter", "sort must be no or took, not " + sort);
  if (sort == "took" && (only || !what.parameter("after").empty()))
    throw http_error(400, "bad_parameter", "sort=took lists the slowest of all that ended",
                     "leave out state and after");
  auto name = what.parameter("step");
  if (name.empty()) {
    const auto steps = look.list_steps(run);
    require_run(look, run);
    const auto first = std::find_if(steps.begin(), steps.end(), [](const step_row& s) {
      return s.spec.kind == step_kind::partitioned;
    });
    if (first == steps.end()) return list_of({});
    name = first->spec.name;
  }
  const auto step = require_step(look, run, name);
  if (sort == "took" && step.totals.completed + step.totals.failed > ended_few)
    throw http_error(400, "too_many",
                     "step " + name + " is too large to be sorted: its run tells the slowest ones");
  const auto rows = sort == "took" ? look.list_slowest(step.row.id, limit)
                                   : look.list_partitions(step.row.id, after, limit, only);
  const auto nodes = look.list_nodes(true);
  const auto names = cli::names_of(nodes);
  std::vector<document> items;
  for (const auto& row : rows)
    items.push_back(cli::partition_document(row, name, names, clock_of(nodes)));
  const bool more = sort == "no" && std::ssize(rows) == limit;
  return list_of(std::move(items), more ? std::to_string(rows.back().no) : "");
}

document partition_view(const reader& look, run_id run, const std::string& name, partition_no no) {
  const auto step = require_step(look, run, name);
  const auto page = look.list_partitions(step.row.id, no - 1, 1);
  if (page.empty() || page.front().no != no)
    throw http_error(404, "not_found",
                     "step " + name + " of run " + std::to_string(run.value) +
                         " has no partition " + std::to_string(no));
  const auto nodes = look.list_nodes(true);
  const auto now = clock_of(nodes);
  const auto names = cli::names_of(nodes);
  auto shown = cli::partition_document(page.front(), name, names, now);
  auto tries = document::array();
  auto found = look.list_tries(step.row.id, no, tries_shown + 1);
  shown["more_tries"] = std::ssize(found) > tries_shown;
  if (std::ssize(found) > tries_shown) found.pop_back();
  for (const auto& row : found) tries.push_back(cli::try_document(row, names, now));
  auto log = document::array();
  for (const auto& row : look.list_log(step.row.id, no, log_lines_shown))
    log.push_back(cli::log_document(row, names));
  auto skipped = look.list_skipped_of(step.row.id, no, most_skipped + 1);
  shown["more_skipped"] = std::ssize(skipped) > most_skipped;
  if (std::ssize(skipped) > most_skipped) skipped.pop_back();
  auto let_go = document::array();
  for (const auto& row : skipped) let_go.push_back(cli::skipped_document(row, {step}));
  shown["tries"] = tries;
  shown["checkpoint"] = cli::checkpoint_document(look.find_checkpoint(step.row.id, no));
  shown["log"] = log;
  shown["skipped"] = let_go;
  return shown;
}

document errors_view(const reader& look, run_id run) {
  require_run(look, run);
  return cli::errors_document(look, run);
}

document skipped_view(const reader& look, run_id run, const request& what) {
  allow_only(what, {"step", "after", "limit"});
  require_run(look, run);
  const auto limit = static_cast<int>(number_in(what, "limit", 1, most_skipped, 100));
  const auto after = skipped_cursor_in(what, "after");
  const auto name = what.parameter("step");
  const auto steps =
      name.empty() ? look.summarize(run) : std::vector<step_summary>{require_step(look, run, name)};
  const auto only = name.empty() ? step_id{} : steps.front().row.id;
  auto rows = look.list_skipped(run, after, limit + 1, only);
  const bool more = std::ssize(rows) > limit;
  if (more) rows.pop_back();
  std::vector<document> items;
  for (const auto& row : rows) items.push_back(cli::skipped_document(row, steps));
  auto shown = list_of(std::move(items), more ? cursor_text(rows.back().cursor()) : "");
  shown["more"] = more;
  return shown;
}

document events_view(const reader& look, run_id run, const request& what) {
  allow_only(what, {"after", "limit"});
  if (run) require_run(look, run);
  const auto limit = static_cast<int>(number_in(what, "limit", 1, most_events, 100));
  const auto rows = what.parameter("after").empty()
                        ? look.newest_events(run, limit)
                        : look.list_events(run, number_in(what, "after", 0, INT64_MAX, 0), limit);
  std::vector<document> items;
  for (const auto& row : rows) items.push_back(cli::event_document(row));
  return list_of(std::move(items), rows.empty() ? "" : std::to_string(rows.back().id));
}

namespace {

/// 0: there is none.
std::int64_t newest_event(const reader& look) {
  const auto last = look.newest_events({}, 1);
  return last.empty() ? 0 : last.front().id;
}

}  // namespace

document changes_view(const reader& look, const request& what) {
  allow_only(what, {"since"});
  std::set<std::string> runs, nodes;
  if (what.parameter("since").empty())
    return {{"newest", std::to_string(newest_event(look))},
            {"runs", runs},
            {"nodes", nodes},
            {"more", false}};
  const auto since = number_in(what, "since", 0, INT64_MAX, 0);
  const auto now = clock_of(look.list_nodes(false));
  const auto most = most_events + commits_late;
  const auto rows = look.list_events({}, std::max<std::int64_t>(0, since - commits_late), most);
  for (const auto& row : rows) {
    // Ids are given before their transactions commit: a young event may be new although others
    // behind it were told.
    if (row.id <= since && now - row.at > commit_takes) continue;
    if (row.run) runs.insert(std::to_string(row.run.value));
    if (row.node) nodes.insert(std::to_string(row.node.value));
    if (row.kind != event::runs_purged) continue;
    const auto detail = cli::stored_json(row.detail);
    if (detail.is_object() && detail.contains("runs"))
      for (const auto& id : detail["runs"]) runs.insert(cli::dump(id));
  }
  const auto newest = rows.empty() ? newest_event(look) : rows.back().id;
  // A database that was restored may not have the event that was told: anything may have changed.
  return {{"newest", std::to_string(newest)},
          {"runs", runs},
          {"nodes", nodes},
          {"more", std::ssize(rows) == most || newest < since}};
}

}  // namespace partita::http
