#pragma once

#include <condition_variable>
#include <mutex>

#include "protocol/liveness.hpp"

namespace partita::cli {

/// Ends the process at a moment, whatever its other threads do: a body that does not stop, a log
/// that nobody reads. Lives as long as the process.
class forced_end {
 public:
  /// Starts a thread that is never joined.
  forced_end(mono_time by, int exit_code);
  forced_end(const forced_end&) = delete;
  forced_end& operator=(const forced_end&) = delete;

  /// No later than this.
  void sooner(mono_time by);

 private:
  void watch();

  std::mutex mutex_;
  std::condition_variable changed_;
  mono_time by_;
  const int exit_code_;
};

}  // namespace partita::cli
