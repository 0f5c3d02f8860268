#pragma once

#include <functional>
#include <memory>
#include <random>

#include "actors/counters.hpp"
#include "actors/span_sink.hpp"
#include "batch/registry.hpp"
#include "protocol/liveness.hpp"
#include "protocol/retry.hpp"
#include "protocol/settings.hpp"
#include "storage/clock.hpp"
#include "storage/database.hpp"

namespace partita {

/// What all actors of a node share. Nothing in it changes after the node has started, but for the
/// counters.
struct node_deps {
  std::shared_ptr<database> db;
  std::shared_ptr<database> author_db;  // of job authors; null: they share that of the engine
  std::shared_ptr<const registry> jobs;
  settings limits;
  node_info info;
  /// Starts a process for bodies (actors/body_process.hpp). Empty: all run in this process.
  std::vector<std::string> body_command;
  std::function<mono_time()> now = boot_now;
  /// How a body rests; null: its thread waits.
  std::function<void(milliseconds)> rest;
  /// Whether threads may run beside the actors: where time is virtual, they may not.
  bool reads_ahead = true;
  unsigned seed = 0;  // of every jitter
  std::shared_ptr<resource_cache> resources = std::make_shared<resource_cache>();
  std::shared_ptr<node_counters> counters = std::make_shared<node_counters>();
  std::shared_ptr<span_sink> traces{};  // null: none are made

  /// How long ago this was.
  microseconds since(mono_time then) const {
    return std::chrono::duration_cast<microseconds>(now() - then);
  }
};
using deps_ptr = std::shared_ptr<const node_deps>;

inline liveness_limits liveness_of(const settings& s) {
  return {s.unreachable_after, s.deregister_after, s.loss_piece};
}

/// The jitter of one actor.
class jitter {
 public:
  explicit jitter(unsigned seed) : engine_(seed) {}
  milliseconds operator()(milliseconds wait) {
    return jittered(wait, std::uniform_real_distribution<>{0.0, 1.0}(engine_));
  }

 private:
  std::minstd_rand engine_;
};

/// Waits between tries of a database that does not answer: doubles from `first` to `most`, and each
/// wait is spread.
class retry_wait {
 public:
  retry_wait(milliseconds first, milliseconds most, unsigned seed)
      : first_(first), most_(most), engine_(seed) {}
  retry_wait(const settings& s, unsigned seed) : retry_wait(s.retry_first, s.retry_max, seed) {}
  milliseconds next() {
    wait_ = wait_.count() == 0 ? first_ : std::min(2 * wait_, most_);
    return spread(wait_, std::uniform_real_distribution<>{0.0, 1.0}(engine_));
  }
  void reset() { wait_ = milliseconds{0}; }

 private:
  milliseconds first_;
  milliseconds most_;
  milliseconds wait_{0};
  std::minstd_rand engine_;
};

}  // namespace partita
