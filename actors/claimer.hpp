#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/deps.hpp"
#include "actors/executor_control.hpp"
#include "actors/lease_spans.hpp"
#include "actors/progress_watch.hpp"
#include "actors/retries.hpp"
#include "actors/session.hpp"
#include "protocol/interfaces.hpp"
#include "protocol/lease_book.hpp"
#include "protocol/outlook.hpp"
#include "protocol/standing.hpp"

namespace partita {

/// Takes leases just large enough, hands partitions out, and passes what comes back to the
/// reporter.
///
/// Level-triggered: each round reads the database and works as if it were the first. The leases
/// that it remembers may be lost: then `release`, or the sweep of the node row, gives back the
/// partitions that are not executed.
struct claimer_state {
  claimer_state() = default;

  milliseconds tick();
  void work();
  void finished(finished_batch& batch);
  void answered(const report_answers& answers);
  void renewed(const renewal& r);
  void become(node_id id);
  void fence();
  void overdue(const overdue_attempt& body);
  void drain();
  void interrupt();

  claimer_actor::stateful_pointer<claimer_state> self = nullptr;
  deps_ptr deps;
  node_actor node;
  reporter_actor reporter;
  controls control;
  std::vector<executor_actor> executors;
  static inline const char* name = "claimer";

  enum class drain_progress { none, asked, over };

  std::shared_ptr<worker_session> db;  // the reporter has turns
  std::unique_ptr<jitter> jittered;
  std::unique_ptr<retries> tries;
  standing me{{}};
  outlook ahead;
  lease_book book{0, {}};
  lease_spans spans;  // of what the book holds
  progress_watch progress;
  drain_progress draining = drain_progress::none;
  bool work_due = false;
  int reported_running = -1;
  std::map<step_id, mono_time> damaged;  // steps whose rows are, and when to try them again

 private:
  bool may_claim() const;
  void look();
  bool last_look_suffices();
  void claim_ready();
  bool claim_from(ready_step& next);
  bool try_claim(ready_step& next);
  run_id first_of(const run_row& run);
  void learn(step_id step, run_id run);
  const partitioned* definition_of(const job_ref& ref, const std::string& step) const;
  void obey(const work_view& view);
  void stop_lease(lease_id lease, stop_mode mode);
  void give_back(lease_id lease);
  void hand_out();
  lease_origin origin_of(lease_id lease) const;
  void show_progress();
  void report_running();
  void check_drained();
  void schedule_work(milliseconds in);
};

/// Spawns the actors that work for a claimer; tests and simulation choose their threads.
struct claimer_helpers {
  std::function<reporter_actor(claimer_actor::stateful_pointer<claimer_state>,
                               std::shared_ptr<worker_session> of_claims)>
      reporter;
  std::function<executor_actor(claimer_actor::stateful_pointer<claimer_state>, int index,
                               std::shared_ptr<executor_control>)>
      executor;
};

claimer_actor::behavior_type claimer(claimer_actor::stateful_pointer<claimer_state> self,
                                     deps_ptr deps, node_id first, node_actor node,
                                     controls control, const claimer_helpers& spawn);

}  // namespace partita
