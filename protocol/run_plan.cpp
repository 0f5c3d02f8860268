#include "protocol/run_plan.hpp"

#include <algorithm>

#include "protocol/mutation.hpp"

namespace partita {

// --- the plan ------------------------------------------------------------------------------------

bool may_go(std::span<const step_shape> plan, std::size_t from, std::size_t to) {
  return from < to && to < plan.size() && plan[from].flow == plan[to].flow;
}

std::optional<std::size_t> target_of(std::span<const step_shape> plan, std::size_t from,
                                     std::string_view name) {
  for (auto to = from + 1; to < plan.size(); ++to)
    if (plan[to].name == name && may_go(plan, from, to)) return to;
  return std::nullopt;
}

std::vector<bool> steps_before(std::span<const step_shape> plan, std::size_t step) {
  std::vector<bool> before(plan.size());
  for (const auto a : plan[step].after) before[a] = true;
  for (auto i = step; i-- > 0;)
    if (before[i])
      for (const auto a : plan[i].after) before[a] = true;
  return before;
}

// --- the path ------------------------------------------------------------------------------------

namespace {

class follower {
 public:
  follower(std::span<const step_row> steps, std::span<const step_shape> plan)
      : plan_(plan), passed_(plan.size()), chosen_(plan.size()) {
    path_.places.resize(plan.size(), place::not_reached);
    path_.rows.resize(plan.size());
    path_.after_failure.resize(plan.size());
    for (const auto& s : steps) {
      const auto ordinal = static_cast<std::size_t>(s.spec.ordinal);
      if (ordinal < plan.size()) path_.rows[ordinal] = &s;
    }
  }

  /// Every step comes after steps with lower ordinals: one pass is enough.
  run_path follow() {
    if (is_of_another_plan()) return std::move(path_);
    for (std::size_t i = 0; i < plan_.size(); ++i) {
      if (!is_reached(i)) continue;
      path_.places[i] = place::reached;
      for (const auto a : plan_[i].after)
        if (passed_[a] && path_.after_failure[a]) path_.after_failure[i] = true;
      if (path_.begun(i)) leave(i, *path_.rows[i]);
    }
    return std::move(path_);
  }

 private:
  /// A run was continued with a version of the job that has other steps.
  bool is_of_another_plan() {
    for (std::size_t i = 0; i < plan_.size(); ++i) {
      if (path_.rows[i] == nullptr || path_.rows[i]->spec.name == plan_[i].name) continue;
      fail("the run has step " + path_.rows[i]->spec.name + " where this version of the job has " +
           plan_[i].name);
      return path_.broken = true;
    }
    return false;
  }

  bool is_reached(std::size_t i) const {
    const auto& after = plan_[i].after;
    const auto passed = [&](std::size_t a) { return passed_[a]; };
    if (PARTITA_BUG(a_group_ends_with_its_first_flow) && after.size() > 1)
      return chosen_[i] || std::any_of(after.begin(), after.end(), passed);
    return chosen_[i] || std::all_of(after.begin(), after.end(), passed);
  }

  void leave(std::size_t i, const step_row& step) {
    if (step.state == step_state::failed) {
      fail("step " + step.spec.name + " failed: " + step.error);
      if (PARTITA_BUG(a_failed_step_is_passed)) passed_[i] = true;
      if (plan_[i].on_failure)
        jump(i, *plan_[i].on_failure, true);
      else
        path_.broken = true;
    }
    if (step.state != step_state::completed) return;
    if (!plan_[i].decides)
      passed_[i] = true;
    else if (step.decided)
      decide(i, step, *step.decided);
  }

  void decide(std::size_t i, const step_row& step, const decision& chosen) {
    switch (chosen.how) {
      case decision_kind::next:
        passed_[i] = true;
        return;
      case decision_kind::go_to:
        if (const auto to = target_of(plan_, i, chosen.text)) return jump(i, *to, false);
        fail("step " + step.spec.name + " goes to step " + chosen.text +
             ", which does not come after it in this version of the job");
        path_.broken = true;
        return;
      case decision_kind::complete:
        path_.finished = true;
        return;
      case decision_kind::fail:
        fail("after step " + step.spec.name + ": " + chosen.text);
        path_.broken = true;
    }
  }

  void jump(std::size_t from, std::size_t to, bool by_failure) {
    chosen_[to] = true;
    if (by_failure || path_.after_failure[from]) path_.after_failure[to] = true;
    for (auto i = from + 1; i < to; ++i) path_.places[i] = place::jumped_over;
  }

  void fail(const std::string& why) {
    if (path_.failure.empty()) path_.failure = why;
  }

  std::span<const step_shape> plan_;
  std::vector<bool> passed_;
  std::vector<bool> chosen_;  // targets of jumps
  run_path path_;
};

// --- what comes next -----------------------------------------------------------------------------

constexpr auto stop_asked = "a stop was requested";

/// What follows for a step that is RUNNING.
master_action go_on_with(std::size_t index, const step_row& step, const run_row& run,
                         const std::map<step_id, step_progress>& all) {
  const auto found = all.find(step.id);
  const auto* progress = found == all.end() ? nullptr : &found->second;
  const auto live = progress != nullptr && progress->live;
  const auto stopping = run.stop != stop_mode::none;
  if (!step.error.empty()) {  // its split has failed
    if (live) return watch_step{step.id};
    return end_step{step.id, step_state::failed, step.error};
  }
  if (step.spec.kind == step_kind::tasklet) {
    if (stopping) return end_step{step.id, step_state::stopped, stop_asked};
    return run_tasklet{index, step.id};
  }
  if (!step.sealed) {
    // Before the seal of a listed split nothing can be claimed; a streamed one may have live
    // leases.
    if (stopping && !live) return end_step{step.id, step_state::stopped, stop_asked};
    if (stopping) return watch_step{step.id};
    return split_step{index, step.id};
  }
  if (progress == nullptr) return watch_step{step.id};
  if (progress->open) {
    if (stopping && !live) return end_step{step.id, step_state::stopped, stop_asked};
    return watch_step{step.id};
  }
  if (progress->any_failed && !PARTITA_BUG(failed_partitions_are_overlooked))
    return end_step{step.id, step_state::failed, ""};
  return aggregate_step{index, step.id};
}

/// The run is about to end: steps of another version of the job, which it cannot come to, end with
/// it.
std::vector<master_action> end_the_rest(std::span<const step_row> steps,
                                        const std::map<step_id, step_progress>& all) {
  std::vector<master_action> actions;
  for (const auto& s : steps) {
    if (s.state != step_state::running) continue;
    const auto progress = all.find(s.id);
    if (progress != all.end() && progress->second.live)
      actions.push_back(watch_step{s.id});
    else
      actions.push_back(end_step{s.id, step_state::stopped, "the run did not come to it"});
  }
  return actions;
}

/// `stopped`: a step that was stopped; or null. `left`: something could have begun.
end_run end_of(const run_path& path, const step_row* stopped, bool left) {
  if (path.broken) return {run_state::failed, path.failure};
  if (stopped != nullptr) return {run_state::stopped, stopped->error};
  if (left && !path.finished) return {run_state::stopped, stop_asked};
  if (!path.failure.empty()) return {run_state::failed, path.failure};
  return {run_state::completed, ""};
}

}  // namespace

run_path follow(std::span<const step_row> steps, std::span<const step_shape> plan) {
  return follower{steps, plan}.follow();
}

namespace {

/// Of the author's code, or of partitions.
bool begins_work(const master_action& action) {
  return std::holds_alternative<begin_step>(action) || std::holds_alternative<split_step>(action) ||
         std::holds_alternative<run_tasklet>(action);
}

}  // namespace

std::vector<master_action> next_actions(const run_row& run, std::span<const step_row> steps,
                                        std::span<const step_shape> plan,
                                        const std::map<step_id, step_progress>& progress) {
  const auto path = follow(steps, plan);
  std::vector<master_action> possible;  // unless nothing more is to begin
  std::vector<master_action> actions;
  const step_row* stopped = nullptr;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (path.places[i] != place::reached) continue;
    if (!path.begun(i)) {
      possible.push_back(begin_step{i, path.after_failure[i]});
      continue;
    }
    const auto& step = *path.rows[i];
    if (step.state == step_state::running)
      actions.push_back(go_on_with(i, step, run, progress));
    else if (step.state == step_state::stopped)
      stopped = &step;
    else if (step.state == step_state::completed && plan[i].decides && !step.decided)
      possible.push_back(decide_step{i, step.id});
  }
  const auto closing = run.stop != stop_mode::none || path.broken || path.finished;
  if (!closing && stopped == nullptr)
    actions.insert(actions.end(), possible.begin(), possible.end());
  if (actions.empty()) actions = end_the_rest(steps, progress);
  if (actions.empty()) actions.push_back(end_of(path, stopped, !possible.empty()));
  if (run.is_held_back() && run.stop == stop_mode::none)
    std::erase_if(actions, [](const master_action& action) { return begins_work(action); });
  return actions;
}

}  // namespace partita
