#pragma once

#include <signal.h>

#include <optional>

#include "protocol/values.hpp"

namespace partita::cli {

/// Receives SIGINT, SIGTERM and SIGHUP (a closed terminal; not where it is ignored, as under
/// nohup). From now on these signals interrupt nothing: `wait` returns them, and a signal that
/// comes after the last `wait` does not change how the process ends. REQUIRES: made before any
/// other thread is started, because threads inherit the blocked signals.
class signal_watch {
 public:
  signal_watch();
  signal_watch(const signal_watch&) = delete;
  signal_watch& operator=(const signal_watch&) = delete;

  /// The next signal, or nothing when `limit` has passed. This is also how the main thread rests.
  std::optional<int> wait(milliseconds limit);

 private:
  sigset_t watched_;
};

}  // namespace partita::cli
