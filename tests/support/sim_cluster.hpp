#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "apps/testing/sim/world.hpp"

namespace partita::test {

/// A whole cluster in one thread and in virtual time, over the memory store: the world of the
/// simulation (apps/testing/sim) without random faults. Only the faults that the test asks for
/// happen. After every commit the invariants are checked; `violations()` must stay empty.
class sim_cluster {
 public:
  /// The fault `kind` may happen to each call of a node's store; it happens to those in `faults`.
  explicit sim_cluster(std::vector<job> jobs, settings limits = fast_settings(),
                       sim::fate kind = sim::fate::none, std::set<std::string> faults = {});

  /// A node joins. Returns its index, 0-based. `jobs` empty: knows all jobs of the cluster.
  std::size_t add_node(int executors = 2, std::vector<job> jobs = {});
  void kill(std::size_t node) { world_.crash(node); }  // never runs again
  void pause(std::size_t node);                        // as under SIGSTOP: time goes on without it
  void resume(std::size_t node);
  void drain(std::size_t node) { world_.drain(node); }
  void release(std::size_t node) { world_.release(node); }
  bool has_left(std::size_t node) const { return world_.has_left(node); }

  run_id submit(const std::string& job, const json& parameters = json::object());
  run_state state_of(run_id run);
  json result_of(run_id run);

  /// Lets virtual time pass.
  void advance(milliseconds time) { world_.run_until(world_.now() + time); }
  /// What the author's code calls while it works for so long: others go on meanwhile.
  void work(milliseconds time) { world_.work(time); }
  /// Lets time pass until `done`, at most `limit`. Whether it was.
  bool advance_until(const std::function<bool()>& done, milliseconds limit);
  /// Until the run has ended.
  bool finish(run_id run, milliseconds limit = milliseconds{60'000});

  /// Called around each verb of a node: what one throws is thrown in place of the answer.
  void before_verb(std::function<void(const verb&)> call) {
    world_.before_verb = [call = std::move(call)](std::size_t, const verb& v) { call(v); };
  }
  void after_verb(std::function<void(const verb&)> call) {
    world_.after_verb = [call = std::move(call)](std::size_t, const verb& v) { call(v); };
  }

  const store& client() { return world_.observer(); }
  tables rows() const { return world_.rows(); }
  /// The names of the faults that were offered, in order.
  const std::vector<std::string>& offered() const { return faults_.offered(); }
  const std::vector<std::string>& violations() const { return world_.violations; }

 private:
  sim::fault_book faults_;
  sim::world world_;
  int launches_ = 0;
};

}  // namespace partita::test
