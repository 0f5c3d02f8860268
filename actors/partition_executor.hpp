#pragma once

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/attempt.hpp"
#include "actors/attempt_queries.hpp"
#include "actors/body_process.hpp"
#include "actors/deps.hpp"
#include "actors/executor_control.hpp"
#include "actors/held_resources.hpp"
#include "actors/session.hpp"
#include "protocol/interfaces.hpp"

namespace partita {

/// Runs the author's code. Every exception ends here, as the error of an attempt.
struct executor_state {
  executor_state() = default;
  finished_batch execute(const work_batch& work);
  /// Whether something is open that is closed after a while without a batch.
  bool holds_something() const {
    return checkpoints || author || ahead || child || !resources.empty();
  }
  /// Closes it unless a batch came since the last tick. Whether another tick is due.
  bool close_when_idle();

  deps_ptr deps;
  std::shared_ptr<executor_control> control;
  std::unique_ptr<worker_session> checkpoints;  // opened by the first checkpoint
  std::unique_ptr<worker_session> author;       // opened by the first author's statement
  std::unique_ptr<worker_session> ahead;        // opened by the first page that is read ahead
  held_resources resources;
  std::unique_ptr<body_process> child;  // started by the first isolated attempt, and after a loss
  int index = 0;
  bool ticks = false;  // a tick is under way, because something is open
  bool used = false;   // a batch came since the last tick
  static inline const char* name = "partition_executor";

 private:
  /// What the partitions of one batch have in common, found by the first that is executed.
  struct common {
    const partita::job* job = nullptr;
    const partitioned* step = nullptr;  // null: not found yet
    parameters given;
    std::int64_t crash_suspects = 0;
  };

  void prepare(const work_batch& work, common& all);
  finished_attempt attempt(const work_batch& work, const granted_partition& part, common& all,
                           std::stop_token stop);
  body_end run(const work_batch& work, const granted_partition& part, const common& all,
               const std::shared_ptr<progress_cell>& progress);
  body_end run_here(const work_batch& work, const granted_partition& part, const common& all,
                    std::shared_ptr<progress_cell> progress, std::stop_token stop);
  body_end run_isolated(const work_batch& work, const granted_partition& part, const common& all,
                        std::shared_ptr<progress_cell> progress, std::stop_token stop);
  void store_log(const lease_origin& from, partition_no no,
                 const std::shared_ptr<progress_cell>& said);
  void commit(lease_id lease, partition_no no, const checkpoint& c);
  chunk commit_chunk(lease_id lease, partition_no no, const chunk& c, const author_work& write);
  /// The same, and counts how long it took.
  chunk commit_counted(const work_batch& work, partition_no no, const chunk& c,
                       const author_work& write);
  std::unique_ptr<attempt_queries> queries_of(lease_id lease, partition_no no);
  worker_session& opened(std::unique_ptr<worker_session>& session, bool of_authors) const;
};

executor_actor::behavior_type partition_executor(
    executor_actor::stateful_pointer<executor_state> self, deps_ptr deps,
    std::shared_ptr<executor_control> control, int index, claimer_actor claimer);

}  // namespace partita
