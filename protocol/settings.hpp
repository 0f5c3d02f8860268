#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace partita {

using std::chrono::milliseconds;

/// Every interval and limit of a node, named once. Waits between rounds of a loop are jittered by
/// +-10 % (protocol/retry.hpp), so that nodes that started together drift apart.
struct settings {
  // --- liveness: all nodes of a cluster use the same values
  milliseconds heartbeat{1000};          // between renewals of the node row; at rest twice that
  milliseconds heartbeat_timeout{800};   // one renewal gives up after this
  milliseconds heartbeat_retry{200};     // wait after a failed renewal; doubles up to `heartbeat`
  milliseconds unreachable_after{4000};  // silence after which others mark a node UNREACHABLE
  milliseconds deregister_after{8000};   // silence after which its work is given to others

  // --- polling
  milliseconds poll{500};         // between looks for work while there is none
  milliseconds master_poll{100};  // between a master's looks at the step it waits for
  bool wake_up = false;           // listen for work too, where the database can tell of it

  // --- leases and reports
  milliseconds lease_hold{1000};  // how much work, by measured rate, one lease aims to hold
  int max_lease_width = 5000;     // partitions
  milliseconds report_delay{80};  // a result waits for more; a tenth if none will come soon
  int max_report_batch = 5000;    // results in one statement
  int few_results = 256;          // stored on the claimer's session; more, on another one
  int loss_piece = 2000;          // partitions of a lost node that one transaction fails

  // --- limits
  int executors = 0;                                   // partitions at once; 0: one per core
  int tokens = 100;                                    // schedules one node owns at most
  std::vector<std::string> tags;                       // what steps may require of a node
  int max_masterships = 16;                            // runs one node drives at once
  int split_batch = 5000;                              // partitions inserted in one statement
  std::size_t max_statement_bytes = 16 * 1024 * 1024;  // of the texts it inserts
  std::int64_t max_partitions = 10'000'000;            // of one step
  std::size_t max_parameters_bytes = 64 * 1024;
  std::size_t max_output_bytes = 1024 * 1024;  // of one partition, one aggregate

  // --- the end
  milliseconds drain_grace{60'000};  // SIGTERM: partitions may finish or reach a checkpoint
  milliseconds stop_grace{2'000};    // then: executors are interrupted and have this long

  // --- the database
  milliseconds database_timeout{10'000};  // one statement of a claim, report or master
  milliseconds retry_first{50};           // after a database error; doubles up to:
  milliseconds retry_max{2'000};
};

/// Short timers for demonstrations and tests on one machine, and for clusters whose database always
/// answers within 250 ms: what a lost node held runs elsewhere within 2 s.
settings fast_settings();

/// Sentences that say what is unsafe or senseless; empty when the settings are fine. Two rules make
/// sure that no healthy node is marked or given up after one slow answer of the database:
///   unreachable_after >= 3 * heartbeat + heartbeat_retry + heartbeat_timeout
///   deregister_after  >= 2 * unreachable_after
std::vector<std::string> problems(const settings&);

}  // namespace partita
