#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "batch/sql.hpp"
#include "protocol/errors.hpp"
#include "protocol/retention.hpp"
#include "storage/reader.hpp"

// The verbs of the domain, in facets: each actor and command gets the one it needs, and sees
// nothing else.
//
// Every verb is one transaction: it happens as a whole or not at all, and what it changed is in the
// event log (protocol/events.hpp) of the same transaction.
//
// Errors. Every verb throws store_error, as session::run does. After `unavailable` it may be called
// again with the same arguments, and then answers as if the first call had not happened, or had
// succeeded.
//
// Locks. Order: purge turn, run, job, step, node, limit, balance, schedule, ready, lease, result. A
// transaction that needs a row to stay live takes FOR KEY SHARE; one that may end the row, or take
// it away, takes FOR UPDATE; both check the state after the lock.
//
// Time. "Now" is the database's clock, one reading a transaction.
//
// To add a verb: its contract here, one line in store.cpp, its algorithm in verbs/, what that needs
// of a database in transaction.hpp, and a database's own statement only where speed asks for it.
namespace partita {

/// For who takes part in a cluster, or judges who does.
class cluster_store : public virtual facet {
 public:
  explicit cluster_store(std::shared_ptr<session> with) : facet(std::move(with)) {}

  /// A new incarnation, ACTIVE, its heartbeat now. Called again after `unavailable` it makes
  /// another one; the first, never renewed, is swept like any dead node. What it tells of its jobs
  /// is what the catalogue holds of them from now on. Throws `wrong_state` (the sentence names one)
  /// when a node that is alive told other liveness limits: by its own, it is not silent for long
  /// enough to be given up. Nodes that told none (0) are not compared.
  node_id register_node(const node_info& info) const;

  /// Renews the node: heartbeat now, `load` as given, state DRAINING if `draining` or if it was
  /// DRAINING (a drain is never taken back, also not by a call that arrives late), else ACTIVE.
  /// An UNREACHABLE node is back with this. Throws `fenced` when the node is CONDEMNED,
  /// DEREGISTERED, LEFT or absent: it never comes back.
  /// Tells in the same round trip whether there are live runs, and, if
  /// `limits` are given, reads all nodes: counts of ACTIVE ones, and the others in ACTIVE, DRAINING
  /// or UNREACHABLE that are silent for `unreachable_after` (an UNREACHABLE one only once silent
  /// for `deregister_after`: there is nothing to do before), and every CONDEMNED one.
  /// Schedules: whether their owners are to be balanced, and when the next tick of its own comes.
  cluster_view heartbeat(node_id node, node_load load, bool draining,
                         const std::optional<liveness_limits>& limits) const;

  /// Judges one suspect, by protocol/liveness.hpp `judge` on now - heartbeat_at. The suspect's row
  /// is locked FOR UPDATE first and judged after: a renewal that committed meanwhile counts.
  /// Terminal nodes stay as they are and count as `deregistered`; an absent one too.
  ///   unreachable: ACTIVE or DRAINING becomes UNREACHABLE. It keeps its leases.
  ///   condemned: the node is given up, which takes several transactions: call again, from any
  ///     node, until the verdict is `deregistered`. The first one
  ///     - makes the node CONDEMNED, and takes its schedules away;
  ///     - leaves live runs whose master it is without a master (term unchanged);
  ///     - revokes those of its LIVE leases (locked FOR UPDATE) whose unfinished partitions may be
  ///       started again, by protocol/node_loss.hpp: new ready ranges, available now, bound to no
  ///       node.
  ///     Each further one settles at most `loss_piece` of what is left, in this order:
  ///     - FAILED results for unfinished partitions of its other leases. They name the lease, and
  ///       are counted in its `failed`. The lease is REVOKED with the last of them.
  ///     - Ready ranges bound to it become shared where the step is transferable or has ended.
  ///     - FAILED results for the other ready ranges bound to it, of a lease made for the purpose
  ///       (state REVOKED), so that every result names one.
  ///   deregistered: nothing was left; the node is DEREGISTERED.
  /// Unfinished partitions of a lease: `lo..hi` without those that have a result and those that
  /// have a failure row of this very lease.
  sweep_verdict sweep(node_id suspect, const liveness_limits& limits) const;

  /// The node goes away in good order. It is DRAINING from now on, and renewed. What it still has
  /// (a drained node has nothing) is treated as `sweep` treats what a CONDEMNED node has, at most
  /// `most` partitions in one call. True: it is LEFT; or it was CONDEMNED, terminal or absent, and
  /// nothing was done. False: call again.
  bool leave(node_id node, int most = liveness_limits{}.loss_piece) const;
};

/// For who starts and stops runs. `by` is who asked for it: the event of the change tells.
class launcher_store : public virtual run_lookup {
 public:
  explicit launcher_store(const std::shared_ptr<session>& with) : facet(with), run_lookup(with) {}

  /// A new run, CREATED, without master, term 0. If a run with this launch key exists, that one is
  /// returned and nothing changes; `launch_key_taken` (the sentence names the run) unless it is of
  /// the same job, has the same parameters and was no restart. Throws `already_running` (the
  /// sentence names the run) when a run of this job with the same identity is CREATED or RUNNING: a
  /// partial unique index decides, not a look before.
  run_row submit(const submission& s) const;

  /// A new run that continues `ended`, which must be FAILED or STOPPED (but see `scope`) and not
  /// purged, else `wrong_state`; with its job, parameters and identity; `version` of the job, or
  /// that of `ended` where it is 0. Copies its steps, but for those that began after a failure: the
  /// new run begins them anew when it comes to them. COMPLETED ones with their partitions, results
  /// and what was decided after them; of the others the partitions, the COMPLETED results (they
  /// keep the lease that made them, and their files the final names), the checkpoints and the
  /// skipped items, while every partition without a result becomes ready (attempt 0, available now,
  /// shared). Such a step is RUNNING again: a tasklet is executed again, a stream that was not
  /// sealed goes on, a listed split that was not sealed begins anew with no partition. So is a
  /// COMPLETED step after which its decider chose `fail`, with all it has. Launch key and
  /// `already_running` as in submit: the run of the key must continue this very run, with this
  /// version. `not_found` if there is no such run. A run can be continued once; the second time is
  /// `wrong_state` (the sentence names the run that continues it).
  ///
  /// `scope` skipped: `ended` may be COMPLETED, too. Of the first step that has let items go, the
  /// COMPLETED partitions that have some become ready as well, to go through these once more
  /// (protocol/chunk.hpp); their result, their files' names and the rows of these items are not
  /// copied. The step is RUNNING again, and decides anew what comes after it; other COMPLETED steps
  /// stay so. `wrong_state` where a COMPLETED run has no such step, or one that is not COMPLETED;
  /// where a step that is not COMPLETED comes after it.
  run_row restart(run_id ended, const std::string& launch_key, int version = 0,
                  const std::string& by = {},
                  restart_scope scope = restart_scope::unfinished) const;

  /// Nobody shall continue this run: `restart` of it is `wrong_state` from now on. It must be
  /// FAILED or STOPPED and neither be continued yet nor purged, else `wrong_state`; `not_found` if
  /// there is none. A repeat changes nothing. Returns the run as it is after.
  run_row abandon(run_id ended, const std::string& by = {}) const;

  /// Asks a live run to stop; `now` outranks `stop`, never the other way. A CREATED run that never
  /// had a master is STOPPED at once, and so are the steps it was continued with. Returns the run
  /// as it is after. Throws `not_found`, and `wrong_state` if the run has ended otherwise than by
  /// such a request.
  run_row request_stop(run_id run, stop_mode mode, const std::string& by = {}) const;

  /// Asks a node to drain: an ACTIVE one is DRAINING from now on, so that it claims nothing more;
  /// it learns that with its next heartbeat. A DRAINING one stays as it is. Throws `not_found`, and
  /// `wrong_state` for a node in any other state.
  void request_drain(node_id node, const std::string& by = {}) const;
};

/// For who decides how runs share the cluster. `by` is who asked for it: the event of the change
/// tells. Of a run that has ended, and of one that is not there, verbs throw `wrong_state` and
/// `not_found`.
class sharing_store : public virtual facet {
 public:
  explicit sharing_store(std::shared_ptr<session> with) : facet(std::move(with)) {}

  /// Nothing of it begins any more: no partition is claimed, no step begins, and no master takes it
  /// before it was ever RUNNING. What is in execution goes to its end; what is leased and has not
  /// begun is given back. Paused again, it tells the newer note. Returns it as it is after.
  run_row pause_run(run_id run, const std::string& note, const std::string& by = {}) const;
  /// A repeat changes nothing.
  run_row resume_run(run_id run, const std::string& by = {}) const;
  /// As pause_run, for all runs of the job that are there and that come. Throws `not_found` for a
  /// job that no node has told of.
  void pause_job(const std::string& job, const std::string& note, const std::string& by = {}) const;
  /// A run that is paused by itself stays so. A repeat changes nothing; true: something changed.
  bool resume_job(const std::string& job, const std::string& by = {}) const;
  /// Work of runs with a higher priority is claimed first, from the next look of each node on.
  /// Throws bad_request for one that is not within lowest_priority and highest_priority.
  run_row set_priority(run_id run, int priority, const std::string& by = {}) const;
  /// How many partitions of all steps that name this limit may be in execution at once in the
  /// cluster; nothing: any number. More may be in execution when it is called: they go to their
  /// end. Throws bad_request below 0, and for a name that is empty.
  void set_limit(const std::string& name, const std::optional<int>& slots,
                 const std::string& by = {}) const;
};

/// For who removes runs that have ended long ago. Runs that continue each other are purged
/// together. `by` is who asked for it: the event of the change tells.
///
/// A run that was purged is terminal, and shown when it is asked for, as what it was and how it
/// ended. So its launch key stays taken, and its tick too; it is in no list, and is not continued.
/// Its steps, partitions, results, skipped items, logs and events are removed from then on, by
/// purge_rows. Files that partitions published are the author's and stay, unless their job says
/// that they go (batch/job.hpp, `files_expire`): then they go first, by who calls next_purged_files
/// and sees their folders.
class retention_store : public virtual facet {
 public:
  explicit retention_store(std::shared_ptr<session> with) : facet(std::move(with)) {}

  /// How long the cluster keeps what has ended of this job, or ("") of all jobs for which nothing
  /// is stored; nothing: what is stored for it is taken back. Throws bad_request for a retention
  /// that is below a second or keeps more than highest_keep_last; `not_found` for a job that no
  /// node has told of, unless something is taken back.
  void set_retention(const std::string& job, const std::optional<retention>& what,
                     const std::string& by = {}) const;

  /// The last runs of at most `most` chains that `purge` would purge, by job, and of each those
  /// that ended longest ago first. Changes nothing.
  std::vector<run_id> list_purgeable(const purge_choice& which, int most) const;
  /// Purges at most `most` chains. Returns their runs; none: there are no more.
  std::vector<run_id> purge(const purge_choice& which, int most, const std::string& by = {}) const;
  /// The same, by what is stored for their jobs.
  purge_round purge_expired(int most) const;

  /// The next files of purged runs, of at most `most` results, behind the cursor. Rests like
  /// purge_rows, with which it shares the pauses. Several callers may be given the same files: what
  /// is done with them must be harmless when it is done twice.
  purged_files next_purged_files(const purged_files_cursor& after, int most,
                                 milliseconds pause) const;
  /// From now on purge_rows removes the rows of these runs. Nothing changes where it does so
  /// already. REQUIRES: the caller went through all files of each, from its first piece to that
  /// with which it `ended`.
  void files_are_gone(std::span<const run_id> runs) const;

  /// Removes rows of purged runs, those of the newest run first, until they are `most` or somewhat
  /// more; of runs that published no file, and of those whose files are gone. Nothing was removed,
  /// and it does not rest: there is nothing left. Rests when an earlier call, of anybody, was so
  /// near that its `pause` is not over; that of this call begins with it.
  purge_progress purge_rows(int most, milliseconds pause) const;
};

/// For who makes schedules, and looks after them. `by` is who asked for it: the event of the change
/// tells. Every verb that takes a name throws `not_found` where no schedule has it.
class schedule_store : public virtual facet {
 public:
  explicit schedule_store(std::shared_ptr<session> with) : facet(std::move(with)) {}

  /// A new schedule, without owner; paused if asked for. Its first tick is the first one after now.
  /// Throws bad_request for a trigger or zone that is none, `wrong_state` where the name is taken.
  schedule_row add_schedule(const new_schedule& s, bool paused, const std::string& by = {}) const;
  /// What a program says of its schedules: new ones are added, and those that a program declared
  /// before are as this one says. Others of these names stay as they are, and so does a pause.
  /// Returns how many have changed. Throws as add_schedule.
  int declare_schedules(std::span<const new_schedule> all) const;
  /// Its runs stay.
  void remove_schedule(const std::string& name, const std::string& by = {}) const;
  /// It fires no more, and has no owner. Paused again, it tells the newer note. Returns it as it is
  /// after.
  schedule_row pause_schedule(const std::string& name, const std::string& note,
                              const std::string& by = {}) const;
  /// It goes on with the first tick after now: those while it was paused are not fired. A repeat
  /// changes nothing.
  schedule_row resume_schedule(const std::string& name, const std::string& by = {}) const;
  /// The run of a tick, by hand: of now, or of a moment in the past, whatever its trigger says and
  /// also while others run or it is paused. Where there is one already, that one. `version` of the
  /// job. Throws bad_request for a tick that is still to come.
  run_row run_schedule(const std::string& name, const std::optional<db_time>& tick, int version,
                       const std::string& by = {}) const;
};

/// For a node that owns schedules.
class scheduler_store : public virtual facet {
 public:
  explicit scheduler_store(std::shared_ptr<session> with) : facet(std::move(with)) {}

  /// Gives schedules to nodes by protocol/token_balance.hpp, if anything has changed that decides
  /// about it: a node with tokens that came or went, a schedule that was added, removed, paused or
  /// resumed. One at a time does so. Nothing happens when the node is not ACTIVE. Returns how many
  /// have another owner now.
  int balance_schedules(node_id node) const;

  /// What becomes of the ticks that have come of the schedules that this node owns, at most `most`
  /// of them, by protocol/schedule_policy.hpp `decide`: runs, of the newest version in `known`, and
  /// what was missed, told in the event log: also a tick whose work, the job with the same
  /// identifying parameters, is under way. Each tick starts one run at most, whatever fails.
  /// Nothing happens when the node is not ACTIVE.
  fired_ticks fire_schedules(node_id node, std::span<const job_ref> known, int most) const;
};

/// For the master of a run. Every verb that changes something, but for adopt_run, is fenced by
/// (run, term, master); else `term_lost`. The run is locked FOR KEY SHARE; adopt_run, sweep and
/// leave lock it FOR UPDATE.
class master_store : public virtual run_lookup {
 public:
  explicit master_store(const std::shared_ptr<session>& with) : facet(with), run_lookup(with) {}

  /// Makes `node` master: requires that the run is live, has no master, its term is `seen`, and the
  /// node is ACTIVE (its row locked FOR KEY SHARE); and of a CREATED run that neither it nor its
  /// job is paused, and that fewer runs of its job are RUNNING than may be. Then term + 1, CREATED
  /// becomes RUNNING, and the new term is returned. Nothing when any of it does not hold (somebody
  /// else was faster). Called again after `unavailable` by the same node: returns seen+1 if this
  /// node holds that term.
  std::optional<term> adopt_run(run_id run, node_id node, term seen) const;

  /// Lets go of a run in good order: no master, term unchanged. Whoever knows the job takes over.
  /// Of a run that this master has ended there is nothing to let go: nothing changes.
  void step_down(run_id run, node_id node, term t) const;

  /// Inserts the step RUNNING, not sealed, count 0. Idempotent by (run, ordinal): if the row is
  /// there already it is returned as it is. A tasklet step is born sealed with count 0.
  step_row begin_step(run_id run, node_id node, term t, const step_spec& spec) const;

  /// Removes the partitions of a listed split that was not sealed (count 0 again), because a new
  /// master splits anew. REQUIRES: the step is neither sealed nor streamed.
  void reset_split(step_id step, node_id node, term t) const;

  /// Appends partitions first_no, first_no+1, … in bulk. `first_no` must be the step's count;
  /// if the count is already first_no + rows.size() the call is a repeat and changes nothing; any
  /// other count is `wrong_state`. For a streamed step the new partitions are ready at once, as one
  /// shared range. REQUIRES: rows not empty, the step not sealed.
  void append_partitions(step_id step, node_id node, term t, partition_no first_no,
                         std::span<const new_partition> rows) const;

  /// Appends `last`, which may be empty, as append_partitions does, and makes the count final. For
  /// a listed step inserts these ready ranges (disjoint, covering 0..count-1); a range bound to a
  /// node that is not ACTIVE becomes shared. Repeats change nothing; else `first_no` must be the
  /// step's count.
  void seal_split(step_id step, node_id node, term t, partition_no first_no,
                  std::span<const new_partition> last, std::span<const ready_range> ranges) const;

  /// Never counts: EXISTS only.
  step_progress progress(step_id step) const;

  /// The split of a RUNNING step has failed: the step will end FAILED. Its error is set, and from
  /// now on nothing of it is claimed; `look` tells those who hold leases of it to stop. It ends by
  /// end_step, once no lease is LIVE. The step row is locked FOR UPDATE: a claim that came first is
  /// seen by `progress`. The error must not be empty; the first one stays. Nothing changes when the
  /// step is FAILED.
  void fail_step(step_id step, node_id node, term t, const std::string& error) const;

  /// Ends a step that is RUNNING: COMPLETED, FAILED or STOPPED, with the aggregate (or tasklet)
  /// result. `run_result`: if given, also becomes the result of the run. The step row is locked FOR
  /// UPDATE and only then it is checked, with statements that see what committed before the lock,
  /// that the end is true: no LIVE lease; for COMPLETED also sealed, not failing (fail_step), no
  /// ready range, no FAILED result (a streamed step ended FAILED or STOPPED need not be sealed).
  /// Else `wrong_state`. Repeats with the same state change nothing.
  void end_step(step_id step, node_id node, term t, step_state state, const json_text& result,
                const std::string& error, const std::optional<json_text>& run_result) const;

  /// Stores what comes after a COMPLETED step (else `wrong_state`). The first decision stays:
  /// nothing changes where there is one.
  void decide_step(step_id step, node_id node, term t, const decision& chosen) const;

  /// Ends the run; no step of it may be RUNNING (else `wrong_state`). Repeats with the same state
  /// by the same (node, term) change nothing. Clears nothing: ready ranges of stopped steps stay.
  void end_run(run_id run, node_id node, term t, run_state state, const std::string& error) const;

  /// Results of a step with no > after, ascending, at most `limit`. Those of one kind are found by
  /// an index: the others cost nothing.
  std::vector<result_row> list_results(step_id step, partition_no after, int limit,
                                       result_kind kind = result_kind::any) const;

  /// ACTIVE nodes that know this job: what a split and an assignment see. By id.
  std::vector<live_node> live_nodes(const job_ref& job) const;
};

/// For who executes partitions.
class worker_store : public virtual run_lookup {
 public:
  explicit worker_store(const std::shared_ptr<session>& with) : facet(with), run_lookup(with) {}

  /// What this node could do now: one read, no lock. `ready`: steps RUNNING, not failing, of runs
  /// RUNNING without a stop request and not paused, whose job the node knows and whose tags it has,
  /// with a range it may claim now (shared or bound to it, available_at <= now), and room for it
  /// within their limits. `masterless`: without CREATED runs that are paused, or whose job has as
  /// many RUNNING as it may; by priority, then in turns of the fair keys. All empty for a node that
  /// is not ACTIVE, but for `held`.
  work_view look(node_id node) const;

  /// Cuts at most `width` partitions off the front of one ready range of this step and leases them
  /// to the node. Takes the range bound to the node first, then by `lo`. Locks the step row and the
  /// node row FOR KEY SHARE (step RUNNING, not failing, run RUNNING and not asked to stop, node
  /// ACTIVE: else nothing), the range FOR UPDATE. A range with attempt > 0 is cut no
  /// wider than `narrow`. Of a step with limits it takes no more than they leave room for, and only
  /// if `limited` says that the caller knows of them; then claims under the same limits wait for
  /// each other. Returns nothing when there is nothing to take. The attempt of the lease
  /// is that of the range, plus one. If the outcome is not known (`unavailable`) the lease may
  /// exist, or come to exist: the caller finds it in `held` of a later look, does not know it, and
  /// releases it.
  std::optional<lease_grant> claim(node_id node, step_id step, std::int64_t width,
                                   std::int64_t narrow, bool limited = false) const;

  /// Gives back those of these leases that are LIVE and of this node: nobody works on them. What is
  /// unfinished becomes ready again, shared, with the attempts it had before the lease; the lease
  /// is RELEASED. Returns how many.
  int release(node_id node, std::span<const lease_id> leases) const;

  /// Gives back the unstarted end of a lease, `from`..hi: ready again, shared, attempts as before
  /// the lease. The lease shrinks to lo..from-1; it is RELEASED when nothing is left of it, DONE
  /// when the rest has ended. No effect when the lease is not LIVE or `from` > hi. REQUIRES:
  /// nothing at or above `from` has been reported.
  void give_back(node_id node, lease_id lease, partition_no from) const;

  /// Records how attempts ended; one verdict for each item, in order. The leases are locked FOR
  /// UPDATE in ascending order and must be LIVE. Per item of a LIVE lease:
  ///   completed, failed: inserts the result (the primary key (step, no) allows one). It ended
  ///                      `ended_ago` before now, but not before the lease was granted;
  ///   completed with files: reserves their final names for this partition of the run. If another
  ///                    one has such a name already, the item is recorded as failed, with a
  ///                    sentence that says so, and its verdict is `name_taken`, now and when it is
  ///                    repeated;
  ///   failed, retry, released: inserts a failure row, once per (lease, no);
  ///   retry, released: a new ready range [no,no], shared, available after `retry_after`, attempt =
  ///                    the lease's (retry) or one less (released);
  ///   completed: deletes the checkpoint.
  /// The lease and the counters of (step, node) count it; the lease is DONE when all of lo..hi has
  /// ended. An item that was recorded before under the same lease is `recorded` and changes
  /// nothing, also when the lease is DONE by now. Any other item of a lease that is not LIVE, or
  /// not of this node, is `rejected`. Items outside the lease's range are rejected too.
  std::vector<report_verdict> report(node_id node, std::span<const attempt_report> items) const;

  /// Saves a resumable position under the fence of the lease (its row locked FOR KEY SHARE, LIVE,
  /// the partition in its range and not ended): else `lease_lost`. Keeps the highest seq: an equal
  /// one is a repeat.
  void commit_checkpoint(lease_id lease, partition_no no, const checkpoint& c) const;

  /// What `write` does (it may be null), the skipped items, and the chunk as the checkpoint of the
  /// partition: all of it, or nothing. Returns the chunk as `write` left it. Fenced like
  /// commit_checkpoint; and what is stored must be what the chunk follows: seq `c.to.seq` - 1, with
  /// `c.from` items read (both 0 where nothing is stored); else `wrong_state`. So no range of items
  /// is stored twice, whatever came of an earlier call. Throws what `write` throws, and for a rule
  /// that the database checks at the end constraint_error; `bad_request` where the database knows
  /// no SQL. After `unavailable` the same lease must not call it again for this partition: the
  /// first call may still be under way. It is over once the attempt was reported, for a report
  /// locks the lease.
  chunk commit_chunk(lease_id lease, partition_no no, const chunk& c,
                     const author_work& write) const;

  /// In a database that is not the engine's: what `write` does, by itself. Nothing fences it, so it
  /// happens again when the attempt ends before its chunk is stored by commit_chunk. Returns the
  /// chunk as `write` left it, and throws as commit_chunk does. REQUIRES: the session was opened
  /// with `elsewhere`.
  chunk write_elsewhere(lease_id lease, partition_no no, const chunk& c,
                        const author_work& write) const;

  /// Rows of one statement of the author's that reads, for an attempt at a partition. No fence, no
  /// transaction: it sees what was committed before it. Throws sql_error for one that would change
  /// something, or cannot work, constraint_error for a value the database cannot take;
  /// `bad_request` where the database knows no SQL.
  std::vector<sql_row> query(lease_id lease, partition_no no, const std::string& statement,
                             std::span<const sql_value> values) const;

  /// Runs a query of the author's once, and keeps its rows in the session, as of this moment, under
  /// a number of the attempt; the database spills them to its disk. They are gone with the session,
  /// or when it serves another attempt. Throws as `query`.
  void open_cursor(lease_id lease, partition_no no, std::int64_t cursor,
                   const std::string& statement, std::span<const sql_value> values) const;
  /// At most `most` of these rows, behind the first `after`. Throws `unavailable` when they are
  /// gone.
  std::vector<sql_row> read_cursor(lease_id lease, partition_no no, std::int64_t cursor,
                                   std::int64_t after, int most) const;

  /// Stores progress for listings. Best effort: not fenced beyond the lease being LIVE, no event.
  void record_progress(std::span<const progress_report> items) const;

  /// Keeps the last `log_lines_kept` lines of each attempt. They count for nothing: so no fence, no
  /// event, and a lease that was lost may still say what it did. Lines of a lease that does not
  /// cover their partition are dropped; a line whose number is stored already stays. REQUIRES: no
  /// two lines of an attempt are `log_lines_kept` or more apart. Throws `bad_request` for a text
  /// that cannot be stored.
  void record_log(std::span<const log_line> lines) const;
};

/// All verbs, for tests and simulations.
class store : public cluster_store,
              public launcher_store,
              public sharing_store,
              public retention_store,
              public schedule_store,
              public scheduler_store,
              public master_store,
              public worker_store,
              public reader {
 public:
  explicit store(const std::shared_ptr<session>& with)
      : facet(with),
        run_lookup(with),
        cluster_store(with),
        launcher_store(with),
        sharing_store(with),
        retention_store(with),
        schedule_store(with),
        scheduler_store(with),
        master_store(with),
        worker_store(with),
        reader(with) {}
};

}  // namespace partita
