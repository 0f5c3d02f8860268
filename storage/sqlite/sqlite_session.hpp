#pragma once

#include <memory>

#include "storage/session.hpp"
#include "storage/sqlite/connection.hpp"

namespace partita::sqlite {

/// A session: one connection; a new one when that broke.
class sqlite_session final : public session {
 public:
  /// REQUIRES: `db` was opened with `options`.
  sqlite_session(open_options options, std::unique_ptr<connection> db);

  /// Again as a whole after a lock conflict or a lost race.
  void run(verb& v) override;

 private:
  void run_once(verb& v);

  /// Throws as `connection` does, and `unavailable` when the file was moved away under it.
  connection& open(access mode);

  open_options options_;
  std::unique_ptr<connection> db_;
};

}  // namespace partita::sqlite
