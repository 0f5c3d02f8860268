#pragma once

#include <memory>
#include <optional>
#include <stop_token>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/deps.hpp"
#include "actors/log_event.hpp"
#include "actors/master_work.hpp"
#include "actors/retries.hpp"
#include "actors/session.hpp"
#include "protocol/interfaces.hpp"

namespace partita {

/// Runs a piece of the author's code away from the master, and sends it the outcome. Tests choose
/// the thread.
using worker_factory = std::function<void(master_actor::pointer, std::function<worker_outcome()>)>;

/// Who drives which run, and since when.
struct mastership {
  node_id node;
  run_id run;
  partita::term seen;                 // what adoption must find
  std::optional<partita::term> term;  // ours, once adopted
  std::string job;                    // its name, once its row was read
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
  bool held = false;        // trust has expired: the author's code stops, and none is begun
  bool stop_asked = false;  // of the run
  bool fenced = false;
  static inline const char* name = "job_master";

 private:
  struct current_work {
    step_id step;
    std::string name;  // of the step
    step_kind kind = step_kind::partitioned;
    bool aggregating = false;
    std::stop_source stop;
    std::optional<worker_outcome> outcome;  // until it is in the database
    retry_policy retry{};
  };

  bool adopt();
  void decide();
  void watch_work(const run_row& row);
  void act(const run_row& row, const job& definition, const std::vector<step_row>& steps,
           const master_action& action);
  void begin(const run_row& row, const job& definition, std::size_t index);
  void start(const current_work& work, std::function<worker_outcome()> body);
  void finish_step(step_id step, const std::string& step_name, step_state state,
                   const json_text& result, const std::string& error,
                   const std::optional<json_text>& run_result);
  milliseconds settle(const worker_outcome& outcome);
  milliseconds failed(const worker_outcome& outcome);
  bool rests(step_id step, bool aggregating);
  milliseconds waits(const store_error& e);
  void recovered();
  void let_go();
  void quit();
  void again(milliseconds in);
  log::subject about(std::string_view step = {}) const {
    return {.run = mine.run, .job = mine.job, .step = step, .node = mine.node};
  }

  std::optional<current_work> work;

  /// Tries of the author's code on the master, of one piece of work, that failed.
  struct failed_tries {
    step_id step;
    bool aggregating = false;
    int count = 0;
    mono_time next{};  // not before
  };
  failed_tries thrown;
};

master_actor::behavior_type job_master(master_actor::stateful_pointer<master_state> self,
                                       deps_ptr deps, std::shared_ptr<master_session> db,
                                       node_actor node, node_id me, masterless_run run,
                                       worker_factory spawn_worker);

}  // namespace partita
