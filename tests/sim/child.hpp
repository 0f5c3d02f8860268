#pragma once

#include <functional>
#include <string>

#include <sys/types.h>

namespace partita::sim {

/// A process of its own that computes a text.
class child {
 public:
  /// Begins at once.
  explicit child(const std::function<std::string()>& compute);
  child(const child&) = delete;
  child& operator=(const child&) = delete;

  /// Waits for the text. Throws std::runtime_error if the process died.
  std::string wait();

 private:
  pid_t pid_;
  int from_;
};

}  // namespace partita::sim
