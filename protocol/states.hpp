#pragma once

#include <optional>
#include <string_view>

namespace partita {

// Every state machine of the engine, each with the one table of its legal moves (states.cpp).
// The names are what the database stores and what every listing prints.

enum class node_state {
  active,        // renews in time, claims work
  draining,      // renews in time, finishes what it has, claims nothing
  unreachable,   // overdue; keeps its leases; one good heartbeat brings it back
  condemned,     // given up, and never back; what it held is being handed to others
  deregistered,  // given up, and nothing is left of what it held
  left,          // went away in good order
};

enum class run_state {
  created,    // submitted, no master yet
  running,    // a master drives it, or drove it and a survivor will
  completed,  // every executed step completed
  failed,     // ended by a failure; `restart` continues it as a new run
  stopped,    // ended by a stop request; `restart` continues it as a new run
};

enum class step_state {
  running,  // begun; its split may still be under way (see step_row::sealed)
  completed,
  failed,
  stopped,
};

enum class lease_state {
  live,      // its node may execute and report
  done,      // every partition of it has ended
  released,  // given back whole by its node
  revoked,   // taken away: its node was given up
};

/// What an operator sees of one partition. Derived from ready ranges, live leases and results;
/// stored nowhere.
enum class partition_state { pending, claimed, completed, failed };

enum class step_kind {
  tasklet,      // one function, once, on the master
  partitioned,  // split, executed everywhere, aggregated
};

/// How one attempt at a partition ended.
enum class attempt_outcome {
  completed,  // writes the result
  failed,     // writes the result; the failure is kept too
  retry,      // keeps the failure, makes the partition ready again after a rest
  released,   // ended early because it was asked to; ready again at once, not counted as a try
};

/// What a user asked of a live run.
enum class stop_mode {
  none,
  stop,  // partitions end at their next checkpoint
  now,   // executors are interrupted: nothing is waited for that can be given up
};

/// What a decider can choose once its step has COMPLETED.
enum class decision_kind {
  next,      // what comes after the step begins
  go_to,     // another step of the same sequence begins
  complete,  // nothing more begins, and the run ends COMPLETED
  fail,      // nothing more begins, and the run ends FAILED
};

/// What a tick of a schedule does while a run of its is live (CREATED or RUNNING). A fixed delay
/// waits for the end of the run, whatever is said here.
enum class overlap_policy {
  skip,       // the tick is skipped
  queue_one,  // it waits for the end of the run; of several that wait, the newest fires
  allow,      // it starts one more run
};

/// In which part of a chunk an item was let go.
enum class skip_stage { read, process, write };

std::string_view to_string(node_state);
std::string_view to_string(run_state);
std::string_view to_string(step_state);
std::string_view to_string(lease_state);
std::string_view to_string(partition_state);
std::string_view to_string(step_kind);
std::string_view to_string(attempt_outcome);
std::string_view to_string(stop_mode);
std::string_view to_string(decision_kind);
std::string_view to_string(overlap_policy);
std::string_view to_string(skip_stage);

/// The state of that name, or nothing: a row may hold anything, and never stops a node.
template <class State>
std::optional<State> parse_state(std::string_view name);

/// Whether the move is in the table of legal moves. A state is never its own successor.
bool may_move(node_state from, node_state to);
bool may_move(run_state from, run_state to);
bool may_move(step_state from, step_state to);
bool may_move(lease_state from, lease_state to);

/// Whether a node in this state is still of the cluster: it may renew, and so keeps what it has.
bool is_member(node_state);

/// Terminal states have no successor.
bool is_terminal(node_state);
bool is_terminal(run_state);
bool is_terminal(step_state);
bool is_terminal(lease_state);

}  // namespace partita
