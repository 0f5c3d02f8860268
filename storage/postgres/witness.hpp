#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>

#include "protocol/values.hpp"

namespace partita::postgres {

/// A row of the event log that the server has acknowledged. When history is lost its number may be
/// used again; its time is not.
struct acknowledged_event {
  std::int64_t id = 0;
  std::int64_t at = 0;  // microseconds since 1970, by the server's clock
};

/// What a fresh connection tells of its server.
struct server_sight {
  bool standby = false;       // it only reads, and may lag
  std::string cluster;        // the server's system identifier; "" if it cannot be read
  std::int64_t timeline = 0;  // grows with each promotion; 0 if it cannot be read
  bool has_newest = true;     // the newest event this process knows of is there
};

enum class server_verdict {
  trusted,
  older,         // a primary from before a promotion that this process knows of
  history_lost,  // what was acknowledged is not there
};

/// What this process remembers of the database, to notice a server that is not the one it has
/// worked with, or that lost something: an old primary that came back, a standby that was promoted
/// before it had received everything. Never stored: a process that starts knows nothing, so a
/// database that was restored while no process ran raises no alarm.
///
/// One for all sessions of a process with one database; for any number of threads.
class witness {
 public:
  /// A transaction was committed that wrote this event.
  void acknowledged(acknowledged_event newest);
  std::optional<acknowledged_event> newest() const;

  /// Timelines are compared only within one system identifier.
  server_verdict judge(const server_sight& sight) const;

  /// This process works with that server from now on.
  void trust(const server_sight& sight);

  /// Forgets what was acknowledged, which is no more. Until `begin_anew`, nothing that this process
  /// remembers of the database may be used.
  void lose_history();
  bool history_is_lost() const;
  void begin_anew();
  /// How often history was lost.
  int losses() const;

  /// How often anything but `newest` has changed: while it stays the same, so do all other answers.
  /// Costs no lock.
  int changes() const { return changes_; }

  /// Whether a primary with a newer history than this one is known.
  bool knows_newer(const server_sight& than) const;
  bool knows_a_server() const;

 private:
  bool older(const server_sight& sight) const;

  mutable std::mutex mutex_;
  std::atomic<int> changes_ = 0;
  std::optional<acknowledged_event> newest_;
  std::optional<server_sight> trusted_;
  int losses_ = 0;
  bool lost_ = false;
};

}  // namespace partita::postgres
