#pragma once

#include <catch2/catch.hpp>

#include <functional>

#include "protocol/events.hpp"
#include "tests/support/backend.hpp"
#include "tests/support/printing.hpp"

namespace partita::test {

/// A run that a node drives.
struct driven_run {
  run_id run;
  node_id master;
  partita::term term;
};

/// One test of the store's contract, run once on each backend: an empty database, a session, and
/// short words for what tests often do. When the test is over, every invariant must hold.
class contract {
 public:
  contract();
  ~contract();

  std::unique_ptr<backend> on;
  std::unique_ptr<store> db;
  const liveness_limits limits{};  // UNREACHABLE after 4 s, DEREGISTERED after 8 s
  const job_ref job{"census", 1};

  /// Changes rows past the store; `sql` writes @lease for the table of leases. The invariants need
  /// not hold any more.
  void tamper(std::string sql);

  void pass(milliseconds time) { on->pass(time); }
  void pass_unreachable() { pass(limits.unreachable_after + milliseconds{500}); }
  void pass_deregistered() { pass(limits.deregister_after + milliseconds{500}); }

  /// Time passes until this node is given up; the others renew meanwhile.
  void lose(node_id node);

  node_id join(const std::string& name = "node", int slots = 2);
  submission launch(const std::string& identity = "{}");  // with a launch key of its own
  driven_run drive(node_id master, const std::string& identity = "{}");

  step_spec spec(const std::string& name = "count", int ordinal = 0) const;
  step_id begin(const driven_run& r, const step_spec& s);
  void append(const driven_run& r, step_id step, partition_no first, std::int64_t count);
  void seal(const driven_run& r, step_id step, const std::vector<ready_range>& ranges = {});
  /// Begun, appended and, as one shared range, sealed.
  step_id split(const driven_run& r, std::int64_t count, const step_spec& s);
  step_id split(const driven_run& r, std::int64_t count) { return split(r, count, spec()); }
  void end(const driven_run& r, step_id step, step_state state);
  void end(const driven_run& r, run_state state);

  /// A claim that must succeed.
  lease_grant take(node_id node, step_id step, std::int64_t width = 1'000'000);

  attempt_report ended(lease_id lease, partition_no no,
                       attempt_outcome outcome = attempt_outcome::completed) const;
  report_verdict report(node_id node, const attempt_report& item);
  report_verdict complete(node_id node, lease_id lease, partition_no no);
  void complete_all(node_id node, const lease_grant& grant);

  partition_row partition(step_id step, partition_no no);
  std::vector<partition_no> in_state(step_id step, partition_state state);
  node_row node(node_id id);
  run_row run(run_id id) { return db->find_run(id).value(); }
  step_row step(const driven_run& r, step_id id);
  lease_record lease(lease_id id);
  /// Ranges that wait, as (span, node, attempt), by lo.
  std::vector<ready_range> waiting(step_id step);
  std::vector<event_row> events(std::string_view kind);

 private:
  Catch::ScopedMessage where_;
  int keys_ = 0;
  bool tampered_ = false;
};

/// Sweeps until nothing is left of the node, or it is acquitted.
sweep_verdict sweep_all(const store& s, node_id suspect, const liveness_limits& limits);

/// What the verb throws; nothing if it returns.
std::optional<errc> error_of(const std::function<void()>& verb);
std::string sentence_of(const std::function<void()>& verb);

}  // namespace partita::test
