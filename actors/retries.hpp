#pragma once

#include <exception>
#include <utility>

#include "actors/deps.hpp"
#include "actors/log_event.hpp"
#include "protocol/errors.hpp"

namespace partita {

/// What an actor does about a database that does not answer: it waits longer from try to try, and
/// the log tells of the first failure and of the end.
class retries {
 public:
  explicit retries(retry_wait wait) : wait_(wait) {}

  /// Returns how long to wait.
  milliseconds failed(log::event_name what, const log::subject& of, const store_error& e) {
    if (!std::exchange(failing_, true))
      log::warn(what, of, {{"code", to_string(e.code())}, {"why", e.what()}});
    return wait_.next();
  }
  milliseconds failed(log::event_name what, node_id node, const store_error& e) {
    return failed(what, log::subject{.node = node}, e);
  }
  /// It failed, and the log has an event of its own for that. Returns how long to wait.
  milliseconds refused() { return wait_.next(); }

  /// Returns whether there was a failure that was logged.
  bool succeeded() {
    wait_.reset();
    return std::exchange(failing_, false);
  }
  bool failing() const { return failing_; }

 private:
  retry_wait wait_;
  bool failing_ = false;
};

/// Does each, though one of them fails: a step with damaged rows keeps no other one from going on.
/// Throws what the first failure was, and at once what concerns all of them.
template <class Things, class Do>
void each_by_itself(const Things& things, Do&& act) {
  std::exception_ptr first;
  for (const auto& one : things) {
    try {
      act(one);
    } catch (const store_error& e) {
      if (e.code() == errc::unavailable || e.code() == errc::term_lost ||
          e.code() == errc::history_lost)
        throw;
      if (!first) first = std::current_exception();
    }
  }
  if (first) std::rethrow_exception(first);
}

}  // namespace partita
