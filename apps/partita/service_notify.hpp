#pragma once

#include <string>

#include "protocol/liveness.hpp"
#include "protocol/values.hpp"

namespace partita::cli {

/// Tells the service manager that started this process (systemd, Type=notify) how it is. Without
/// one, all calls do nothing. A message that cannot be sent is not an error; READY=1 and WATCHDOG=1
/// are sent with a later call then. One thread only: the one whose life WATCHDOG=1 proves.
class service_notify {
 public:
  /// Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment: what this process
  /// starts must not speak for it. REQUIRES: no other thread has been started.
  static service_notify from_environment();

  /// `socket`: a path, "@NAME" for an abstract one, "" for nobody. `watchdog`: how long the manager
  /// waits for a WATCHDOG=1 before it ends the process; 0: for ever.
  explicit service_notify(std::string socket, microseconds watchdog = {});

  /// READY=1, once, and what the process does now.
  void ready(const std::string& status);

  /// WATCHDOG=1 when one is due. `sign`: when the part of the process that must not be stuck gave
  /// its last sign of life; it may be `longest` old. What is older makes the manager end the
  /// process, and its status says why.
  void alive(mono_time now, mono_time sign, milliseconds longest);

  /// STOPPING=1, once, and how long the end may take.
  void stopping(const std::string& status, milliseconds most);

  /// How often `alive` should be called at least; 0: it need not be.
  milliseconds period() const;

 private:
  bool send(const std::string& text) const;

  std::string socket_;
  microseconds watchdog_;
  std::string status_;
  mono_time fed_{};  // when WATCHDOG=1 was sent last
  bool ready_ = false;
  bool stopping_ = false;
  bool stuck_ = false;
};

}  // namespace partita::cli
