#pragma once

#include <map>
#include <memory>
#include <span>
#include <vector>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/deps.hpp"
#include "actors/log_event.hpp"
#include "actors/retries.hpp"
#include "actors/session.hpp"
#include "batch/output_files.hpp"
#include "protocol/interfaces.hpp"
#include "protocol/report_queue.hpp"

namespace partita {

/// Stores what executors bring, in bulk, and puts their files in place. What it holds it can lose:
/// the partitions are executed again, elsewhere or here.
struct reporter_state {
  reporter_state() = default;

  void take(result_batch& batch);
  void flush();
  void become(node_id id);
  void forget();

  reporter_actor::stateful_pointer<reporter_state> self = nullptr;
  deps_ptr deps;
  claimer_actor claimer;
  static inline const char* name = "reporter";

  std::shared_ptr<worker_session> of_claims;  // for few results: no other session is needed
  std::unique_ptr<worker_session> own;        // for many, which would keep the claimer waiting
  std::unique_ptr<retries> tries;
  node_id id;
  report_queue pending{{}};
  std::map<lease_id, lease_origin> origins;  // of what is pending
  bool timer_runs = false;

 private:
  bool report_next();
  std::vector<report_verdict> report(std::span<const attempt_report> items);
  void settle(const attempt_report& attempt, report_verdict verdict, publication& files);
  void publish_failed(const attempt_report& attempt, const std::exception& why);
  void drop(const attempt_report& attempt);
  void wait(milliseconds in);
  log::subject about(const attempt_report& attempt) const;
};

reporter_actor::behavior_type reporter(reporter_actor::stateful_pointer<reporter_state> self,
                                       deps_ptr deps, node_id first, claimer_actor claimer,
                                       std::shared_ptr<worker_session> of_claims);

}  // namespace partita
