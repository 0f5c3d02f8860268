#pragma once

#include <vector>

#include "tests/sim/backing.hpp"
#include "tests/sim/blows.hpp"

namespace partita::sim {

/// The bound of the liveness phase: all faults have stopped; every run must end within this and the
/// time that its work takes on one executor, and as much later as the database's clock went back.
inline constexpr milliseconds recovery_bound{60'000};

enum class work_kind { sum, once, chunks, stream, two, clash, ledger, flow };
inline constexpr int work_kinds = 8;
inline constexpr const char* names[work_kinds] = {"sum", "once",  "chunks", "stream",
                                                  "two", "clash", "ledger", "flow"};

/// Whether the ledger of these runs, which continue each other, is rows and no files, so that its
/// skipped items can be tried again by themselves.
inline bool may_repeat_items(run_id first) { return first.value % 2 == 0; }

/// Everything drawn from a seed before anything happens.
struct script {
  explicit script(std::uint64_t seed);
  void draw_sharing(dice d);

  struct launch {
    milliseconds at;
    work_kind kind;
    int count;
    int priority = 0;
  };

  /// A schedule of runs of `sum`.
  struct timer {
    milliseconds at;
    int every_s;
    bool fixed_rate;
    overlap_policy overlap;
    int catch_up_s;
    int count;
  };

  settings limits;
  odds chances;
  std::vector<int> executors;  // of each first node
  std::vector<launch> launches;
  std::vector<timer> timers;
  std::vector<planned> plan;
  milliseconds faults_end;
  int longest_ms;   // a partition's work
  int failing = 0;  // of 10,000 attempts
  assignment strategy;
  int at_most = 0;   // partitions of some steps, at once; 0: any number
  int max_runs = 0;  // of some jobs
  static constexpr const char* limit_name = "api";
  milliseconds bound;  // of the recovery: of the engine, and of all the work on one executor
};

}  // namespace partita::sim
