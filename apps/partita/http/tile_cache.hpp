#pragma once

#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "storage/store.hpp"

namespace partita::http {

/// Tiles of steps that somebody looked at: what is old is read once for all viewers, what may still
/// change is read again each time.
class tile_cache {
 public:
  using tiles = std::shared_ptr<const std::vector<tile_row>>;

  /// All tiles of a step, by time and node.
  tiles of(const reader& look, const step_row& step, db_time now);

 private:
  static constexpr std::size_t most_steps = 32;
  static constexpr int rows_a_read = 20'000;
  /// A report that the database kept waiting tells of attempts that ended so long ago.
  static constexpr std::chrono::seconds may_change{300};

  struct entry {
    std::mutex guard;
    tiles known;
    db_time read_at{};
    bool whole = false;  // the step had ended for long when it was read
  };
  std::shared_ptr<entry> entry_of(step_id step);

  std::mutex guard_;
  std::map<step_id, std::shared_ptr<entry>> entries_;
  std::list<step_id> used_;  // the latest first
};

}  // namespace partita::http
