#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/deps.hpp"
#include "actors/log_event.hpp"
#include "actors/master_work.hpp"
#include "actors/master_works.hpp"
#include "actors/retries.hpp"
#include "actors/session.hpp"
#include "protocol/interfaces.hpp"
#include "protocol/run_plan.hpp"

namespace partita {

/// Runs a piece of the author's code away from the master, and sends it the outcome. Tests choose
/// the thread.
using worker_factory = std::function<void(master_actor::pointer, std::function<worker_outcome()>)>;

/// Who drives which run, and since when.
struct mastership {
  node_id node;
  run_id run;
  partita::term seen;                        // what adoption must find
  std::optional<partita::term> term;         // ours, once adopted
  std::string job{};                         // its name, once its row was read
  const partita::job* definition = nullptr;  // once it was looked up
  std::vector<step_shape> plan{};            // of it
  bool over = false;                         // this actor ends
};

/// Drives one run. Each `advance` reads the rows, asks protocol/run_plan.hpp what comes next and
/// does it. After a takeover another node does the same.
struct master_state {
  master_state() = default;

  void advance();
  void look_at_once();
  void ended(const worker_outcome& outcome);
  void drain();
  void interrupt();
  void hold();
  void resume();
  void fence();

  master_actor::stateful_pointer<master_state> self = nullptr;
  deps_ptr deps;
  std::shared_ptr<master_session> db;
  node_actor node;
  worker_factory spawn_worker;
  mastership mine;
  std::unique_ptr<jitter> jittered;
  std::unique_ptr<retries> tries;  // of the database
  milliseconds look_wait{0};
  std::uint64_t awaited = 0;  // number of the one timer that counts
  bool draining = false;
  bool held = false;         // trust has expired: the author's code stops, and none is begun
  bool interrupted = false;  // the author's code stops, also what is begun to end a step
  bool stop_asked = false;   // of the run
  bool resting = false;      // until a work ends, or the run is asked to stop
  bool fenced = false;
  static inline const char* name = "job_master";

 private:
  /// The rows that this turn is decided by.
  struct rows {
    run_row run;
    std::vector<step_row> steps;
    const step_row& of(step_id step) const;
  };

  bool adopt();
  void decide();
  std::optional<run_row> own_run();
  bool know_job(const job_ref& job);
  std::map<step_id, step_progress> progress_of(const std::vector<step_row>& steps);

  // Each returns how long to wait for the next look.
  milliseconds act(const rows& now, const master_action& action);
  milliseconds begin(const rows& now, const begin_step& action);
  milliseconds work_on(const rows& now, work_kind kind, step_id step);
  milliseconds end(const rows& now, const end_step& action);
  milliseconds end(const rows& now, const end_run& action);

  master_task task_for(const run_row& run, const step_row& step, const running_work& w) const;
  void start(running_work w, std::function<worker_outcome()> body);

  std::optional<milliseconds> settle_ended();
  milliseconds settle(const running_work& w);
  milliseconds failed(const running_work& w);
  void decided(const running_work& w, const decision& chosen);
  void close_step(step_id step, const std::string& step_name, const step_ending& how);
  void finish_step(step_id step, const std::string& step_name, const step_ending& how);
  void finish_run(run_state state, const std::string& error);
  void count_run(run_state state);
  void trace_run(const run_row& ended);

  milliseconds waits(const store_error& e, std::string_view step = {});
  void recovered();
  void let_go();
  void quit();
  void again(milliseconds in);
  log::subject about(std::string_view step = {}) const {
    return {.run = mine.run, .job = mine.job, .step = step, .node = mine.node};
  }

  master_works works;
};

master_actor::behavior_type job_master(master_actor::stateful_pointer<master_state> self,
                                       deps_ptr deps, std::shared_ptr<master_session> db,
                                       node_actor node, node_id me, masterless_run run,
                                       worker_factory spawn_worker);

}  // namespace partita
