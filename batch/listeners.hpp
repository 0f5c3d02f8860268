#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "batch/aggregate.hpp"
#include "batch/outcomes.hpp"

namespace partita {

/// How a run is about to end.
struct run_outcome {
  run_state state = run_state::completed;
  std::string error{};
};

/// Called on the master before the split or the tasklet of a step, and again when that is tried
/// again, or after a takeover. What it throws counts as thrown by the split or the tasklet: that is
/// tried again, or the step FAILS. Not called where a continued run goes on with partitions that
/// are there already.
using before_step_function = std::function<void(std::string_view step, run_context&)>;

/// Called on the master when a step is about to end, however it ends. At least once: again after a
/// takeover. What it throws is logged (`listener_failed`), and changes nothing; a result that it
/// sets is dropped.
using after_step_function =
    std::function<void(std::string_view step, const step_outcome&, run_context&)>;

/// The same, of the run. Not called for a run that is stopped before it had a master.
using after_run_function = std::function<void(const run_outcome&, run_context&)>;

struct listeners {
  std::vector<before_step_function> before_step{};
  std::vector<after_step_function> after_step{};
  std::vector<after_run_function> after_run{};
};

}  // namespace partita
