#pragma once

#include <chrono>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "storage/store.hpp"

namespace partita::http {

/// A report that the database kept waiting tells of attempts that ended so long ago.
constexpr std::chrono::seconds tile_may_change{300};

/// The tiles of a step, and what is asked of all of them, which takes longer than to keep it.
struct step_tiles {
  explicit step_tiles(std::vector<tile_row> all);

  std::vector<tile_row> rows;                                        // by time and node
  std::vector<node_id> nodes;                                        // of them, ascending
  std::vector<std::pair<std::chrono::seconds, std::int64_t>> ended;  // attempts of each time
};

/// Steps that somebody looked at: what is old is read once for all viewers, what may still change
/// is read again each time. A step that has ended stays as it is, for it ends when no lease of it
/// is LIVE.
class tile_cache {
 public:
  using tiles = std::shared_ptr<const step_tiles>;
  using durations = std::shared_ptr<const std::vector<microseconds>>;

  /// All tiles of a step. `step` as it was read before.
  tiles of(const reader& look, const step_row& step, db_time now);

  /// A sample of what its partitions took.
  durations durations_of(const reader& look, const step_row& step);

 private:
  static constexpr std::size_t most_steps = 32;
  static constexpr int rows_a_read = 20'000;
  static constexpr int durations_sampled = 4'000;

  struct entry {
    std::mutex guard;
    tiles known;
    db_time read_at{};
    bool whole = false;  // the step had ended when it was read
    durations took;      // null: not read, or not final
  };
  std::shared_ptr<entry> entry_of(step_id step);

  std::mutex guard_;
  std::map<step_id, std::shared_ptr<entry>> entries_;
  std::list<step_id> used_;  // the latest first
};

}  // namespace partita::http
