#include "apps/partita/schedule_monitor.hpp"

#include <fmt/format.h>

#include "apps/partita/documents.hpp"
#include "apps/partita/schedule_troubles.hpp"
#include "batch/batch.hpp"

namespace partita::cli {

namespace {

constexpr std::int64_t most_intervals = 1000;

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
      .parameter<std::int64_t>("intervals", default_value{std::int64_t{usual_intervals}},
                               about{"ticks that may pass by before it does so"})
      .check([](const parameters& given) {
        if (given.get<std::int64_t>("intervals") < 1 ||
            given.get<std::int64_t>("intervals") > most_intervals)
          throw permanent_error("intervals must be from 1 to " + std::to_string(most_intervals));
      })
      .step(tasklet{"look", [db = std::move(db)](run_context& run) { look(run, db); }}.retry(
          attempts{1}));
}

}  // namespace partita::cli
