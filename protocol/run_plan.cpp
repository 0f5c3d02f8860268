#include "protocol/run_plan.hpp"

#include <algorithm>

#include "protocol/mutation.hpp"

namespace partita {

namespace {

const step_row* row_of(std::span<const step_row> steps, std::size_t index) {
  auto found = std::find_if(steps.begin(), steps.end(), [&](const step_row& s) {
    return s.spec.ordinal == static_cast<int>(index);
  });
  return found == steps.end() ? nullptr : &*found;
}

master_action go_on_with(std::size_t index, const step_row& step, const run_row& run,
                         const std::optional<step_progress>& progress) {
  const auto stopping = run.stop != stop_mode::none;
  if (!step.error.empty()) {  // its split has failed
    if (progress && progress->live) return watch_step{index, step.id};
    return end_step{step.id, step_state::failed, step.error};
  }
  if (step.spec.kind == step_kind::tasklet) {
    if (stopping) return end_step{step.id, step_state::stopped, "a stop was requested"};
    return run_tasklet{index, step.id};
  }
  if (!step.sealed) {
    // Before the seal of a listed split nothing can be claimed; a streamed one may have live
    // leases.
    if (stopping && !(progress && progress->live))
      return end_step{step.id, step_state::stopped, "a stop was requested"};
    if (stopping) return watch_step{index, step.id};
    return split_step{index, step.id};
  }
  if (!progress) return watch_step{index, step.id};
  if (progress->open) {
    if (stopping && !progress->live)
      return end_step{step.id, step_state::stopped, "a stop was requested"};
    return watch_step{index, step.id};
  }
  if (progress->any_failed && !PARTITA_BUG(failed_partitions_are_overlooked))
    return end_step{step.id, step_state::failed, ""};
  return aggregate_step{index, step.id};
}

}  // namespace

master_action next_action(const run_row& run, std::span<const step_row> steps,
                          std::span<const step_shape> job,
                          const std::optional<step_progress>& progress) {
  std::string failure;
  // Jumps go forward only (the job's constructor refuses others), so this loop ends.
  for (std::size_t i = 0; i < job.size();) {
    const auto* step = row_of(steps, i);
    if (step == nullptr) {
      if (run.stop != stop_mode::none) return end_run{run_state::stopped, "a stop was requested"};
      return begin_step{i};
    }
    switch (step->state) {
      case step_state::running:
        return go_on_with(i, *step, run, progress);
      case step_state::stopped:
        return end_run{run_state::stopped, step->error};
      case step_state::completed:
        ++i;
        break;
      case step_state::failed:
        if (failure.empty()) failure = "step " + step->spec.name + " failed: " + step->error;
        if (!job[i].on_failure) return end_run{run_state::failed, failure};
        i = *job[i].on_failure;
        break;
    }
  }
  if (!failure.empty()) return end_run{run_state::failed, failure};
  return end_run{run_state::completed, ""};
}

}  // namespace partita
