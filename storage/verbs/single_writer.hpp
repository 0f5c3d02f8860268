#pragma once

#include "storage/transaction.hpp"

namespace partita {

/// A range that a claim may cut.
struct claimable_range {
  std::int64_t id = 0;
  range span;
  int attempt = 0;  // tries used up
};

/// A transaction of a database with one writer at a time: what it reads cannot change before it
/// commits. Its hot verbs are the algorithms below, over a few more rows.
class single_writer_transaction : public transaction {
 public:
  cluster_view heartbeat(node_id node, node_load load, bool draining,
                         const std::optional<liveness_limits>& limits) final;
  work_view look(node_id node) final;
  std::optional<lease_grant> claim(node_id node, step_id step, std::int64_t width,
                                   std::int64_t narrow, bool limited) final;
  std::vector<report_verdict> report(node_id node, std::span<const attempt_report> items) final;
  void commit_checkpoint(lease_id lease, partition_no no, const checkpoint& c) final;
  void fence_chunk(lease_id lease, partition_no no, const chunk& c) final;
  void record_progress(std::span<const progress_report> items) final;

  // Many at once cost no more than one after the other.
  std::vector<partition_row> find_partitions(step_id step,
                                             std::span<const partition_no> numbers) final;
  std::vector<live_sum> sum_live() final;
  std::vector<idle_run> list_idle_runs(int limit) final;

 protected:
  /// LIVE leases of the node, by id, and what was asked of their runs.
  virtual std::vector<work_view::live_lease> held_by(node_id node) = 0;
  /// Steps this node could claim from now, by id, whether or not their limits leave room. REQUIRES:
  /// the node is ACTIVE.
  virtual std::vector<ready_step> ready_for(node_id node) = 0;
  /// Live runs without a master that may go on, and whose job this node knows: by priority, then in
  /// turns of the fair keys. REQUIRES: the node is there.
  virtual std::vector<masterless_run> masterless_for(node_id node) = 0;
  /// Whether the step and its run are RUNNING, nobody asked the run to stop, and the step has no
  /// limits or `limited` ones are asked for.
  virtual bool is_open_for_claims(step_id step, bool limited) = 0;
  /// The range bound to the node with the smallest lo, or else the shared one.
  virtual std::optional<claimable_range> first_claimable(step_id step, node_id node) = 0;
  /// The range begins at `lo` now; it is deleted where that is past its end.
  virtual void cut_front(const claimable_range& from, partition_no lo) = 0;
  virtual std::vector<granted_partition> granted_partitions(step_id step, range span) = 0;
  /// The step of the lease, if it is LIVE, covers the partition, and that has not ended.
  virtual std::optional<step_id> fenced_step(lease_id lease, partition_no no) = 0;
  /// Without its position; seq 0 where nothing is saved.
  virtual checkpoint saved_checkpoint(step_id step, partition_no no) = 0;
  virtual void insert_skipped(step_id step, partition_no no,
                              std::span<const skipped_item> items) = 0;
  /// Keeps the highest seq.
  virtual void save_checkpoint(step_id step, partition_no no, lease_id lease,
                               const checkpoint& c) = 0;
  virtual void save_progress(step_id step, const progress_report& shown) = 0;
};

}  // namespace partita
