#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/deps.hpp"
#include "actors/executor_control.hpp"
#include "actors/log_event.hpp"
#include "actors/session.hpp"
#include "protocol/interfaces.hpp"
#include "protocol/lease_book.hpp"
#include "protocol/report_queue.hpp"
#include "protocol/turns.hpp"

namespace partita {

/// Takes leases just large enough, hands partitions out, reports results in bulk.
///
/// Level-triggered: a round reads what the database says and could have been the first. What it
/// remembers (leases, results not yet reported) it can lose: `release` and the sweep of the node
/// row give back whatever nobody works on.
struct claimer_state {
  claimer_state() = default;

  milliseconds tick();
  void work();
  void flush();
  void finished(finished_batch& batch);
  void renewed(const renewal& r);
  void become(node_id id);
  void fence();
  void drain();
  void interrupt();

  claimer_actor::stateful_pointer<claimer_state> self = nullptr;
  deps_ptr deps;
  node_actor node;
  static inline const char* name = "claimer";

  // --- what events tell of a lease
  struct lease_origin {
    node_id node;
    run_id run;
    std::string job;
    std::string step;
    int attempt = 1;
  };

  std::unique_ptr<lazy_session<worker_store>> db;
  std::unique_ptr<trust_window> window;
  std::unique_ptr<jitter> jittered;
  std::unique_ptr<retry_wait> backoff;
  controls control;
  std::vector<executor_actor> executors;
  node_id id;
  cluster_view cluster;
  lease_book book{0, {}};
  report_queue pending{{}};
  std::vector<progress_report> shown;  // per executor, what was recorded last
  bool in_doubt = false;               // the outcome of a claim is not known
  bool nothing_ahead = false;  // nothing was ready; until the next poll only who is idle looks
  bool work_due = false;
  bool flush_due = false;
  bool draining = false;
  bool drained = false;
  bool answered = true;
  int reported_running = -1;
  turns polls;
  mono_time looked;
  std::vector<ready_step> ready;             // of the last look
  std::map<lease_id, lease_origin> origins;  // of what is held, executed or pending

 private:
  int watchers() const;
  bool may_claim() const;
  void look();
  bool view_will_do() const;
  void claim_ready();
  bool claim_one(ready_step& next);
  void learn(step_id step, run_id run);
  void obey(const work_view& view);
  void stop_lease(lease_id lease, stop_mode mode);
  void give_back(lease_id lease);
  void hand_out();
  std::vector<report_verdict> report(std::span<const attempt_report> items);
  void settle(const attempt_report& attempt, report_verdict verdict);
  void drop(const attempt_report& attempt);
  void show_progress();
  void report_running();
  void check_drained();
  void note_failure(log::event_name what, const store_error& e);
  log::subject about(lease_id lease, std::optional<partition_no> no = {}) const;
  void forget_origins();
  void schedule_work(milliseconds in);
  void schedule_flush(milliseconds in);
};

/// Spawns executor number `index`; tests and simulation choose the threads.
using executor_factory = std::function<executor_actor(
    claimer_actor::stateful_pointer<claimer_state>, int index, std::shared_ptr<executor_control>)>;

claimer_actor::behavior_type claimer(claimer_actor::stateful_pointer<claimer_state> self,
                                     deps_ptr deps, node_id first, node_actor node,
                                     controls control, executor_factory spawn_executor);

}  // namespace partita
