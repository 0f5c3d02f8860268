#include "apps/partita/http/schedule_views.hpp"

#include "apps/partita/http/cluster_views.hpp"
#include "apps/partita/http/errors.hpp"
#include "apps/partita/schedule_troubles.hpp"
#include "apps/partita/tick_preview.hpp"

namespace partita::http {

using cli::document;

namespace {

constexpr int next_shown = 10;
constexpr int runs_shown = 50;

document time_or_null(const std::optional<db_time>& at) {
  return at ? document(cli::iso_time(*at)) : document(nullptr);
}

}  // namespace

document schedules_view(const reader& look) {
  const auto names = cli::names_of(look.list_nodes(false));
  std::vector<document> items;
  for (const auto& row : cli::all_schedules(look))
    items.push_back(cli::schedule_document(row, names));
  return list_of(std::move(items));
}

document schedule_view(const reader& look, const std::string& name) {
  const auto row = look.find_schedule(name);
  if (!row) throw http_error(404, "not_found", "there is no schedule " + name);
  const auto nodes = look.list_nodes(false);
  auto shown = cli::schedule_document(*row, cli::names_of(nodes));
  shown["next_ticks"] = document::array();
  if (!row->paused) shown["next_ticks"] = cli::coming_ticks(*row, next_shown, cli::clock_of(nodes));
  auto runs = document::array();
  for (const auto& run : look.list_runs_of_schedule(row->id, runs_shown))
    runs.push_back({{"id", std::to_string(run.id.value)},
                    {"state", cli::shown_state(run)},
                    {"tick", cli::iso_time(*run.tick)},
                    {"started_at", time_or_null(run.started_at)},
                    {"ended_at", time_or_null(run.ended_at)}});
  shown["runs"] = runs;
  return shown;
}

document retention_view(const reader& look) {
  std::vector<document> items;
  for (const auto& row : look.list_retention()) items.push_back(cli::retention_document(row));
  auto shown = list_of(std::move(items));
  shown["purging"] = look.count_purging();
  return shown;
}

document limits_view(const reader& look) {
  std::vector<document> items;
  for (const auto& row : look.list_limits()) items.push_back(cli::limit_document(row));
  return list_of(std::move(items));
}

}  // namespace partita::http
