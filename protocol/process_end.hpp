#pragma once

#include <string.h>
#include <sys/wait.h>

#include <string>

namespace partita {

/// "SIGSEGV (Segmentation fault)".
inline std::string name_of_signal(int signal) {
  const auto* name = ::sigabbrev_np(signal);
  const auto* words = ::sigdescr_np(signal);
  if (!name || !words) return "signal " + std::to_string(signal);
  return std::string{"SIG"} + name + " (" + words + ")";
}

/// How a process ended, as waitpid tells it: "was ended by SIGSEGV (Segmentation fault)".
inline std::string describe_end(int wait_status) {
  if (WIFSIGNALED(wait_status)) return "was ended by " + name_of_signal(WTERMSIG(wait_status));
  return "ended with exit code " + std::to_string(WEXITSTATUS(wait_status));
}

}  // namespace partita
