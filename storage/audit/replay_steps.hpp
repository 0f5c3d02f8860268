#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "storage/audit/replay_state.hpp"

namespace partita::audit {

/// The events of steps, applied.
class step_replay : protected replay_state {
 protected:
  using replay_state::replay_state;

  void step_begun(const json& detail) {
    driven(detail);
    replayed_step step;
    step.run = event_->run;
    step.ordinal = number(detail, "ordinal");
    step.kind = str(state<step_kind>(detail, "kind"));
    step.streamed = detail.value("streamed", false);
    step.after_failure = detail.value("after_failure", false);
    if (detail.contains("continues")) {
      step.copy_of = step_id{number(detail, "continues")};
      const auto& from = known(state_.steps, step.copy_of);
      if (from.after_failure)
        find(rule::only_grows,
             "continues " + named(step.copy_of) + ", which began after a failure");
      for (const auto& e : from.results.all())
        if (e.value.completed) step.results.put(e.span, e.value);
      step.repeats = detail.value("skipped", false);
      if (step.repeats) drop_lossy_results(step);
      step.carried = step.results.size();
    }
    step.sealed = step.kind == "TASKLET" && !step.copy_of;  // a copy is sealed by its next event
    made(state_.steps, event_->step) = std::move(step);
  }

  /// Those of partitions that have skipped items. What a run that has ended holds of them stays.
  void drop_lossy_results(replayed_step& step) {
    const auto& all = w_.rows.skipped;
    for (auto s = std::lower_bound(all.begin(), all.end(), step.copy_of,
                                   [](const auto&row, step_id of) { return row.step < of; });
         s != all.end() && s->step == step.copy_of; ++s)
      step.results.take({s->no, s->no});
  }

  /// A step that is split by its master now.
  replayed_step& open_step(const json& detail) {
    driven(detail);
    auto& step = known(state_.steps, event_->step);
    v_.count(rule::only_grows);
    if (step.sealed || step.failing || is_terminal(step.state))
      find(rule::only_grows, "changes the split of " + named(event_->step) + ", which was final");
    return step;
  }

  void split_reset(const json& detail) {
    auto& step = open_step(detail);
    if (step.streamed)
      find(rule::conservation,
           "removes partitions of " + named(event_->step) + ", which may be at work");
    if (step.count == 0)
      find(rule::replay, "removes partitions of " + named(event_->step) + ", which had none");
    step.count = 0;
  }

  void split_appended(const json& detail) {
    auto& step = open_step(detail);
    const auto span = span_of(detail);
    if (span.lo != step.count)
      find(rule::conservation, "appends at " + std::to_string(span.lo) + " to " +
                                   named(event_->step) + ", which had " +
                                   std::to_string(step.count) + " partitions");
    step.count = span.hi + 1;
    if (is_copied(step)) return make_rest_ready(step);
    if (step.streamed) make_ready(step, span, 0);
  }

  void split_sealed(const json& detail) {
    auto& step = open_step(detail);
    const auto count = number(detail, "count");
    if (count < 0 || count > largest_number) throw malformed_event{"its count is no count"};
    const auto copied = is_copied(step);
    if (copied)
      step.count = count;
    else if (count != step.count)
      find(rule::conservation, "seals " + named(event_->step) + " with " + std::to_string(count) +
                                   " partitions, of " + std::to_string(step.count) + " appended");
    step.sealed = true;
    if (copied || !step.streamed) make_rest_ready(step);
  }

  /// Whether `restart` tells of what it copied.
  bool is_copied(const replayed_step& step) const { return step.copy_of && !event_->node; }

  /// What has no result.
  void make_rest_ready(replayed_step& step) {
    if (step.count == 0) return;
    for (auto span : step.results.gaps_in({0, step.count - 1})) make_ready(step, span, 0);
  }

  void step_failing(const json& detail) {
    driven(detail);
    auto& step = known(state_.steps, event_->step);
    if (step.failing || is_terminal(step.state))
      find(rule::only_grows, "fails the split of " + named(event_->step) + ", which was over");
    step.failing = true;
  }

  /// What a run decided stays: also in the run that continues it, but for a decision to fail.
  void step_decided(const json& detail) {
    driven(detail);
    auto& step = known(state_.steps, event_->step);
    const auto chosen = str(state<decision_kind>(detail, "decision"));
    v_.count(rule::only_grows);
    if (step.state != step_state::completed || !step.decision.empty())
      find(rule::only_grows, "decides what comes after " + named(event_->step) + ", which was " +
                                 str(step.state) + " and had decided '" + step.decision + "'");
    step.decision = chosen;
    step.decision_text = text(detail, "text");
    if (!step.copy_of) return;
    const auto& from = known(state_.steps, step.copy_of);
    if (!step.repeats && !from.decision.empty() && from.decision != str(decision_kind::fail) &&
        (from.decision != chosen || from.decision_text != step.decision_text))
      find(rule::only_grows, "decides otherwise than " + named(step.copy_of) + ", of which " +
                                 named(event_->step) + " is a copy");
  }

  void step_ended(const json& detail) {
    driven(detail);
    auto& step = known(state_.steps, event_->step);
    const auto to = state<step_state>(detail, "state");
    move(event_->step, step.state, to);
    if (step.live_leases > 0)
      find(rule::completed, "ends " + named(event_->step) + " with " +
                                std::to_string(step.live_leases) + " LIVE leases");
    if (to != step_state::completed) return;
    v_.count(rule::completed);
    std::int64_t completed = 0;
    for (const auto& e : step.results.all())
      if (e.value.completed) completed += e.span.size();
    if (!step.sealed || !step.ready.empty() || completed != step.count)
      find(rule::completed, "completes " + named(event_->step) + " with " +
                                std::to_string(completed) + " of " + std::to_string(step.count) +
                                " partitions COMPLETED");
  }
};

}  // namespace partita::audit
