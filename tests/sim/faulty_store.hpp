#pragma once

#include "tests/sim/world.hpp"

namespace partita::sim {

/// A session whose calls may fail in every way a database over a network can fail. Arguments are
/// copied, so that a call can also happen after its caller has given up.
class faulty_store final : public store {
 public:
  /// `m` null: a session of a user.
  faulty_store(world& w, world::member* m, const session_options& options);

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
  /// `changes`: what it does is checked against the invariants afterwards.
  template <class F>
  auto call(const char* verb, bool changes, F f);
  template <class F>
  static auto happen(world& w, world::member* m, store& inner, const char* verb, bool changes,
                     F& f);

  world& world_;
  world::member* member_;
  milliseconds timeout_;
  bool may_wait_;  // not the session of the masters: they share it under a lock
  std::shared_ptr<store> inner_;
};

}  // namespace partita::sim
