#pragma once

#include <string>

#include "storage/audit/replay_schedules.hpp"

namespace partita::audit {

/// The events of how runs share the cluster, and of what is kept of them, applied.
class sharing_replay : protected schedule_replay {
 protected:
  using schedule_replay::schedule_replay;

  void run_paused(const json&) { live_run().paused = true; }
  void run_resumed(const json&) { live_run().paused = false; }
  void run_prioritized(const json& detail) {
    live_run().priority = static_cast<int>(number(detail, "priority"));
  }

  void job_paused(const json& detail) { state_.paused_jobs.insert(text(detail, "job")); }
  void job_resumed(const json& detail) {
    v_.count(rule::only_grows);
    if (state_.paused_jobs.erase(text(detail, "job")) == 0)
      find(rule::only_grows, "resumes a job that was not paused");
  }

  void limit_set(const json& detail) {
    state_.limits[text(detail, "limit")] =
        detail.contains("slots") ? std::optional{static_cast<int>(number(detail, "slots"))}
                                 : std::nullopt;
  }

  void retention_set(const json& detail) {
    const auto job = text(detail, "job");
    if (!detail.contains("keep_ms"))
      state_.retentions.erase(job);
    else
      state_.retentions[job] = {milliseconds{number(detail, "keep_ms")},
                                static_cast<int>(number(detail, "keep_last"))};
  }

 private:
  replayed_run& live_run() {
    auto& run = known(state_.runs, event_->run);
    v_.count(rule::only_grows);
    if (is_terminal(run.state))
      find(rule::only_grows, "changes " + named(event_->run) + ", which was " + str(run.state));
    return run;
  }
};

}  // namespace partita::audit
