#pragma once

#include <vector>

#include "protocol/events.hpp"
#include "storage/transaction.hpp"

// What several verbs do. Every function runs inside the transaction of its verb.
namespace partita::verbs {

/// The run. Throws not_found.
run_row require_run(transaction& tx, run_id run, row_lock lock);

/// Judges a run that was read under a lock: RUNNING under this master and term. Throws term_lost;
/// wrong_state if this very master has ended it. Nothing found: there is no such run to drive.
run_row require_drive(const std::optional<run_row>& found, run_id run, node_id node, term t);

/// The step, locked, under the fence of its run. Throws not_found, and as `require_drive`.
step_row require_driven_step(transaction& tx, step_id step, node_id node, term t, row_lock of_step);

/// Throws not_found for a job that no node has told of.
void require_known_job(transaction& tx, const std::string& job);

subject about(const held_lease_row& held);

/// What is left of each lease: its span without what has ended. REQUIRES: they are locked.
std::vector<std::vector<range>> unfinished(transaction& tx, std::span<const held_lease_row> leases);

/// A new LIVE lease, and its event. `lost`: of what a lost node had not claimed yet, to be named by
/// its results.
held_lease_row grant(transaction& tx, step_id step, node_id node, range span, int attempt,
                     bool lost = false);

/// Ends LIVE leases as a whole, RELEASED or REVOKED: what is unfinished of them is ready again. A
/// lease that was given back is no try of it; one that was lost with its node is. REQUIRES: they
/// are locked.
void requeue(transaction& tx, std::vector<held_lease_row> leases, lease_state to);

/// Writes leases that were locked before.
void save(transaction& tx, std::span<const held_lease_row> leases);

}  // namespace partita::verbs
