#include "apps/partita/waiting_text.hpp"

#include <fmt/format.h>

#include "apps/partita/documents.hpp"
#include "apps/partita/text.hpp"

namespace partita::cli {

namespace {

std::string paused_text(const pause_mark& mark) {
  return (mark.by.empty() ? "" : " by " + mark.by) + (mark.note.empty() ? "" : ": " + mark.note);
}

}  // namespace

std::string waiting_text(const waiting& why, const run_row& run, db_time now) {
  const auto& job = run.job;
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
    case obstacle::paused:
      return "`resume`: it is paused" + paused_text(run.paused.value_or(pause_mark{}));
    case obstacle::job_paused:
      return "`resume --job " + job.name + "`: its job is paused";
    case obstacle::queued:
      return fmt::format("the end of another run of the job: {} at once may be RUNNING", why.slots);
    case obstacle::no_tag:
      return "a node that knows the job and has the tags of its step (" + why.name +
             "): none at work has";
    case obstacle::limit_reached:
      return fmt::format("the limit {}: it allows {} partitions at once, and they are under way",
                         why.name, why.slots);
  }
  return "";
}

waiting reasons_to_wait::why(const idle_run& idle) {
  auto why = why_waiting(idle.run, idle.standing, nodes_, clock_of(nodes_));
  const bool ready = !idle.standing.held && idle.standing.claimable_now;
  const bool queues = why.what == obstacle::not_adopted && idle.run.state == run_state::created;
  if (queues || (ready && idle.run.stop == stop_mode::none &&
                 (why.what == obstacle::none || why.what == obstacle::no_slot)))
    if (auto held = held_back(idle.run); held.what != obstacle::none) why = std::move(held);
  return why;
}

std::string reasons_to_wait::of(const idle_run& idle) {
  return waiting_text(why(idle), idle.run, clock_of(nodes_));
}

std::string reasons_to_wait::of(const run_row& run) {
  if (is_terminal(run.state)) return "";
  return of(idle_run{run, look_.standing(run.id)});
}

waiting reasons_to_wait::held_back(const run_row& run) {
  if (run.state == run_state::created) {
    const auto most = max_runs_of(run.job);
    if (most == 0) return {};
    const auto [running, first] = running_.try_emplace(run.job.name, 0);
    if (first) running->second = look_.count_runs({run.job.name, {"RUNNING"}, {}, {}}, most);
    return why_held_back(run, {}, nodes_, {}, running->second, most);
  }
  const auto steps = look_.list_steps(run.id);
  if (!limits_) limits_ = look_.list_limits();
  return why_held_back(run, steps, nodes_, *limits_, 0, 0);
}

int reasons_to_wait::max_runs_of(const job_ref& job) {
  if (!jobs_) jobs_ = look_.list_known_jobs();
  for (const auto& known : *jobs_)
    if (known.latest.job == job) return known.latest.max_runs;
  return 0;
}

}  // namespace partita::cli
