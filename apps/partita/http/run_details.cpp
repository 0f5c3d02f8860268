#include <algorithm>

#include "apps/partita/documents.hpp"
#include "apps/partita/http/cluster_views.hpp"
#include "apps/partita/http/run_views.hpp"
#include "batch/description.hpp"

namespace partita::http {

using cli::document;

namespace {

/// The plan of its job, as the nodes told that know it; empty: none did.
json description_of(const reader& look, const job_ref& job) {
  for (const auto& known : look.list_known_jobs())
    if (known.latest.job == job) {
      auto told = json::parse(known.latest.description, nullptr, false);
      if (told.is_object()) return told;
    }
  return json::object();
}

document plan_items(const std::vector<step_shape>& plan) {
  auto items = document::array();
  for (const auto& step : plan) {
    auto after = document::array();
    for (auto before : step.after) after.push_back(plan[before].name);
    items.push_back({{"name", step.name},
                     {"kind", to_string(step.kind)},
                     {"after", after},
                     {"group", step.flow == 0 ? document(nullptr)
                                              : document("flow " + std::to_string(step.flow))},
                     {"decides", step.decides},
                     {"on_failure", step.on_failure ? document(plan[*step.on_failure].name)
                                                    : document(nullptr)}});
  }
  return items;
}

/// Runs that it continues and that continue it, oldest first.
document chain_of(const reader& look, const run_row& run) {
  constexpr int most = 50;
  std::vector<run_row> chain{run};
  while (chain.front().restart_of && std::ssize(chain) < most) {
    auto before = look.find_run(chain.front().restart_of);
    if (!before) break;
    chain.insert(chain.begin(), std::move(*before));
  }
  while (std::ssize(chain) < 2 * most) {
    auto next = look.find_continuation(chain.back().id);
    if (!next) break;
    chain.push_back(std::move(*next));
  }
  auto items = document::array();
  for (const auto& one : chain)
    items.push_back({{"id", std::to_string(one.id.value)}, {"state", cli::shown_state(one)}});
  return items;
}

constexpr int slowest_shown = 10;
constexpr double bucket_bounds[] = {.001, .003, .01, .03, .1,   .3,   1,    3,
                                    10,   30,   100, 300, 1000, 3600, 14400};

/// Of a sample: how long partitions took.
void add_durations(document& to, const std::vector<microseconds>& sample) {
  std::vector<std::int64_t> counts(std::size(bucket_bounds) + 1);
  std::vector<double> sorted;
  for (auto took : sample) {
    const auto seconds = static_cast<double>(took.count()) / 1e6;
    sorted.push_back(seconds);
    const auto* bound =
        std::lower_bound(std::begin(bucket_bounds), std::end(bucket_bounds), seconds);
    ++counts[static_cast<std::size_t>(bound - std::begin(bucket_bounds))];
  }
  auto items = document::array();
  for (std::size_t i = 0; i < counts.size(); ++i)
    items.push_back(
        {{"up_to_s", i < std::size(bucket_bounds) ? document(bucket_bounds[i]) : document(nullptr)},
         {"count", counts[i]}});
  std::sort(sorted.begin(), sorted.end());
  to["durations"] = items;
  to["durations_of"] = sample.size();
  to["median_s"] = sorted.empty() ? document(nullptr) : document(sorted[(sorted.size() - 1) / 2]);
  to["p95_s"] =
      sorted.empty() ? document(nullptr) : document(sorted[(sorted.size() * 95 + 99) / 100 - 1]);
}

/// Of a large step: among the slowest of each tile, for all results cannot be read while somebody
/// waits. An attempt that will be made again may have been the slowest of its tile.
std::vector<partition_row> slowest_of_tiles(const reader& look, tile_cache& tiles,
                                            const step_row& step, db_time now) {
  const auto all = tiles.of(look, step, now);
  const auto& known = all->rows;
  std::vector<tile_row> slowest(std::min<std::size_t>(known.size(), 4 * slowest_shown));
  std::partial_sort_copy(known.begin(), known.end(), slowest.begin(), slowest.end(),
                         [](const tile_row& a, const tile_row& b) {
                           return std::pair{-a.sums.slowest, a.sums.slowest_no} <
                                  std::pair{-b.sums.slowest, b.sums.slowest_no};
                         });
  std::vector<partition_no> numbers;
  for (const auto& tile : slowest) numbers.push_back(tile.sums.slowest_no);
  auto rows = look.find_partitions(step.id, numbers);
  std::erase_if(rows, [](const partition_row& row) { return !row.ended_at || !row.started_at; });
  const auto took = [](const partition_row& row) { return *row.ended_at - *row.started_at; };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const auto& a, const auto& b) { return took(a) > took(b); });
  if (rows.size() > slowest_shown) rows.resize(slowest_shown);
  return rows;
}

document slowest_of(const reader& look, tile_cache& tiles, const step_summary& step,
                    const seen_nodes& nodes) {
  auto items = document::array();
  const bool few = step.totals.completed + step.totals.failed <= ended_few;
  for (const auto& row : few ? look.list_slowest(step.row.id, slowest_shown)
                             : slowest_of_tiles(look, tiles, step.row, nodes.now)) {
    const auto shown = cli::partition_document(row, step.row.spec.name, nodes.names, nodes.now);
    items.push_back({{"no", shown["no"]},
                     {"key", shown["key"]},
                     {"duration_s", shown["duration_s"]},
                     {"node", shown["node"]}});
  }
  return items;
}

std::vector<document> items_of(const reader& look, tile_cache& tiles,
                               const std::vector<step_summary>& steps,
                               const std::vector<step_shape>& plan, const seen_nodes& nodes) {
  auto items = cli::step_documents(steps, plan, nodes.now);
  for (auto& item : items)
    for (const auto& step : steps) {
      if (step.row.spec.ordinal != item["ordinal"]) continue;
      if (step.row.spec.kind != step_kind::partitioned) continue;
      add_durations(item, *tiles.durations_of(look, step.row));
      item["slowest"] = slowest_of(look, tiles, step, nodes);
    }
  return items;
}

document settings_of(const std::vector<step_summary>& steps) {
  auto settings = document::object();
  for (const auto& step : steps) {
    const auto& spec = step.row.spec;
    if (spec.kind != step_kind::partitioned) continue;
    settings[spec.name] = {
        {"max_attempts", spec.retry.max_attempts},
        {"first_retry_s", static_cast<double>(spec.retry.first_delay.count()) / 1e3},
        {"retry_factor", spec.retry.factor},
        {"last_retry_s", static_cast<double>(spec.retry.max_delay.count()) / 1e3},
        {"transferable", spec.transferable},
        {"streamed", spec.streamed}};
  }
  return settings;
}

}  // namespace

document run_view(const reader& look, tile_cache& tiles, run_id id) {
  const auto run = require_run(look, id);
  const auto nodes = see_nodes(look, true);
  const auto steps = look.summarize(id);
  const auto plan = plan_of(description_of(look, run.job));
  auto shown = run_item(look, run, steps, nodes);
  const auto next = look.find_continuation(id);
  shown["continued_by"] = next ? document(std::to_string(next->id.value)) : document(nullptr);
  shown["steps"] = items_of(look, tiles, steps, plan, nodes);
  shown["plan"] = plan_items(plan);
  shown["chain"] = chain_of(look, run);
  shown["settings"] = settings_of(steps);
  return shown;
}

document steps_view(const reader& look, tile_cache& tiles, run_id id) {
  const auto run = require_run(look, id);
  const auto nodes = see_nodes(look, true);
  const auto plan = plan_of(description_of(look, run.job));
  return list_of(items_of(look, tiles, look.summarize(id), plan, nodes));
}

}  // namespace partita::http
