#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "batch/partition_context.hpp"
#include "protocol/values.hpp"

namespace partita {

/// Carries requests to stop to an executor whose thread runs the author's code, and shows the
/// progress of that code. Shared by executor, claimer and node; any thread.
class executor_control {
 public:
  struct current {
    lease_id lease;
    partition_no no = 0;
    std::shared_ptr<progress_cell> progress;
  };

  /// A batch under this lease is on its way to the executor.
  void expect(lease_id lease) {
    std::lock_guard lock{mutex_};
    batches_.push_back({lease, {}});
  }

  /// The batch expected first begins. The token tells when to stop it; perhaps at once.
  std::stop_token begin() {
    std::lock_guard lock{mutex_};
    return batches_.front().stop.get_token();
  }

  void begin_partition(partition_no no, std::shared_ptr<progress_cell> progress) {
    std::lock_guard lock{mutex_};
    current_ = current{batches_.front().lease, no, std::move(progress)};
  }

  void end() {
    std::lock_guard lock{mutex_};
    batches_.pop_front();
    current_.reset();
  }

  /// Asks whatever runs, or is about to run, under this lease to stop.
  void interrupt(lease_id lease) {
    std::lock_guard lock{mutex_};
    for (auto& b : batches_)
      if (b.lease == lease) b.stop.request_stop();
  }

  /// Asks whatever runs or is about to run to stop.
  void interrupt() {
    std::lock_guard lock{mutex_};
    for (auto& b : batches_) b.stop.request_stop();
  }

  std::optional<current> now() const {
    std::lock_guard lock{mutex_};
    return current_;
  }

 private:
  struct batch {
    lease_id lease;
    std::stop_source stop;
  };

  mutable std::mutex mutex_;
  std::deque<batch> batches_;
  std::optional<current> current_;
};

using controls = std::vector<std::shared_ptr<executor_control>>;

}  // namespace partita
