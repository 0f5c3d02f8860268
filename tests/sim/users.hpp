#pragma once

#include <functional>
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
  }

  struct known {
    run_id id;
    work_kind kind;
    int count;
    bool stop_asked = false;
  };

  void stop(int which, stop_mode mode) {
    if (runs_.empty()) return;
    auto& run = runs_[static_cast<std::size_t>(which) % runs_.size()];
    run.stop_asked = true;
    call_until_answered([id = run.id, mode, this] { world_.user().request_stop(id, mode); });
  }

  void restart(int which) {
    if (runs_.empty()) return;
    auto run = runs_[static_cast<std::size_t>(which) % runs_.size()];
    auto key = "restart-" + std::to_string(++restarts_);
    call_until_answered([run, key, this] {
      auto made = world_.user().restart(run.id, key);
      remember({made.id, run.kind, run.count, false});
    });
  }

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
    call_until_answered([s, l, this] {
      remember({world_.user().submit(s).id, l.kind, l.count, false});
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
  int waiting_ = 0;
  int restarts_ = 0;
};

}  // namespace partita::sim
