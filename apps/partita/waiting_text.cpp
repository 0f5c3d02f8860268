#include "apps/partita/waiting_text.hpp"

#include <fmt/format.h>

#include "apps/partita/documents.hpp"
#include "apps/partita/text.hpp"

namespace partita::cli {

std::string waiting_text(const waiting& why, const job_ref& job, db_time now) {
  switch (why.what) {
    case obstacle::none:
      return "";
    case obstacle::no_node:
      return "a node: none is at work, `node` starts one";
    case obstacle::unknown_job:
      return "a node that knows the job " + job.name + ": none at work does";
    case obstacle::unknown_version: {
      std::vector<std::string> known;
      for (auto version : why.versions) known.push_back(std::to_string(version));
      return fmt::format("a node that knows version {} of the job: those at work know {}",
                         job.version, join(known, ", "));
    }
    case obstacle::not_adopted:
      return why.nodes == 1 ? "a master: 1 node knows the job"
                            : fmt::format("a master: {} nodes know the job", why.nodes);
    case obstacle::no_slot:
      return fmt::format("a free executor: all {} of the nodes that know the job are busy",
                         why.slots);
    case obstacle::backoff:
      return fmt::format("the next try, at {} (in {})", iso_time(why.until),
                         duration_text(why.until - now));
  }
  return "";
}

std::string waits_for(const idle_run& idle, const std::vector<node_row>& nodes) {
  const auto now = clock_of(nodes);
  return waiting_text(why_waiting(idle.run, idle.standing, nodes, now), idle.run.job, now);
}

std::string waits_for(const reader& look, const run_row& run, const std::vector<node_row>& nodes) {
  if (is_terminal(run.state)) return "";
  return waits_for(idle_run{run, look.standing(run.id)}, nodes);
}

}  // namespace partita::cli
