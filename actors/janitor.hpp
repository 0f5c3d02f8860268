#pragma once

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/deps.hpp"
#include "actors/log_event.hpp"
#include "actors/retries.hpp"
#include "actors/session.hpp"
#include "protocol/interfaces.hpp"

namespace partita {

/// What became of files of purged runs, since it was logged.
struct purge_tally {
  std::int64_t removed = 0;
  std::int64_t left = 0;  // they could not be removed
};

/// Purges runs that are past what is kept of their jobs, and removes their files, where their jobs
/// ask for it, and then their rows, in small pieces: all nodes together spend a tenth of the time
/// with it. Between its rounds it has no session.
struct janitor_state {
  janitor_state() = default;

  void begin_round();
  /// The next piece, of files first.
  void go_on();

  janitor_actor::stateful_pointer<janitor_state> self = nullptr;
  deps_ptr deps;
  std::unique_ptr<lazy_session<retention_store>> db;
  std::unique_ptr<retries> tries;
  milliseconds pause{0};       // that the next piece is followed by
  bool more_are_past = false;  // the last round purged as many as one transaction takes
  bool files_first = false;    // there may be files of purged runs
  purged_files_cursor files;   // those before it were gone through
  purge_tally tally;           // of them
  static inline const char* name = "janitor";

 private:
  enum class step { done, nothing_left, resting };  // resting: somebody else is at it

  step remove_files();
  /// False: an object store is away, and what is left waits for the next round.
  bool remove(const purged_files& piece);
  void left(const log::subject& of, const std::string& file, const std::string& why);
  void end_of_files();
  step remove_rows();
  void answered();
  void look_later();
  void failed(const store_error& e);
  void rest();
};

janitor_actor::behavior_type janitor(janitor_actor::stateful_pointer<janitor_state> self,
                                     deps_ptr deps);

}  // namespace partita
