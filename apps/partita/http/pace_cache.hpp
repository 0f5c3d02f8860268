#pragma once

#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "storage/store.hpp"

namespace partita::http {

/// How many partitions ended lately, in all runs: what is old is read once for all viewers, what
/// may still change is read again each time.
class pace_cache {
 public:
  /// The tiles that begin at most so long before `now`, by time.
  std::vector<pace_row> of(const reader& look, db_time now, std::chrono::seconds span);

 private:
  std::mutex guard_;
  std::map<std::pair<db_time, step_id>, pace_row> known_;
  db_time from_ = db_time::max(), read_at_{};  // what is known: all that begins between them
};

}  // namespace partita::http
