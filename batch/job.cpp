#include "batch/job.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "protocol/names.hpp"
#include "protocol/retry.hpp"

namespace partita {

namespace {

[[noreturn]] void refuse(const std::string& job, const std::string& why) {
  throw definition_error("job " + job + ": " + why);
}

std::string flaw(const partitioned& s) {
  if (s.streamer() && s.is_scaled()) return "is a stream, which cannot be scaled";
  if (s.splitter() && s.streamer()) return "has a split and a stream";
  if (!s.splitter() && !s.streamer() && !s.is_scaled()) return "needs one of split and stream";
  if (!s.body()) return "has no body: give each(…)";
  if (auto why = flaw_of(s.retries()); !why.empty()) return why;
  if (s.time_limit() < milliseconds{0}) return "has a timeout of less than 0 ms";
  if (s.most_at_once() < 0) return "allows less than 0 partitions at once";
  for (const auto* names : {&s.limits(), &s.tags()})
    for (const auto& name : *names)
      if (!is_name(name)) return "names a limit or a tag '" + name + "': " + names_are_made_of;
  if (s.streamer() && !std::holds_alternative<shared>(s.assigned()))
    return "is streamed, so its partitions can only be shared";
  return {};
}

std::string flaw(const tasklet& s) { return s.body() ? flaw_of(s.retries()) : "has no body"; }

}  // namespace

job& job::step(job_step s) {
  add(std::move(s), std::move(last_), 0);
  last_ = {steps_.size() - 1};
  return *this;
}

job& job::step(const parallel& group) {
  const auto before = std::move(last_);
  last_.clear();
  const auto& flows = group.flows();
  if (flows.empty() || flows.size() > most_flows)
    flaw_ = "a parallel group has 1 to " + std::to_string(most_flows) + " flows, not " +
            std::to_string(flows.size());
  for (const auto& one : flows) {
    ++flows_;
    if (one.steps().empty()) flaw_ = "a flow of a parallel group has no step";
    auto after = before;
    for (const auto& s : one.steps()) {
      add(s, std::move(after), flows_);
      after = {steps_.size() - 1};
    }
    last_.insert(last_.end(), after.begin(), after.end());
  }
  return *this;
}

void job::add(job_step s, std::vector<std::size_t> after, int flow) {
  steps_.push_back(std::move(s));
  positions_.push_back({std::move(after), flow});
}

const partitioned* job::partitioned_step(std::string_view step_name) const {
  for (const auto& s : steps_)
    if (const auto* p = std::get_if<partitioned>(&s); p && p->name() == step_name) return p;
  return nullptr;
}

const decider* job::decider_of(std::string_view step_name) const {
  for (const auto& [name, chooses] : deciders_)
    if (name == step_name) return &chooses;
  return nullptr;
}

std::vector<step_shape> job::shape() const {
  if (!is_name(name_)) refuse(name_, names_are_made_of);
  if (max_runs_ < 0) refuse(name_, "allows less than 0 runs at once");
  if (version_ < 1) refuse(name_, "the version must be 1 or more");
  if (!flaw_.empty()) refuse(name_, flaw_);
  if (steps_.empty()) refuse(name_, "has no step");
  std::set<std::string> seen;
  for (const auto& p : parameters_)
    if (!is_name(p.name) || !seen.insert(p.name).second)
      refuse(name_, "parameter " + p.name + " is declared twice or has no proper name");

  for (const auto& p : parameters_)
    if (!p.choices.empty() &&
        (p.type != parameter_type::text ||
         (!p.fallback.is_null() &&
          std::find(p.choices.begin(), p.choices.end(), p.fallback) == p.choices.end())))
      refuse(name_, "parameter " + p.name + " is no text, or its default is none of its values");

  if (!fair_by_.empty() && !seen.contains(fair_by_))
    refuse(name_, "is fair by parameter " + fair_by_ + ", which it does not have");

  std::vector<step_shape> plan;
  std::set<std::string> steps;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const auto& name = name_of(steps_[i]);
    if (!is_name(name) || !steps.insert(name).second)
      refuse(name_, "step " + name + " has a used or improper name");
    auto why = std::visit([](const auto& one) { return flaw(one); }, steps_[i]);
    if (!why.empty()) refuse(name_, "step " + name + " " + why);
    auto& shape = plan.emplace_back();
    shape.name = name;
    if (std::holds_alternative<tasklet>(steps_[i])) shape.kind = step_kind::tasklet;
    shape.after = positions_[i].after;
    shape.flow = positions_[i].flow;
  }
  add_jumps(plan);
  return plan;
}

void job::add_jumps(std::vector<step_shape>& plan) const {
  auto index_of = [&](const char* what, const std::string& name) {
    for (std::size_t i = 0; i < plan.size(); ++i)
      if (plan[i].name == name) return i;
    refuse(name_, what + (" names step " + name) + ", which it does not have");
  };
  for (const auto& [from, to] : jumps_) {
    const auto source = index_of("on_failure", from);
    const auto target = index_of("on_failure", to);
    if (target <= source) refuse(name_, "on_failure may only go forward, not to " + to);
    if (!may_go(plan, source, target))
      refuse(name_, "on_failure may not leave its flow: step " + to +
                        " is in another one than step " + from);
    if (std::exchange(plan[source].on_failure, target))
      refuse(name_, "step " + from + " has two on_failure");
  }
  for (const auto& [name, chooses] : deciders_) {
    auto& shape = plan[index_of("decide", name)];
    if (!chooses) refuse(name_, "decide of step " + name + " has no function");
    if (std::exchange(shape.decides, true)) refuse(name_, "step " + name + " has two deciders");
  }
}

}  // namespace partita
