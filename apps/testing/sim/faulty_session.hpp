#pragma once

#include "apps/testing/sim/world.hpp"
#include "storage/database.hpp"

namespace partita::sim {

/// A session whose verbs may fail in every way a database over a network can fail: before they
/// happen, after, or by happening when their caller has given up.
class faulty_session final : public session {
 public:
  /// `m` null: a session of a user.
  faulty_session(world& w, world::member* m, const session_options& options);

  void run(verb& v) override;

 private:
  void meanwhile(const std::function<void()>& call);
  void wait(milliseconds time);

  world& world_;
  world::member* member_;
  milliseconds timeout_;
  bool may_wait_;   // not the session of the masters: they share it under a lock
  bool of_claims_;  // the claimer and the reporter of a node take turns on it
  std::shared_ptr<session> inner_;
};

}  // namespace partita::sim
