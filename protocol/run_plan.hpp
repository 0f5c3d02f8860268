#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "protocol/values.hpp"

namespace partita {

/// What a master must know of a step of the job to decide what comes next.
struct step_shape {
  std::string name;
  step_kind kind = step_kind::partitioned;
  std::optional<std::size_t> on_failure;  // the step to go to when this one fails
};

// What a master does next. Each is done, then the rows are read again and the next is decided:
// whoever takes over at any point reads the same rows and goes on with the same.
/// Insert the step row.
struct begin_step {
  std::size_t index;
};
/// Partitioner, insert, seal.
struct split_step {
  std::size_t index;
  step_id step;
};
struct run_tasklet {
  std::size_t index;
  step_id step;
};
/// Wait until it is no longer open.
struct watch_step {
  std::size_t index;
  step_id step;
};
/// Aggregator, then COMPLETED.
struct aggregate_step {
  std::size_t index;
  step_id step;
};
struct end_step {
  step_id step;
  step_state state;
  std::string error;
};
struct end_run {
  run_state state;
  std::string error;
};
using master_action = std::variant<begin_step, split_step, run_tasklet, watch_step, aggregate_step,
                                   end_step, end_run>;

/// The run state machine, from rows alone. `steps`: the step rows of the run, any order.
/// `progress`: of the step that is RUNNING and sealed, if there is one.
/// REQUIRES: the run is RUNNING.
///
/// A step that is RUNNING with an error is failing: it ends FAILED once no partition of it is under
/// execution. A failed step ends the run FAILED; with `on_failure` the named step and those after
/// it still run first. A stop request ends the run STOPPED once no partition is under execution. A
/// step that had failed and one that was stopped stay what they are: `restart` makes a new run.
master_action next_action(const run_row& run, std::span<const step_row> steps,
                          std::span<const step_shape> job,
                          const std::optional<step_progress>& progress);

}  // namespace partita
