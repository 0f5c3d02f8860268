#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "storage/clock.hpp"
#include "storage/tables.hpp"
#include "storage/transaction.hpp"

namespace partita::memory {

using partition_key = std::pair<step_id, partition_no>;
using skipped_key = std::tuple<step_id, partition_no, std::int64_t>;
using attempt_key = std::pair<lease_id, partition_no>;
using log_key = std::tuple<step_id, partition_no, lease_id, std::int64_t>;  // number % kept
using counter_key = std::pair<step_id, node_id>;
using tile_key = std::tuple<step_id, std::chrono::seconds, node_id>;
using name_key = std::pair<run_id, std::string>;

/// The tables by primary key, and the one lock over all of them: a session holds it from the first
/// look of a verb to its last change.
struct state {
  explicit state(wall_clock c) : clock(std::move(c)) {}

  std::mutex guard;
  const wall_clock clock;

  std::map<node_id, node_row> nodes;
  std::map<job_ref, known_job> jobs;
  std::map<run_id, run_row> runs;
  std::map<step_id, step_record> steps;
  std::map<partition_key, partition_record> partitions;
  std::map<std::int64_t, ready_record> ready;
  std::map<lease_id, lease_record> leases;
  std::map<partition_key, result_record> results;
  std::map<partition_key, checkpoint_record> checkpoints;
  std::map<skipped_key, skipped_row> skipped;
  std::map<attempt_key, failure_row> failures;
  std::map<log_key, log_row> log;
  std::map<counter_key, counter_record> counters;
  std::map<tile_key, tile_row> tiles;
  std::map<name_key, name_owner> names;
  std::map<std::string, pause_mark> paused_jobs;
  std::map<std::string, limit_row> limits;
  std::map<schedule_id, schedule_row> schedules;
  std::map<int, bool> balanced{{0, true}};  // one row: whether their owners are as they should be
  std::map<std::string, retention_row> retention;
  std::map<run_id, bool> purging;     // purged runs that have rows: whether their files are gone
  std::map<int, db_time> purge_turn;  // one row
  std::vector<event_row> events;
  // Rows of these are deleted. Their ids are not used again.
  std::int64_t last_ready_id = 0;
  std::int64_t last_schedule_id = 0;
  std::int64_t last_step_id = 0;
  std::int64_t last_lease_id = 0;
  std::int64_t last_event_id = 0;
};

/// The row with this key, or null.
template <class Map>
auto* find(Map& map, const typename Map::key_type& key) {
  auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

/// The id after the highest one given so far.
template <class Map>
auto next_id(const Map& map) {
  using id = typename Map::key_type;
  return map.empty() ? id{1} : id{map.rbegin()->first.value + 1};
}

/// Whether a run is in one of these states, as they are shown; none: any.
inline bool is_shown_as(const run_row& run, const std::vector<std::string>& states) {
  const auto state = run.abandoned ? std::string_view{"ABANDONED"} : to_string(run.state);
  return states.empty() || std::find(states.begin(), states.end(), state) != states.end();
}

/// What a transaction changed, and how to take it back.
class journal {
 public:
  /// To be called before the row with this key is inserted, changed or erased.
  template <class Map>
  void keep(Map& map, const typename Map::key_type& key) {
    std::optional<typename Map::mapped_type> before;
    if (const auto* row = find(map, key)) before = *row;
    undo_.push_back([&map, key, before = std::move(before)] {
      if (before)
        map.insert_or_assign(key, *before);
      else
        map.erase(key);
    });
  }

  void undo() {
    for (; !undo_.empty(); undo_.pop_back()) undo_.back()();
  }

 private:
  std::vector<std::function<void()>> undo_;
};

}  // namespace partita::memory
