#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/values.hpp"

namespace partita {

// --- the plan: a graph of steps without cycles ---------------------------------------------------

/// What a master must know of a step of the job to decide what comes next. The plan of a run is a
/// list of them, by ordinal; a step comes only after steps before it in the list.
struct step_shape {
  std::string name;
  step_kind kind = step_kind::partitioned;
  std::vector<std::size_t> after{};         // begins when all of these are passed; empty: at once
  std::optional<std::size_t> on_failure{};  // the step to go to when this one fails
  int flow = 0;          // 0: one of the job's own sequence; else of a flow with this number
  bool decides = false;  // once it has COMPLETED, a decider chooses what comes next
};

/// Jumps go forward only, and stay in their sequence: that of the job, or one flow.
bool may_go(std::span<const step_shape> plan, std::size_t from, std::size_t to);

/// The step of this name that a run may go to from `from`, if there is one.
std::optional<std::size_t> target_of(std::span<const step_shape> plan, std::size_t from,
                                     std::string_view name);

/// For each step whether it has ended, or never begins, whenever `step` begins.
std::vector<bool> steps_before(std::span<const step_shape> plan, std::size_t step);

// --- the path: which steps a run has come to -----------------------------------------------------

enum class place {
  not_reached,
  reached,      // it may begin, or it has begun
  jumped_over,  // the run went on behind it
};

/// A step is passed when it has COMPLETED and its decider, if it has one, chose `next`: then what
/// comes after it is reached. A jump, by `on_failure` or a decider, reaches its target. Rows of
/// steps that are not reached count only once they are; a row of another step than the plan has
/// there breaks the run.
struct run_path {
  std::vector<place> places;          // by ordinal
  std::vector<const step_row*> rows;  // by ordinal; null: it has none
  std::string failure;                // what made the run FAILED, by the first step; "": nothing
  bool broken = false;                // by a failure that has no way on, or a decision
  bool finished = false;              // by a decision: COMPLETED, if nothing has failed
  std::vector<bool> after_failure;    // reached by an `on_failure`, or behind such a step
  bool begun(std::size_t step) const { return rows[step] != nullptr; }
};

/// `steps`: the step rows of the run, in any order. They must outlive the path.
run_path follow(std::span<const step_row> steps, std::span<const step_shape> plan);

// --- what comes next -----------------------------------------------------------------------------

// What a master does next. Each is done, then the rows are read again and the next are decided:
// whoever takes over at any point reads the same rows and goes on with the same.
/// Insert the step row.
struct begin_step {
  std::size_t index;
  bool after_failure = false;
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
  step_id step;
};
/// Aggregator, then COMPLETED.
struct aggregate_step {
  std::size_t index;
  step_id step;
};
/// Ask the decider, store what it chose.
struct decide_step {
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
                                   decide_step, end_step, end_run>;

/// The run state machine, from rows alone: all that can be done now, one action a step, or the end
/// of the run. `progress`: of each partitioned step that is RUNNING. Of a run that is held back no
/// step begins, no split and no tasklet: there may be nothing to do.
/// REQUIRES: the run is RUNNING.
///
/// A step that is RUNNING with an error is failing: it ends FAILED once no partition of it is under
/// execution. After a failed step the run goes on with the one that its `on_failure` names, and is
/// FAILED at its end. Without one, or after a decider ended the run, or after a stop request,
/// nothing more begins; steps that run go to their end (a stop request ends them once no partition
/// is under execution), and then the run ends. A step that had failed and one that was stopped stay
/// what they are: `restart` makes a new run.
std::vector<master_action> next_actions(const run_row& run, std::span<const step_row> steps,
                                        std::span<const step_shape> plan,
                                        const std::map<step_id, step_progress>& progress);

}  // namespace partita
