#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "protocol/errors.hpp"
#include "protocol/values.hpp"

namespace partita {

/// How long a silence means what. All nodes of a cluster use the same values.
struct liveness_limits {
  milliseconds unreachable_after{4000};
  milliseconds deregister_after{8000};
};

/// One session with the database: the verbs of the domain.
///
/// Every verb is one transaction: it happens as a whole or not at all, and what it changed is in
/// the event log (protocol/events.hpp) of the same transaction. A session is used by one thread at
/// a time; any number of sessions, in any number of processes, work on one database at once.
///
/// Errors. Every verb throws store_error. `unavailable` means that the outcome is not known: the
/// transaction may have been committed. Every verb may therefore be called again with the same
/// arguments, and then answers as if the first call had not happened, or had succeeded. After
/// `unavailable` the session connects anew at its next verb. Serialization failures, deadlocks
/// and lock timeouts are retried inside, a few times, with jitter; then they are `unavailable` too.
///
/// Locks. Order: run, step, node, ready, lease, result. Whoever lives takes FOR KEY SHARE, whoever
/// kills takes FOR UPDATE, and both check the state after the lock, in the statement that locks.
///
/// Time. "Now" is the database's clock, one reading a transaction.
class store {
 public:
  virtual ~store() = default;
  store() = default;
  store(const store&) = delete;
  store& operator=(const store&) = delete;

  // --- nodes -------------------------------------------------------------------------------------

  /// A new incarnation, ACTIVE, its heartbeat now. Called again after `unavailable` it makes
  /// another one; the first, never renewed, is swept like any dead node.
  virtual node_id register_node(const node_info& info) = 0;

  /// Renews the node: heartbeat now, `running` as given, state DRAINING if `draining` or if it was
  /// DRAINING (a drain is never taken back, also not by a call that arrives late), else ACTIVE.
  /// An UNREACHABLE node is back with this. Throws `fenced` when the node is DEREGISTERED, LEFT or
  /// absent: it never comes back. Tells in the same round trip whether there are live runs, and, if
  /// `limits` are given, reads all nodes: counts of ACTIVE ones, and the others in ACTIVE, DRAINING
  /// or UNREACHABLE that are silent for `unreachable_after` (an UNREACHABLE one only once silent
  /// for `deregister_after`: there is nothing to do before).
  virtual cluster_view heartbeat(node_id node, int running, bool draining,
                                 const std::optional<liveness_limits>& limits) = 0;

  /// Judges one suspect, by protocol/liveness.hpp `judge` on now - heartbeat_at. The suspect's row
  /// is locked FOR UPDATE first and judged after: a renewal that committed meanwhile acquits it.
  /// Terminal nodes stay as they are and count as `deregistered`; an absent one too.
  ///   unreachable: ACTIVE or DRAINING becomes UNREACHABLE. It keeps its leases.
  ///   deregistered, all in this transaction:
  ///   - the node is DEREGISTERED;
  ///   - each of its LIVE leases (locked FOR UPDATE) is REVOKED, and what is unfinished of it is
  ///     judged by protocol/node_loss.hpp: new ready ranges, available now, bound to no node; or
  ///     FAILED results that name this lease (counted in its `failed`);
  ///   - ready ranges bound to it become shared, or, if the step is not transferable, FAILED
  ///     results (of a lease made for the purpose, state REVOKED, so that every result names one);
  ///   - live runs whose master it is have no master now (term unchanged).
  /// Unfinished partitions of a lease: `lo..hi` without those that have a result and those that
  /// have a failure row of this very lease.
  virtual sweep_verdict sweep(node_id suspect, const liveness_limits& limits) = 0;

  /// The node goes away in good order: LEFT, masterships let go. Leases still LIVE are treated as
  /// in `sweep` (a drained node has none). No effect on a terminal or absent node.
  virtual void leave(node_id node) = 0;

  /// DEREGISTERED and LEFT nodes only if `all`. By id.
  virtual std::vector<node_row> list_nodes(bool all) = 0;

  /// ACTIVE nodes that know this job: what a split and an assignment see. By id.
  virtual std::vector<live_node> live_nodes(const job_ref& job) = 0;

  // --- runs --------------------------------------------------------------------------------------

  /// A new run, CREATED, without master, term 0. If a run with this launch key exists, that one is
  /// returned and nothing changes. Throws `already_running` (the sentence names the run) when a run
  /// of this job with the same identity is CREATED or RUNNING: a partial unique index decides, not
  /// a look before.
  virtual run_row submit(const submission& s) = 0;

  /// A new run that continues `ended`, which must be FAILED or STOPPED (else `wrong_state`), with
  /// its job, parameters and identity. Copies its steps: COMPLETED ones with their partitions and
  /// results; of the others the partitions, the COMPLETED results (they keep the lease that made
  /// them) and the checkpoints, while every partition without a result becomes ready (attempt 0,
  /// available now, shared); such a step is RUNNING again. A step whose split was not sealed is not
  /// copied, nor is a tasklet step that did not complete. Launch key and `already_running` as in
  /// submit; `not_found` if there is no such run. A run can be continued once; the second time is
  /// `wrong_state` (the sentence names the run that continues it).
  virtual run_row restart(run_id ended, const std::string& launch_key) = 0;

  /// Asks a live run to stop; `now` outranks `stop`, never the other way. A CREATED run that never
  /// had a master is STOPPED at once, and so are the steps it was continued with. Returns the run
  /// as it is after. Throws `not_found`, and `wrong_state` if the run has ended otherwise than by
  /// such a request.
  virtual run_row request_stop(run_id run, stop_mode mode) = 0;

  virtual std::optional<run_row> find_run(run_id run) = 0;

  /// Newest first, at most `limit`, with ids below `before` (none: from the newest).
  virtual std::vector<run_row> list_runs(int limit, run_id before) = 0;

  // --- driving a run: every verb is fenced by (run, term, master); else `term_lost`
  // ----------------- The fence row is locked FOR KEY SHARE; adopt_run, sweep and leave lock it FOR
  // UPDATE.

  /// Makes `node` master: requires that the run is live, has no master, its term is `seen`, and the
  /// node is ACTIVE (its row locked FOR KEY SHARE). Then term + 1, CREATED becomes RUNNING, and the
  /// new term is returned. Nothing when any of it does not hold (somebody else was faster). Called
  /// again after `unavailable` by the same node: returns seen+1 if this node holds that term.
  virtual std::optional<term> adopt_run(run_id run, node_id node, term seen) = 0;

  /// Lets go of a run in good order: no master, term unchanged. Whoever knows the job takes over.
  virtual void step_down(run_id run, node_id node, term t) = 0;

  /// Inserts the step RUNNING, not sealed, count 0. Idempotent by (run, ordinal): if the row is
  /// there already it is returned as it is. A tasklet step is born sealed with count 0.
  virtual step_row begin_step(run_id run, node_id node, term t, const step_spec& spec) = 0;

  /// Removes the partitions of a listed split that was not sealed (count 0 again), because a new
  /// master splits anew. REQUIRES: the step is neither sealed nor streamed.
  virtual void reset_split(step_id step, node_id node, term t) = 0;

  /// Appends partitions first_no, first_no+1, … in bulk. `first_no` must be the step's count;
  /// if the count is already first_no + rows.size() the call is a repeat and changes nothing; any
  /// other count is `wrong_state`. For a streamed step the new partitions are ready at once, as one
  /// shared range. REQUIRES: rows not empty, the step not sealed.
  virtual void append_partitions(step_id step, node_id node, term t, partition_no first_no,
                                 std::span<const new_partition> rows) = 0;

  /// Appends `last`, which may be empty, as append_partitions does, and makes the count final. For
  /// a listed step inserts these ready ranges (disjoint, covering 0..count-1); a range bound to a
  /// node that is not ACTIVE becomes shared. Repeats change nothing; else `first_no` must be the
  /// step's count.
  virtual void seal_split(step_id step, node_id node, term t, partition_no first_no,
                          std::span<const new_partition> last,
                          std::span<const ready_range> ranges) = 0;

  /// Steps of a run, by ordinal.
  virtual std::vector<step_row> list_steps(run_id run) = 0;

  /// Never counts: EXISTS only.
  virtual step_progress progress(step_id step) = 0;

  /// Ends a step that is RUNNING: COMPLETED, FAILED or STOPPED, with the aggregate (or tasklet)
  /// result. `run_result`: if given, also becomes the result of the run. The step row is locked FOR
  /// UPDATE and only then it is checked, with statements that see what committed before the lock,
  /// that the end is true: no LIVE lease; for COMPLETED also sealed, no ready range, no FAILED
  /// result (a streamed step ended FAILED or STOPPED need not be sealed). Else `wrong_state`.
  /// Repeats with the same state change nothing.
  virtual void end_step(step_id step, node_id node, term t, step_state state,
                        const json_text& result, const std::string& error,
                        const std::optional<json_text>& run_result) = 0;

  /// Ends the run; no step of it may be RUNNING (else `wrong_state`). Repeats with the same state
  /// by the same (node, term) change nothing. Clears nothing: ready ranges of stopped steps stay.
  virtual void end_run(run_id run, node_id node, term t, run_state state,
                       const std::string& error) = 0;

  /// Results of a step with no > after, ascending, at most `limit`. Those of one kind are found by
  /// an index: the others cost nothing.
  virtual std::vector<result_row> list_results(step_id step, partition_no after, int limit,
                                               result_kind kind = result_kind::any) = 0;

  // --- claiming and working ----------------------------------------------------------------------

  /// What this node could do now: one read, no lock. `ready`: steps RUNNING, of runs RUNNING
  /// without a stop request, whose job the node knows, with a range it may claim now (shared or
  /// bound to it, available_at <= now). All empty for a node that is not ACTIVE, but for
  /// `held`.
  virtual work_view look(node_id node) = 0;

  /// Cuts at most `width` partitions off the front of one ready range of this step and leases them
  /// to the node. Takes the range bound to the node first, then by `lo`. Locks the step row and the
  /// node row FOR KEY SHARE (step RUNNING, run RUNNING and not asked to stop, node ACTIVE: else
  /// nothing), the range FOR UPDATE. A range with attempt > 0 is cut no wider than `narrow`.
  /// Returns nothing when there is nothing to take. The attempt of the lease is that of the range
  /// + 1. If the outcome is not known (`unavailable`) the lease may exist, or come to exist: the
  /// caller finds it in `held` of a later look, does not know it, and releases it.
  virtual std::optional<lease_grant> claim(node_id node, step_id step, std::int64_t width,
                                           std::int64_t narrow) = 0;

  /// Gives back those of these leases that are LIVE and of this node: nobody works on them. What is
  /// unfinished becomes ready again, shared, with the attempts it had before the lease; the lease
  /// is RELEASED. Returns how many.
  virtual int release(node_id node, std::span<const lease_id> leases) = 0;

  /// Gives back the unstarted end of a lease, `from`..hi: ready again, shared, attempts as before
  /// the lease. The lease shrinks to lo..from-1; it is RELEASED when nothing is left of it, DONE
  /// when the rest has ended. No effect when the lease is not LIVE or `from` > hi. REQUIRES:
  /// nothing at or above `from` has been reported.
  virtual void give_back(node_id node, lease_id lease, partition_no from) = 0;

  /// Records how attempts ended; one verdict for each item, in order. The leases are locked FOR
  /// UPDATE in ascending order and must be LIVE. Per item of a LIVE lease:
  ///   completed, failed: inserts the result (the primary key (step, no) allows one);
  ///   failed, retry, released: inserts a failure row, once per (lease, no);
  ///   retry, released: a new ready range [no,no], shared, available after `retry_after`, attempt =
  ///                    the lease's (retry) or one less (released);
  ///   completed, failed: deletes the checkpoint.
  /// The lease counts it (completed, failed, returned) and is DONE when all of lo..hi has ended.
  /// An item that was recorded before under the same lease is `recorded` and changes nothing, also
  /// when the lease is DONE by now. Any other item of a lease that is not LIVE, or not of this
  /// node, is `rejected`. Items outside the lease's range are rejected too.
  virtual std::vector<report_verdict> report(node_id node,
                                             std::span<const attempt_report> items) = 0;

  /// Saves a resumable position under the fence of the lease (its row locked FOR KEY SHARE, LIVE,
  /// the partition in its range and not ended): else `lease_lost`. Keeps the highest seq: an equal
  /// one is a repeat.
  virtual void commit_chunk(lease_id lease, partition_no no, const checkpoint& c) = 0;

  /// Shows progress to whoever looks. Best effort: not fenced beyond the lease being LIVE, no
  /// event.
  virtual void record_progress(std::span<const progress_report> items) = 0;

  // --- what people look at -----------------------------------------------------------------------

  /// Steps of a run with their totals, by ordinal. Partition totals come from the leases (and, in a
  /// continued run, from the results carried over), never from counting partitions; item counts are
  /// summed over results.
  virtual std::vector<step_summary> summarize(run_id run) = 0;

  /// Partitions of a step with no > after, ascending, at most `limit`: the view partition_status.
  virtual std::vector<partition_row> list_partitions(step_id step, partition_no after,
                                                     int limit) = 0;

  /// Failed and returned attempts of a run, newest first, at most `limit`.
  virtual std::vector<failure_row> list_failures(run_id run, int limit) = 0;

  /// Events with id > after, ascending, at most `limit`; of one run, or of all (none).
  virtual std::vector<event_row> list_events(run_id run, std::int64_t after, int limit) = 0;
};

}  // namespace partita
