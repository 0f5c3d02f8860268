#pragma once

#include <signal.h>

#include <optional>

#include "protocol/values.hpp"

namespace partita::cli {

/// SIGINT and SIGTERM as something to wait for. From now on they interrupt nothing: they are handed
/// out by `wait`, and one that comes when nobody waits any more changes nothing about how the
/// process ends. REQUIRES: made before any other thread is started, because threads inherit what is
/// blocked.
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
