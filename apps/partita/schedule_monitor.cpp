#include "apps/partita/schedule_monitor.hpp"

#include <fmt/format.h>

#include "apps/partita/documents.hpp"
#include "apps/partita/schedule_troubles.hpp"
#include "batch/batch.hpp"

namespace partita::cli {

namespace {

void look(run_context& run, const std::shared_ptr<database>& db) {
  const reader with{db->connect({})};
  const auto nodes = with.list_nodes(false);
  const auto schedules = all_schedules(with);
  const auto found = troubles_among(schedules, with, nodes, clock_of(nodes),
                                    static_cast<int>(run.get<std::int64_t>("intervals")));
  if (!found.empty()) {
    std::string all;
    for (const auto& [name, why] : found) all += (all.empty() ? "" : "; ") + name + " " + why;
    throw permanent_error(
        fmt::format("{} of {} schedules start no runs: {}", found.size(), schedules.size(), all));
  }
  run.result({{"schedules", schedules.size()}});
}

}  // namespace

job schedule_monitor(std::shared_ptr<database> db) {
  return job{"schedule_monitor"}
      .about("fails, and names them, when schedules start no runs")
      .parameter<std::int64_t>("intervals", default_value{std::int64_t{3}},
                               about{"ticks that may pass by before it does so"})
      .step(tasklet{"look", [db = std::move(db)](run_context& run) { look(run, db); }}.retry(
          attempts{1}));
}

}  // namespace partita::cli
