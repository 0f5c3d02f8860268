#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "tests/support/backend.hpp"

namespace partita::test {

/// Verbs on real PostgreSQL sessions, in an order that the test fixes: a verb that runs into a lock
/// the test holds stops there until the test lets go, whatever the machine is doing. REQUIRES: a
/// backend over PostgreSQL.
class interleaving {
 public:
  explicit interleaving(backend& on);
  ~interleaving();

  /// Takes locks and keeps them: "SELECT FROM partita.run FOR UPDATE".
  void hold(const std::string& sql);
  void let_go();

  /// Begins a verb on a thread and session of its own. Returns when it waits for a lock (true) or
  /// has ended (false).
  bool begin(const std::string& name, const std::function<void(store&)>& verb);

  /// Waits for its end. What it threw, or nothing.
  std::optional<errc> end_of(const std::string& name);

 private:
  struct played_verb;
  struct holder;

  backend& on_;
  std::unique_ptr<holder> holder_;
  std::map<std::string, std::unique_ptr<played_verb>> verbs_;
};

}  // namespace partita::test
