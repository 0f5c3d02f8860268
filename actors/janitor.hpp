#pragma once

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/deps.hpp"
#include "actors/retries.hpp"
#include "actors/session.hpp"
#include "protocol/interfaces.hpp"

namespace partita {

/// Purges runs that are past what is kept of their jobs, and removes their rows in small pieces:
/// all nodes together spend a tenth of the time with it. Between its rounds it has no session.
struct janitor_state {
  janitor_state() = default;

  void begin_round();
  void go_on();

  janitor_actor::stateful_pointer<janitor_state> self = nullptr;
  deps_ptr deps;
  std::unique_ptr<lazy_session<retention_store>> db;
  std::unique_ptr<retries> tries;
  milliseconds pause{0};       // that the next piece is followed by
  bool more_are_past = false;  // the last round purged as many as one transaction takes
  static inline const char* name = "janitor";

 private:
  void answered();
  void failed(const store_error& e);
  void rest();
};

janitor_actor::behavior_type janitor(janitor_actor::stateful_pointer<janitor_state> self,
                                     deps_ptr deps);

}  // namespace partita
