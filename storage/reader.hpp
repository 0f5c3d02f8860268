#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "protocol/chunk.hpp"
#include "protocol/errors.hpp"
#include "protocol/listings.hpp"
#include "protocol/retention.hpp"
#include "protocol/schedules.hpp"
#include "protocol/timeline.hpp"
#include "storage/session.hpp"

// The verbs that change nothing. What holds for all verbs is told in store.hpp.
namespace partita {

/// What everybody may know of runs.
class run_lookup : public virtual facet {
 public:
  explicit run_lookup(std::shared_ptr<session> with) : facet(std::move(with)) {}

  std::optional<run_row> find_run(run_id run) const;

  /// Steps of a run, by ordinal.
  std::vector<step_row> list_steps(run_id run) const;

  /// Steps of a run with their totals, by ordinal. They come from the counters, one row for each
  /// step and node, and from LIVE leases: never from partitions or results.
  std::vector<step_summary> summarize(run_id run) const;

  /// The same of several runs at once. A run without steps is left out.
  std::map<run_id, std::vector<step_summary>> summarize(std::span<const run_id> runs) const;

  /// Partitions of a step with these numbers, ascending. What is not there is left out.
  std::vector<partition_row> find_partitions(step_id step,
                                             std::span<const partition_no> numbers) const;

  /// The run that continues this one.
  std::optional<run_row> find_continuation(run_id ended) const;
};

/// What people look at. Changes nothing.
class reader : public virtual run_lookup {
 public:
  explicit reader(const std::shared_ptr<session>& with) : facet(with), run_lookup(with) {}

  /// DEREGISTERED and LEFT nodes only if `all`. By id.
  std::vector<node_row> list_nodes(bool all) const;

  /// How many there are that did not leave, by the state they are shown in.
  std::map<node_state, std::int64_t> count_nodes() const;

  /// The catalogue: every job and version that a node that joined ever knew, by name and version.
  std::vector<known_job> list_known_jobs() const;

  /// By name.
  std::vector<paused_job> list_paused_jobs() const;
  /// By name: each that a step has named or somebody has set.
  std::vector<limit_row> list_limits() const;

  /// How long what has ended is kept, by job.
  std::vector<retention_row> list_retention() const;
  /// How many runs that were purged have rows that wait to be removed.
  std::int64_t count_purging() const;

  /// With names behind `after`, by name, at most `limit`.
  std::vector<schedule_row> list_schedules(const std::string& after, int limit) const;
  /// The only ones that can be in trouble (trouble_of in protocol/schedule_watch.hpp, with the
  /// usual number of intervals) while some node is at work: unpaused, and without an ACTIVE owner,
  /// due for more than a minute, with so many ticks missed, or without another tick although it had
  /// none or is to have more. By name, at most `limit`.
  std::vector<schedule_row> list_doubtful_schedules(int limit) const;
  std::optional<schedule_row> find_schedule(const std::string& name) const;
  /// The newest runs of its ticks, newest first, at most `limit`.
  std::vector<run_row> list_runs_of_schedule(schedule_id schedule, int limit) const;

  /// Newest first, at most `limit`, with ids below `before` (none: from the newest).
  std::vector<run_row> list_runs(int limit, run_id before, const run_choice& only = {}) const;

  /// The newest runs of each of these jobs, at most `limit` of each, in one of these states as they
  /// are shown; none: in any. A job without such runs is left out.
  std::map<std::string, std::vector<run_row>> list_runs_of(
      std::span<const std::string> jobs, int limit,
      const std::vector<std::string>& states = {}) const;

  /// What these runs were submitted with: a run may be found by it without being read as a whole.
  std::vector<run_parameters> list_parameters(int limit, run_id before,
                                              const run_choice& only = {}) const;

  /// These runs, newest first. What is not there is left out.
  std::vector<run_row> find_runs(std::span<const run_id> runs) const;

  /// How many runs there are of this choice; it stops at `most`.
  std::int64_t count_runs(const run_choice& only, int most) const;

  /// Partitions of a step with no > after, ascending, at most `limit`: the view partition_status.
  /// Those of one state are found by what puts them in it: the others cost nothing.
  std::vector<partition_row> list_partitions(
      step_id step, partition_no after, int limit,
      std::optional<partition_state> only = std::nullopt) const;

  /// Partitions of a step that have ended, those that took longest first, at most `limit`. Reads
  /// every result of the step.
  std::vector<partition_row> list_slowest(step_id step, int limit) const;

  /// The leases that hold or held a partition, oldest first, at most `limit`. Reads every lease of
  /// the step. In a continued run, also the lease whose result it took over.
  std::vector<try_row> list_tries(step_id step, partition_no no, int limit) const;

  /// What the next attempt at a partition would resume from.
  std::optional<checkpoint> find_checkpoint(step_id step, partition_no no) const;

  /// What the attempts at a partition have logged, oldest first; if there is more, the last `limit`
  /// lines.
  std::vector<log_row> list_log(step_id step, partition_no no, int limit) const;

  /// Of the RUNNING steps of a run that it has come to. Looks at a bounded number of ready ranges.
  run_standing standing(run_id run) const;

  /// All live runs, by job and state.
  std::vector<live_sum> sum_live() const;

  /// Live runs of which no partition is held, oldest first, at most `limit`.
  std::vector<idle_run> list_idle_runs(int limit) const;

  /// Failed and returned attempts of a run, newest first, at most `limit`.
  std::vector<failure_row> list_failures(run_id run, int limit) const;

  /// Items that policies let go, by step, partition and item: at most `limit` of those behind
  /// `after`, of one step or of all (none). A page costs its own rows, however many the run has.
  std::vector<skipped_row> list_skipped(run_id run, const skipped_cursor& after, int limit,
                                        step_id only = {}) const;

  /// Those of one partition, by item, at most `limit`.
  std::vector<skipped_row> list_skipped_of(step_id step, partition_no no, int limit) const;

  /// Events with id > after, ascending, at most `limit`; of one run, or of all (none).
  std::vector<event_row> list_events(run_id run, std::int64_t after, int limit) const;

  /// The newest `limit` events, ascending; of one run, or of all (none).
  std::vector<event_row> newest_events(run_id run, int limit) const;

  /// Tiles of a step that begin `from` so long after the step, or later; by time and node, at most
  /// `limit`, but all of one time or none: go on behind the last one's time. Only if the first time
  /// has more nodes than `limit`, some are left out.
  std::vector<tile_row> list_tiles(step_id step, std::chrono::seconds from, int limit) const;

  /// Attempts at partitions of a step that were under way within a window, in any order, at most
  /// `limit`. Reads the leases between the first and the last of the window, and what they ended.
  std::vector<ended_row> list_ended(step_id step, const lease_window& window, int limit) const;

  /// LIVE leases of a run, or of a node (the other is none), oldest first, at most `limit`.
  std::vector<live_lease_row> list_live_leases(run_id run, node_id node, int limit) const;

  /// Leases of a run that were taken from nodes that were lost or left, newest first, and under
  /// which their partitions ran next: at most `limit` rows, at most eight for one lease. Of a wide
  /// lease those are looked at that the first 500 of its partitions ended under.
  std::vector<moved_row> list_moved(run_id run, int limit) const;

  /// What partitions of a step took, at most `most`: of numbers that are evenly chosen, those that
  /// have ended; as long as they are few, of the lowest numbers that have ended instead.
  std::vector<microseconds> sample_durations(step_id step, int most) const;

  /// Failed attempts and those that are made again, of each step the first `of_step` by number.
  std::vector<failure_row> sample_failures(run_id run, int of_step) const;

  /// Tiles that begin at most so long ago, in any order, of all runs that are RUNNING or have ended
  /// since. What a lost node left to fail is in no tile.
  std::vector<pace_row> list_pace(std::chrono::seconds since) const;
};

}  // namespace partita
