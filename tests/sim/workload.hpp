#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "batch/batch.hpp"
#include "tests/sim/script.hpp"

namespace partita::sim {

/// What is known from outside of the engine about what must be in its tables.
struct oracle {
  struct acknowledgement {
    lease_id lease;
    partition_no no;
    bool completed;
  };
  std::vector<acknowledgement> acknowledged;
  std::map<std::pair<run_id, partition_no>, int> single_starts;
  std::map<std::pair<run_id, partition_no>, std::int64_t> position;  // of committed checkpoints
  std::map<std::pair<run_id, std::string>, int> begins_heard;        // of steps, by listeners
  std::map<std::pair<run_id, std::string>, int> ends_heard;          // "": of the run
  std::vector<std::string> broken;
};

/// What the partitions of a run of any job must add up to.
std::int64_t expected_sum(std::int64_t count);

/// The items of each partition of the job `ledger`: the author's table, without any key, must hold
/// each once, but for two. One is malformed, and the table refuses another.
inline constexpr int ledger_items = 12;
inline constexpr int malformed_item = 5;
inline constexpr int refused_item = 7;

/// A folder in memory, gone with it.
struct scratch_folder {
  scratch_folder();
  ~scratch_folder();
  std::filesystem::path path;
};

/// The jobs, as they run in this world.
class jobs_of {
 public:
  jobs_of(const script& s, std::uint64_t seed, backing kind, oracle& o)
      : script_(s), seed_(seed), kind_(kind), oracle_(o) {}

  world* where = nullptr;  // set before anything runs

  std::vector<job> all();
  /// Of purged runs whose files go with them, none is left.
  void check_purged_files(const tables& rows);

 private:
  milliseconds duration(std::int64_t no, int attempt);
  void maybe_fail(const partition_context& p);
  void plain(partition_context& p);
  void filed(partition_context& p, std::int64_t name);
  void check_file(const partition_result& one, const run_context& run);
  void once(partition_context& p);
  void chunks(partition_context& p);
  void ledger(partition_context& p);
  void check_items(const partition_result& one, const run_context& run);
  chunked<int> entries(const partition_context& p);
  job flow_of(job named, const std::function<partitioned(const std::string&)>& step);

  const script& script_;
  std::uint64_t seed_;
  backing kind_;
  oracle& oracle_;
  scratch_folder folder_;
  int yielded_ = 0;
  int decided_ = 0;
};

}  // namespace partita::sim
