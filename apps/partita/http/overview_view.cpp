#include "apps/partita/http/overview_view.hpp"

#include <algorithm>

#include "apps/partita/documents.hpp"
#include "apps/partita/http/cluster_views.hpp"
#include "apps/partita/http/run_views.hpp"

namespace partita::http {

using cli::document;

namespace {

constexpr int live_runs_told = 50;
constexpr int new_runs_searched = 10;  // for failures
constexpr int failures_told = 10;
constexpr int nodes_asked = 50;  // what they do
constexpr int work_told = 3;     // of each

/// The newest first.
document last_failures(const reader& look, const std::vector<run_row>& runs,
                       const cli::node_names& names) {
  std::vector<document> items;
  for (const auto& run : runs) {
    const auto rows = look.list_failures(run.id, failures_told);
    if (rows.empty()) continue;
    const auto steps = look.summarize(run.id);
    for (const auto& row : rows) {
      document item{{"run", std::to_string(run.id.value)}, {"job", run.job.name}};
      item.update(cli::failure_document(row, steps, names));
      items.push_back(std::move(item));
    }
  }
  std::stable_sort(items.begin(), items.end(), [](const document& a, const document& b) {
    return a["at"].get<std::string>() > b["at"].get<std::string>();
  });
  if (items.size() > failures_told) items.resize(failures_told);
  return items;
}

}  // namespace

document overview_view(const reader& look, const std::string& database) {
  const auto nodes = see_nodes(look, false);
  auto live = look.list_runs(live_runs_told, {}, {"", {"CREATED", "RUNNING"}, {}, {}});
  const auto runs = run_items(look, live, nodes);
  auto at_work = document::array();
  int asked = 0;
  for (const auto& row : nodes.rows) {
    auto item = node_item(row, nodes.now);
    item.update(row.load.running > 0 && asked++ < nodes_asked
                    ? work_of(look, row, nodes.now, work_told)
                    : document{{"leases", document::array()}, {"doing", document::array()}});
    at_work.push_back(std::move(item));
  }
  for (auto& run : look.list_runs(new_runs_searched, {}))
    if (is_terminal(run.state)) live.push_back(std::move(run));
  return {{"health", health_view(look, database, false)},
          {"runs", runs},
          {"nodes", at_work},
          {"failures", last_failures(look, live, cli::names_of(look.list_nodes(true)))}};
}

}  // namespace partita::http
