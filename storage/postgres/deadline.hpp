#pragma once

#include <atomic>

#include "protocol/values.hpp"

namespace partita::postgres {

/// A limit on how long this process waits for an answer of the server.
///
/// A server whose processes are stopped or stuck keeps its sockets open, and its kernel goes on to
/// acknowledge what it gets: then no keepalive and no timeout of the server ends the wait. When the
/// time is over, a thread of this process shuts the socket, and the call that waits throws
/// pqxx::broken_connection. What was asked for may have happened.
class answer_deadline {
 public:
  /// REQUIRES: `socket` is open. It is duplicated: libpq may close its own at any time.
  explicit answer_deadline(int socket);
  ~answer_deadline();
  answer_deadline(const answer_deadline&) = delete;
  answer_deadline& operator=(const answer_deadline&) = delete;

  /// A question is about to be sent: the answer has this long. Replaces an earlier limit.
  void begin(milliseconds most);
  /// Nothing is waited for any more.
  void end();

  /// Whether the socket was shut because no answer came in time.
  bool passed() const;

 private:
  friend class deadline_thread;
  int socket_;
  std::atomic<std::int64_t> due_ = 0;  // nanoseconds by boot_now(); 0: nothing is waited for
  std::atomic<bool> passed_ = false;
};

}  // namespace partita::postgres
