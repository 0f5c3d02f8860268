#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/waiting.hpp"
#include "storage/store.hpp"

namespace partita::cli {

/// What a run waits for: "a free executor: …"; "" when it waits for nothing.
std::string waiting_text(const waiting& why, const run_row& run, db_time now);

/// What runs wait for, as told by one look at the cluster: what several of them need is read once.
class reasons_to_wait {
 public:
  /// `nodes` are all that did not leave. Both must outlive it.
  reasons_to_wait(const reader& look, const std::vector<node_row>& nodes)
      : look_(look), nodes_(nodes) {}

  /// Of a run of which no partition is held.
  waiting why(const idle_run& idle);
  std::string of(const idle_run& idle);
  std::string of(const run_row& run);

 private:
  waiting held_back(const run_row& run);
  int max_runs_of(const job_ref& job);

  const reader& look_;
  const std::vector<node_row>& nodes_;
  std::optional<std::vector<known_job>> jobs_;
  std::optional<std::vector<limit_row>> limits_;
  std::map<std::string, std::int64_t> running_;  // by job
};

}  // namespace partita::cli
