#pragma once

#include <sys/types.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "apps/partita/signals.hpp"
#include "protocol/liveness.hpp"

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
  /// `at_once`: how long nodes have to end when they are told to end at once.
  explicit local_cluster(milliseconds at_once = milliseconds{3000}) : at_once_(at_once) {}
  /// Kills what still runs.
  ~local_cluster();
  local_cluster(const local_cluster&) = delete;
  local_cluster& operator=(const local_cluster&) = delete;

  /// In a process group of its own, so that Ctrl-C reaches only this process. Its stdout is our
  /// stderr: data on our stdout is ours alone. Throws std::system_error.
  pid_t start(const child_plan& plan);

  /// How many still run. Collects those that ended.
  std::size_t alive();

  struct ended_process {
    pid_t pid = 0;
    std::string how;  // "was ended by SIGSEGV (Segmentation fault)"
    milliseconds lived{0};
  };
  /// Those that were found to have ended since the last call.
  std::vector<ended_process> take_ended() { return std::exchange(ended_, {}); }

  /// SIGKILL; returns when the process is gone. False if it is not (or no longer) ours.
  bool kill(pid_t pid);

  /// SIGTERM; after `grace`, SIGKILL. A signal that arrives meanwhile: `stop_now`. Returns when all
  /// are gone.
  void stop(signal_watch& signals, milliseconds grace);

  /// Two signals, which to a node mean: at once; after that long, or when a signal arrives,
  /// SIGKILL. Returns when all are gone.
  void stop_now(signal_watch& signals);

 private:
  struct child {
    pid_t pid = 0;
    mono_time started;
  };

  void send(int signal) const;
  void kill_all();
  const milliseconds at_once_;
  std::vector<child> children_;
  std::vector<ended_process> ended_;
};

}  // namespace partita::cli
