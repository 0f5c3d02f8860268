#include "bench/timed_database.hpp"

#include <utility>

#include "storage/clock.hpp"

namespace partita::bench {

namespace {

class timed_store final : public store {
 public:
  timed_store(std::unique_ptr<store> inner, std::shared_ptr<claim_times> to)
      : inner_(std::move(inner)), to_(std::move(to)) {}

  std::optional<lease_grant> claim(node_id node, step_id step, std::int64_t width,
                                   std::int64_t narrow) override {
    const auto begun = boot_now();
    auto grant = inner_->claim(node, step, width, narrow);
    if (grant) to_->add(std::chrono::duration<double, std::milli>(boot_now() - begun).count());
    return grant;
  }

  node_id register_node(const node_info& info) override { return inner_->register_node(info); }
  cluster_view heartbeat(node_id node, int running, bool draining,
                         const std::optional<liveness_limits>& limits) override {
    return inner_->heartbeat(node, running, draining, limits);
  }
  sweep_verdict sweep(node_id suspect, const liveness_limits& limits) override {
    return inner_->sweep(suspect, limits);
  }
  void leave(node_id node) override { inner_->leave(node); }
  std::vector<node_row> list_nodes(bool all) override { return inner_->list_nodes(all); }
  std::vector<live_node> live_nodes(const job_ref& job) override { return inner_->live_nodes(job); }
  run_row submit(const submission& s) override { return inner_->submit(s); }
  run_row restart(run_id ended, const std::string& launch_key) override {
    return inner_->restart(ended, launch_key);
  }
  run_row request_stop(run_id run, stop_mode mode) override {
    return inner_->request_stop(run, mode);
  }
  std::optional<run_row> find_run(run_id run) override { return inner_->find_run(run); }
  std::vector<run_row> list_runs(int limit, run_id before) override {
    return inner_->list_runs(limit, before);
  }
  std::optional<term> adopt_run(run_id run, node_id node, term seen) override {
    return inner_->adopt_run(run, node, seen);
  }
  void step_down(run_id run, node_id node, term t) override { inner_->step_down(run, node, t); }
  step_row begin_step(run_id run, node_id node, term t, const step_spec& spec) override {
    return inner_->begin_step(run, node, t, spec);
  }
  void reset_split(step_id step, node_id node, term t) override {
    inner_->reset_split(step, node, t);
  }
  void append_partitions(step_id step, node_id node, term t, partition_no first_no,
                         std::span<const new_partition> rows) override {
    inner_->append_partitions(step, node, t, first_no, rows);
  }
  void seal_split(step_id step, node_id node, term t, partition_no first_no,
                  std::span<const new_partition> last,
                  std::span<const ready_range> ranges) override {
    inner_->seal_split(step, node, t, first_no, last, ranges);
  }
  std::vector<step_row> list_steps(run_id run) override { return inner_->list_steps(run); }
  step_progress progress(step_id step) override { return inner_->progress(step); }
  void end_step(step_id step, node_id node, term t, step_state state, const json_text& result,
                const std::string& error, const std::optional<json_text>& run_result) override {
    inner_->end_step(step, node, t, state, result, error, run_result);
  }
  void end_run(run_id run, node_id node, term t, run_state state,
               const std::string& error) override {
    inner_->end_run(run, node, t, state, error);
  }
  std::vector<result_row> list_results(step_id step, partition_no after, int limit,
                                       result_kind kind) override {
    return inner_->list_results(step, after, limit, kind);
  }
  work_view look(node_id node) override { return inner_->look(node); }
  int release(node_id node, std::span<const lease_id> leases) override {
    return inner_->release(node, leases);
  }
  void give_back(node_id node, lease_id lease, partition_no from) override {
    inner_->give_back(node, lease, from);
  }
  std::vector<report_verdict> report(node_id node,
                                     std::span<const attempt_report> items) override {
    return inner_->report(node, items);
  }
  void commit_chunk(lease_id lease, partition_no no, const checkpoint& c) override {
    inner_->commit_chunk(lease, no, c);
  }
  void record_progress(std::span<const progress_report> items) override {
    inner_->record_progress(items);
  }
  std::vector<step_summary> summarize(run_id run) override { return inner_->summarize(run); }
  std::vector<partition_row> list_partitions(step_id step, partition_no after,
                                             int limit) override {
    return inner_->list_partitions(step, after, limit);
  }
  std::vector<failure_row> list_failures(run_id run, int limit) override {
    return inner_->list_failures(run, limit);
  }
  std::vector<event_row> list_events(run_id run, std::int64_t after, int limit) override {
    return inner_->list_events(run, after, limit);
  }

 private:
  std::unique_ptr<store> inner_;
  std::shared_ptr<claim_times> to_;
};

class timed_database final : public database {
 public:
  timed_database(std::shared_ptr<database> inner, std::shared_ptr<claim_times> to)
      : inner_(std::move(inner)), to_(std::move(to)) {}

  std::unique_ptr<store> connect(const session_options& options) override {
    return std::make_unique<timed_store>(inner_->connect(options), to_);
  }
  std::unique_ptr<wake_up> listen(const std::string& application) override {
    return inner_->listen(application);
  }
  schema_status schema() override { return inner_->schema(); }
  int migrate() override { return inner_->migrate(); }
  memory::tables audit_rows(std::optional<run_id> run) override { return inner_->audit_rows(run); }
  std::vector<diagnosis> examine() override { return inner_->examine(); }
  std::string address() const override { return inner_->address(); }
  bool shared_over_network() const override { return inner_->shared_over_network(); }

 private:
  std::shared_ptr<database> inner_;
  std::shared_ptr<claim_times> to_;
};

}  // namespace

void claim_times::add(double ms) {
  std::lock_guard lock{mutex_};
  ms_.push_back(ms);
}

std::vector<double> claim_times::take() {
  std::lock_guard lock{mutex_};
  return std::exchange(ms_, {});
}

std::shared_ptr<database> timed(std::shared_ptr<database> inner, std::shared_ptr<claim_times> to) {
  return std::make_shared<timed_database>(std::move(inner), std::move(to));
}

}  // namespace partita::bench
