#pragma once

#include <map>
#include <string>
#include <vector>

#include "storage/database.hpp"

namespace partita::postgres {

/// Where the database is, and how to talk to it: the keywords of libpq.
class conninfo {
 public:
  /// A URL or `key=value …`. Throws store_error bad_request.
  explicit conninfo(const std::string& text);

  /// The string to connect with. All settings of the session travel in it and none is ever SET, so
  /// that they hold after every reconnect, and behind a pooler that shares sessions.
  std::string with(const session_options& options) const;

  /// One for each of its hosts, where the one that takes writes is looked for; else just this.
  std::vector<conninfo> hosts() const;

  /// postgresql://USER@HOST:PORT/DBNAME, without a password; of several hosts, each with its port.
  std::string address() const;

  /// The value, or what libpq would use for it (environment, built in), or "".
  std::string get(const std::string& keyword) const;
  /// The value the text itself gives, or "".
  std::string get_given(const std::string& keyword) const;

 private:
  std::map<std::string, std::string> given_;
};

}  // namespace partita::postgres
