#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "batch/partition_context.hpp"
#include "protocol/values.hpp"

namespace partita {

/// The one thing that must reach an executor while the author's code has its thread: the request
/// to stop. Also where its progress is read. Shared by executor, claimer and node; any thread.
class executor_control {
 public:
  struct current {
    lease_id lease;
    partition_no no = 0;
    std::shared_ptr<progress_cell> progress;
  };

  /// A batch begins under this lease. The token tells when to stop it.
  std::stop_token begin(lease_id lease) {
    std::lock_guard lock{mutex_};
    lease_ = lease;
    stop_ = {};
    return stop_.get_token();
  }

  void begin_partition(partition_no no, std::shared_ptr<progress_cell> progress) {
    std::lock_guard lock{mutex_};
    current_ = current{lease_, no, std::move(progress)};
  }

  void end() {
    std::lock_guard lock{mutex_};
    lease_ = {};
    current_.reset();
  }

  /// Asks whatever runs under this lease to stop.
  void interrupt(lease_id lease) {
    std::lock_guard lock{mutex_};
    if (lease_ == lease) stop_.request_stop();
  }

  /// Asks whatever runs to stop.
  void interrupt() {
    std::lock_guard lock{mutex_};
    stop_.request_stop();
  }

  std::optional<current> now() const {
    std::lock_guard lock{mutex_};
    return current_;
  }

 private:
  mutable std::mutex mutex_;
  lease_id lease_;
  std::stop_source stop_;
  std::optional<current> current_;
};

using controls = std::vector<std::shared_ptr<executor_control>>;

}  // namespace partita
