#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "apps/partita/signals.hpp"

namespace partita::cli {

/// How to start one more copy of this program. Addresses and the like travel in the environment:
/// everybody on the machine can read the arguments of a process.
struct child_plan {
  std::vector<std::string> words;                  // the command and its options
  std::map<std::string, std::string> environment;  // on top of this process's own
};

/// Node processes this process started. They end with it, however it ends.
class local_cluster {
 public:
  local_cluster() = default;
  /// Kills what still runs.
  ~local_cluster();
  local_cluster(const local_cluster&) = delete;
  local_cluster& operator=(const local_cluster&) = delete;

  /// In a process group of its own, so that Ctrl-C reaches only this process. Its stdout is our
  /// stderr: data on our stdout is ours alone. Throws std::system_error.
  pid_t start(const child_plan& plan);

  /// How many still run. Collects those that ended.
  std::size_t alive();

  /// SIGKILL; returns when the process is gone. False if it is not (or no longer) ours.
  bool kill(pid_t pid);

  /// SIGTERM, and again for every signal that arrives meanwhile (to a node the second one means:
  /// at once); after `grace`, SIGKILL. Returns when all are gone.
  void stop(signal_watch& signals, milliseconds grace);

 private:
  void send(int signal) const;
  std::vector<pid_t> pids_;
};

}  // namespace partita::cli
