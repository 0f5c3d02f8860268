#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/values.hpp"
#include "storage/tables.hpp"

// Whether the rows of a database are ones the engine can have written: the invariants of the
// README, judged on one consistent moment and on the event log. Pure: rows in, findings out.
namespace partita::audit {

/// Numbered as in the README. The last one there (every run ends) cannot be checked on a single
/// moment.
enum class rule : int {
  rows = 0,          // states, times, counts and references agree with each other
  conservation = 1,  // a partition of a sealed step is in exactly one place
  one_result,        // and its lease was LIVE and covered the partition
  lease_of_node,     // no lease outlives its node
  fence,             // writes of workers and masters held their lease or term
  single_start,      // of partitions that may not be transferred
  one_live_run,      // of a job and its identifying parameters
  completed,         // a COMPLETED step or run has a COMPLETED result for each partition
  only_grows,        // terms and attempts; terminal states never change
  replay,            // the event log gives the tables
  one_name,          // a file's final name belongs to one partition of a run
  one_tick,          // a tick of a schedule starts one run; its owner is there
  within_limits,     // what LIVE leases put in execution
};
constexpr int rule_count = 13;

/// A few words for a listing.
std::string_view name_of(rule what);

/// The rows that contradict a rule, in one sentence.
struct finding {
  rule broken = rule::rows;
  std::string sentence;
};

struct check {
  std::int64_t checked = 0;  // rows, partitions or events this rule was asked of
  std::int64_t violations = 0;
};

/// At most `findings_kept` findings a rule are kept; all are counted.
constexpr std::int64_t findings_kept = 1000;

struct verdict {
  std::array<check, rule_count> checks{};
  std::vector<finding> findings;
  std::vector<db_time> losses;  // when a process missed what had been acknowledged to it

  check& of(rule what) { return checks[static_cast<std::size_t>(what)]; }
  const check& of(rule what) const { return checks[static_cast<std::size_t>(what)]; }
  bool clean() const;

  void count(rule what, std::int64_t rows = 1) { of(what).checked += rows; }
  void find(rule broken, std::string sentence);
};

/// Judges the rows by themselves.
void audit_rows(const tables& t, verdict& v);

/// Judges what results say beside their end: the counters they add up to, and the names of files.
void audit_results(const tables& t, verdict& v);

/// Judges schedules, their owners, and the runs of their ticks.
void audit_schedules(const tables& t, verdict& v);
void audit_limits(const tables& t, verdict& v);

/// Replays the event log, judging each move, and compares what it gives with the rows.
void audit_log(const tables& t, verdict& v);

/// All of it. REQUIRES: the rows are of one moment. They may be of some runs only, if they include
/// the runs these continue, and all nodes.
verdict audit(const tables& t);

}  // namespace partita::audit
