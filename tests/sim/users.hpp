#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "batch/batch.hpp"
#include "tests/sim/script.hpp"

namespace partita::sim {

/// Launches, stops and restarts runs, and calls again when a call fails, as a user would.
class users {
 public:
  users(world& w, const script& s) : world_(w), script_(s) {
    for (std::size_t i = 0; i < s.launches.size(); ++i)
      w.at(w.now() + s.launches[i].at, [this, i] { launch(i); });
    for (std::size_t i = 0; i < s.timers.size(); ++i)
      w.at(w.now() + s.timers[i].at, [this, i] { add_schedule(i); });
  }

  struct known {
    run_id id;
    work_kind kind;
    int count;
    bool stop_asked = false;
    run_id first{};  // of the runs that continue each other; none: itself
  };

  void stop(int which, stop_mode mode) {
    if (runs_.empty()) return;
    auto& run = runs_[static_cast<std::size_t>(which) % runs_.size()];
    run.stop_asked = true;
    call_until_answered([id = run.id, mode, this] { world_.user().request_stop(id, mode); });
  }

  void restart(int which) {
    if (runs_.empty()) return;
    continue_run(runs_[static_cast<std::size_t>(which) % runs_.size()], restart_scope::unfinished);
  }

  /// Of all runs that have ended by now, and whose ledger allows it.
  void try_skipped_items_again() {
    for (const auto& run : std::vector<known>{runs_})
      if (run.kind == work_kind::ledger && may_repeat_items(first_of(run)))
        continue_run(run, restart_scope::skipped);
  }

  void change_schedule(int which, blow how) {
    if (script_.timers.empty()) return;
    const auto name = schedule_name(static_cast<std::size_t>(which) % script_.timers.size());
    if (how != blow::pause_schedule) touched_.insert(name);
    const auto count =
        script_.timers[static_cast<std::size_t>(which) % script_.timers.size()].count;
    call_until_answered([name, how, count, this] {
      const auto& store = world_.user();
      if (how == blow::pause_schedule) store.pause_schedule(name, "why not", "user");
      if (how == blow::resume_schedule) store.resume_schedule(name, "user");
      if (how == blow::run_schedule)
        remember({store.run_schedule(name, {}, 1, "user").id, work_kind::sum, count});
      if (how == blow::remove_schedule) store.remove_schedule(name, "user");
    });
  }

  /// Changes how runs share the cluster.
  void hold_back(int which, blow how) {
    held_back_ = true;
    const auto& flow = world_.user();
    const std::string job = names[which % work_kinds];
    if (how == blow::pause_job)
      call_until_answered([=] { flow.pause_job(job, "why not", "user"); });
    if (how == blow::resume_job) call_until_answered([=] { flow.resume_job(job, "user"); });
    if (how == blow::set_limit) return set_limit(which % 4 + 1);
    if (runs_.empty()) return;
    const auto run = runs_[static_cast<std::size_t>(which) % runs_.size()].id;
    if (how == blow::pause_run)
      call_until_answered([=] { flow.pause_run(run, "why not", "user"); });
    if (how == blow::resume_run) call_until_answered([=] { flow.resume_run(run, "user"); });
    if (how == blow::prioritize_run)
      call_until_answered([=] { flow.set_priority(run, which % 7 - 3, "user"); });
  }

  void purge(int which) {
    const purge_choice ended{which % 3 == 0 ? names[which % work_kinds] : "",
                             {},
                             {milliseconds{which % 2'000}, which % 4}};
    call_until_answered([=, this] { world_.user().purge(ended, 1 + which % 5, "user"); });
    call_until_answered(
        [=, this] { world_.user().purge_rows(1 + which % 20, milliseconds{which % 500}); });
  }

  void set_retention(int which) {
    const std::string job = which % 3 == 0 ? "" : names[which % work_kinds];
    const retention kept{std::chrono::seconds{1 + which % 5}, which % 4};
    call_until_answered([=, this] {
      world_.user().set_retention(job, which % 5 == 0 ? std::nullopt : std::optional{kept}, "user");
    });
  }

  bool held_back() const { return held_back_; }

  void let_everything_go_on() {
    if (!held_back_) return;
    for (const auto* job : names)
      call_until_answered([=, this] { world_.user().resume_job(job, "user"); });
    for (const auto& r :
         world_.observer().list_runs(10'000, {}, {"", {"CREATED", "RUNNING"}, {}, {}}))
      call_until_answered([this, run = r.id] { world_.user().resume_run(run, "user"); });
    set_limit(2);
  }

  void pause_all_schedules() {
    for (std::size_t i = 0; i < script_.timers.size(); ++i)
      change_schedule(static_cast<int>(i), blow::pause_schedule);
  }

  /// Schedules of which somebody did what is not told by their trigger.
  const std::set<std::string>& touched() const { return touched_; }

  bool busy() const { return waiting_ > 0; }
  const std::vector<known>& runs() const { return runs_; }

 private:
  void launch(std::size_t i) {
    const auto& l = script_.launches[i];
    const auto& definition = *world_.jobs().find(names[static_cast<int>(l.kind)]);
    json parameters{{"count", l.count}, {"launch", i}};
    submission s{definition.ref(), parameters.dump(),
                 identity_of(definition.parameter_specs(), parameters),
                 "launch-" + std::to_string(i)};
    s.priority = l.priority;
    call_until_answered([s, l, this] {
      remember({world_.user().submit(s).id, l.kind, l.count, false});
    });
  }

  static std::string schedule_name(std::size_t i) { return "timer-" + std::to_string(i); }

  void add_schedule(std::size_t i) {
    const auto& t = script_.timers[i];
    const auto& definition = *world_.jobs().find(names[static_cast<int>(work_kind::sum)]);
    json parameters{{"count", t.count}, {"launch", 1000 + i}};
    new_schedule s;
    s.name = schedule_name(i);
    s.job = definition.name();
    s.parameters = parameters.dump();
    s.identity = identity_of(definition.parameter_specs(), parameters);
    s.trigger = "every " + std::to_string(t.every_s) + "s" + (t.fixed_rate ? " at fixed rate" : "");
    s.overlap = t.overlap;
    s.catch_up = std::chrono::seconds{t.catch_up_s};
    call_until_answered([s, this] { world_.user().add_schedule(s, false, "user"); });
  }

  void set_limit(int slots) {
    call_until_answered([=, this] { world_.user().set_limit(script::limit_name, slots, "user"); });
  }

  static run_id first_of(const known& run) { return run.first ? run.first : run.id; }

  void continue_run(const known& run, restart_scope scope) {
    const auto key = "restart-" + std::to_string(++restarts_);
    call_until_answered([run, key, scope, this] {
      auto made = world_.user().restart(run.id, key, 0, "", scope);
      remember({made.id, run.kind, run.count, false, first_of(run)});
    });
  }

  void remember(known run) {
    for (const auto& r : runs_)
      if (r.id == run.id) return;
    runs_.push_back(run);
  }

  /// Tries until the database has answered; a refusal is an answer.
  void call_until_answered(std::function<void()> call) {
    ++waiting_;
    try {
      call();
      --waiting_;
    } catch (const store_error& e) {
      --waiting_;
      if (e.code() != errc::unavailable) return;
      ++waiting_;
      world_.at(world_.now() + milliseconds{200}, [call, this] {
        --waiting_;
        call_until_answered(call);
      });
    }
  }

  world& world_;
  const script& script_;
  std::vector<known> runs_;
  std::set<std::string> touched_;
  bool held_back_ = false;
  int waiting_ = 0;
  int restarts_ = 0;
};

}  // namespace partita::sim
