#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "storage/postgres/connection.hpp"
#include "storage/postgres/conninfo.hpp"
#include "storage/postgres/witness.hpp"

namespace partita::postgres {

/// A connection, and the server at its other end.
struct reached_server {
  std::unique_ptr<connection> link;
  server_sight sight;
};

/// Opens connections to a database that may have several hosts, of which one takes writes.
///
/// Of several, the host that answered last comes first: one that is frozen costs each new
/// connection its whole budget. A process that has not worked with any of them yet asks them all,
/// and takes the one with the newest history. A primary that is older than one this process knows
/// is not followed.
class dialer {
 public:
  explicit dialer(conninfo where);

  /// Where all servers that can be reached lack what was acknowledged to this process, the loss is
  /// counted in `history` and written into the event log of the one that is taken. Throws
  /// store_error: unavailable, access_denied, bad_request.
  reached_server connect(const session_options& options);

  bool has_alternatives() const { return hosts_.size() > 1; }
  const conninfo& where() const { return where_; }
  witness& history() { return history_; }

 private:
  reached_server reach(const conninfo& host, const session_options& options);
  void tell_of_loss(reached_server& found);

  const conninfo where_;
  const std::vector<conninfo> hosts_;
  std::atomic<std::size_t> answered_last_ = 0;  // of hosts_
  witness history_;
};

}  // namespace partita::postgres
