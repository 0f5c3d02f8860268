#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/deps.hpp"
#include "storage/memory/memory_database.hpp"
#include "tests/support/ticking_clock.hpp"

namespace partita::test {

/// A whole cluster in one thread, over the memory store, in virtual time: each node is a real node
/// actor with all its children, on a scheduler that the test steps. Nothing sleeps. After every
/// step the invariants are checked; `violations()` must stay empty.
class sim_cluster {
 public:
  explicit sim_cluster(std::vector<job> jobs, settings limits = fast_settings(), unsigned seed = 1);
  ~sim_cluster();

  /// A node joins. Returns its index, 0-based. `jobs` empty: knows all jobs of the cluster.
  std::size_t add_node(int executors = 2, std::vector<job> jobs = {});
  void kill(std::size_t node);   // never runs again
  void pause(std::size_t node);  // as under SIGSTOP: does nothing while time goes on
  void resume(std::size_t node);
  void drain(std::size_t node);
  void release(std::size_t node);
  bool has_left(std::size_t node) const;

  run_id submit(const std::string& job, json parameters = json::object());
  run_state state_of(run_id run);
  json result_of(run_id run);

  /// Lets virtual time pass.
  void advance(milliseconds time);
  /// Lets time pass until `done`, at most `limit`. Whether it was.
  bool advance_until(const std::function<bool()>& done, milliseconds limit);
  /// Until the run has ended.
  bool finish(run_id run, milliseconds limit = milliseconds{60'000});

  store& client() { return *client_; }
  memory::tables rows() const { return db_->snapshot(); }
  const std::vector<std::string>& violations() const { return violations_; }
  mono_time now() const { return now_; }

 private:
  struct member;
  void step();

  ticking_clock clock_;
  std::shared_ptr<memory_database> db_;
  std::shared_ptr<const registry> jobs_;
  settings limits_;
  unsigned seed_;
  mono_time now_{std::chrono::hours{1}};
  std::unique_ptr<store> client_;
  std::vector<std::unique_ptr<member>> members_;
  memory::tables before_;
  std::vector<std::string> violations_;
};

}  // namespace partita::test
