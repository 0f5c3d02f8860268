#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "actors/node_process.hpp"
#include "apps/partita/bench/benchmarks.hpp"
#include "batch/job.hpp"
#include "protocol/liveness.hpp"
#include "storage/store.hpp"

namespace partita::bench {

/// The times at which things happened to a run, by the database's clock.
struct milestones {
  db_time submitted;
  db_time adopted;
  db_time begun;  // the step
  db_time sealed;
  db_time leased;  // the first lease of all
  db_time ended;   // the step
};

/// Nodes in this process that know one job, of one partitioned step.
class cluster {
 public:
  cluster(const std::shared_ptr<database>& db, job what, const settings& limits, int nodes,
          const std::shared_ptr<span_sink>& traces = nullptr);
  /// The nodes drain and leave.
  ~cluster();

  run_id submit(const json& parameters = json::object());
  /// Returns when the split of the run is sealed.
  void wait_sealed(run_id run);
  /// Returns when the run has COMPLETED; throws command_error (failed) when it ends otherwise.
  void wait_completed(run_id run);
  milestones milestones_of(run_id run);
  void pause(milliseconds pause);

  /// The sum over the nodes of what they counted.
  std::int64_t counted(counter node_counters::*what) const;

  const store& view() { return view_; }

 private:
  job_ref job_;
  store view_;
  std::vector<std::unique_ptr<node_process>> nodes_;
  int submitted_ = 0;
};

double seconds(db_time from, db_time to);
double seconds(mono_time from, mono_time to);

}  // namespace partita::bench
