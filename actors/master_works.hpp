#pragma once

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "actors/master_work.hpp"
#include "protocol/messages.hpp"
#include "protocol/retry.hpp"

namespace partita {

constexpr milliseconds at_once{0};

/// How a step is about to end.
struct step_ending {
  step_state state = step_state::completed;
  json_text result;
  std::string error;
  bool sets_run_result = false;
};

/// A piece of the author's code on a master: of a step, or, without one, of the run.
struct running_work {
  step_id step;
  std::string name{};  // of the step
  work_kind kind = work_kind::after_run;
  retry_policy retry{};
  std::stop_source stop{};
  std::optional<worker_outcome> outcome{};   // until it is in the database
  step_ending end{};                         // after_step
  run_state run_end = run_state::completed;  // after_run
  std::string run_error{};                   // after_run
};

/// The works of a master, at most one a step, and how often each piece of code has thrown.
class master_works {
 public:
  bool empty() const { return running_.empty(); }
  bool has(step_id step) const { return running_.contains(step); }

  void begin(running_work w) {
    const auto step = w.step;
    running_.insert_or_assign(step, std::move(w));
  }

  void ended(const worker_outcome& how) {
    if (const auto found = running_.find(how.step); found != running_.end())
      found->second.outcome = how;
  }
  bool all_ended() const {
    for (const auto& [step, w] : running_)
      if (!w.outcome) return false;
    return true;
  }
  /// Steps whose work has ended.
  std::vector<step_id> to_settle() const {
    std::vector<step_id> steps;
    for (const auto& [step, w] : running_)
      if (w.outcome) steps.push_back(step);
    return steps;
  }
  running_work& at(step_id step) { return running_.at(step); }
  void forget(step_id step) { running_.erase(step); }

  void stop_all() {
    for (auto& [step, w] : running_) w.stop.request_stop();
  }
  /// A stop of the run: who listens to its ends goes on.
  void stop_steps() {
    for (auto& [step, w] : running_)
      if (w.kind != work_kind::after_step && w.kind != work_kind::after_run) w.stop.request_stop();
  }

  // --- tries that failed

  /// How often this code has thrown on this node, with this time.
  int thrown(const running_work& w) { return ++thrown_[{w.step, w.kind}].count; }
  void rest(const running_work& w, mono_time until) { thrown_[{w.step, w.kind}].next = until; }
  /// How long this code still waits for its next try.
  milliseconds left(step_id step, work_kind kind, mono_time now) const {
    const auto found = thrown_.find({step, kind});
    if (found == thrown_.end() || found->second.next <= now) return milliseconds{0};
    return std::chrono::ceil<milliseconds>(found->second.next - now);
  }

 private:
  struct failed_tries {
    int count = 0;
    mono_time next{};  // not before
  };

  std::map<step_id, running_work> running_;
  std::map<std::pair<step_id, work_kind>, failed_tries> thrown_;
};

}  // namespace partita
