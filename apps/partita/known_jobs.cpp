#include "apps/partita/known_jobs.hpp"

#include <vector>

#include "apps/partita/errors.hpp"
#include "batch/parameters.hpp"

namespace partita::cli {

void require_known_job(const reader& look, const std::string& job) {
  if (job.empty()) return;
  std::vector<std::string> names;
  for (const auto& known : look.list_known_jobs()) {
    if (known.latest.job.name == job) return;
    names.push_back(known.latest.job.name);
  }
  run_choice of_job;
  of_job.job = job;
  if (!look.list_runs(1, {}, of_job).empty()) return;
  const auto close = nearest(job, names);
  throw command_error(exit_code::not_found, "not_found", "no node has told of a job " + job,
                      close ? "did you mean " + *close + "?" : "`jobs --known` lists the jobs");
}

}  // namespace partita::cli
