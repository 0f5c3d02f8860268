#pragma once

#include <memory>
#include <optional>
#include <type_traits>

#include "storage/sqlite/connection.hpp"
#include "storage/store.hpp"

namespace partita::sqlite {

/// A session: one connection, and the verbs over it, one file a group: nodes.cpp, runs.cpp,
/// steps.cpp, leases.cpp, reports.cpp, views.cpp.
class sqlite_store final : public store {
 public:
  /// REQUIRES: `db` was opened with `options`.
  sqlite_store(open_options options, std::unique_ptr<connection> db);

  node_id register_node(const node_info& info) override;
  cluster_view heartbeat(node_id node, int running, bool draining,
                         const std::optional<liveness_limits>& limits) override;
  sweep_verdict sweep(node_id suspect, const liveness_limits& limits) override;
  void leave(node_id node) override;
  std::vector<node_row> list_nodes(bool all) override;
  std::vector<live_node> live_nodes(const job_ref& job) override;

  run_row submit(const submission& s) override;
  run_row restart(run_id ended, const std::string& launch_key) override;
  run_row request_stop(run_id run, stop_mode mode) override;
  std::optional<run_row> find_run(run_id run) override;
  std::vector<run_row> list_runs(int limit, run_id before) override;

  std::optional<term> adopt_run(run_id run, node_id node, term seen) override;
  void step_down(run_id run, node_id node, term t) override;
  step_row begin_step(run_id run, node_id node, term t, const step_spec& spec) override;
  void reset_split(step_id step, node_id node, term t) override;
  void append_partitions(step_id step, node_id node, term t, partition_no first_no,
                         std::span<const new_partition> rows) override;
  void seal_split(step_id step, node_id node, term t, partition_no first_no,
                  std::span<const new_partition> last,
                  std::span<const ready_range> ranges) override;
  std::vector<step_row> list_steps(run_id run) override;
  step_progress progress(step_id step) override;
  void end_step(step_id step, node_id node, term t, step_state state, const json_text& result,
                const std::string& error, const std::optional<json_text>& run_result) override;
  void end_run(run_id run, node_id node, term t, run_state state,
               const std::string& error) override;
  std::vector<result_row> list_results(step_id step, partition_no after, int limit,
                                       result_kind kind) override;

  work_view look(node_id node) override;
  std::optional<lease_grant> claim(node_id node, step_id step, std::int64_t width,
                                   std::int64_t narrow) override;
  int release(node_id node, std::span<const lease_id> leases) override;
  void give_back(node_id node, lease_id lease, partition_no from) override;
  std::vector<report_verdict> report(node_id node, std::span<const attempt_report> items) override;
  void commit_chunk(lease_id lease, partition_no no, const checkpoint& c) override;
  void record_progress(std::span<const progress_report> items) override;

  std::vector<step_summary> summarize(run_id run) override;
  std::vector<partition_row> list_partitions(step_id step, partition_no after, int limit) override;
  std::vector<failure_row> list_failures(run_id run, int limit) override;
  std::vector<event_row> list_events(run_id run, std::int64_t after, int limit) override;

 private:
  template <class Work>
  auto read(Work work) {
    return transact(access::read, std::move(work));
  }
  template <class Work>
  auto write(Work work) {
    return transact(access::write, std::move(work));
  }
  template <class Work>
  auto write_lightly(Work work) {
    return transact(access::light_write, std::move(work));
  }

  /// `work(connection&)` in one transaction, again as a whole after a lock conflict.
  /// REQUIRES: whatever `work` changes outside of the database it sets anew each time.
  template <class Work>
  auto transact(access mode, Work work) {
    for (patience wait{options_.lock_timeout};; wait.rest()) {
      try {
        auto& db = open(mode);
        transaction tx{db, mode};
        if constexpr (std::is_void_v<decltype(work(db))>) {
          work(db);
          return tx.commit();
        } else {
          auto answer = work(db);
          tx.commit();
          return answer;
        }
      } catch (const lock_conflict&) {
        if (wait.is_over()) throw;
      }
    }
  }

  /// How long lock conflicts are met by trying again.
  class patience {
   public:
    explicit patience(milliseconds limit) : end_(boot_now() + limit) {}
    bool is_over() const { return boot_now() >= end_; }
    void rest();

   private:
    mono_time end_;
    int rests_ = 0;
  };

  /// The connection; a new one when the last one broke. Throws as `connection` does, and
  /// `unavailable` when the file was moved away under it.
  connection& open(access mode);

  open_options options_;
  std::unique_ptr<connection> db_;
};

}  // namespace partita::sqlite
