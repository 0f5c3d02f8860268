#pragma once

#include <cstdio>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "protocol/liveness.hpp"
#include "protocol/values.hpp"

namespace partita::cli {

/// How fast a count grows, by its last changes: fast counts are judged by the last seconds, slow
/// ones by as long as it takes.
class rate_meter {
 public:
  /// REQUIRES: times ascend. A count that falls (a run begins its next step) starts anew.
  void add(mono_time at, std::int64_t count);
  /// 0 until the count has grown once.
  double per_second(mono_time now) const;

 private:
  struct change {
    mono_time at;
    std::int64_t count;
  };
  std::deque<change> changes_;
};

/// What a progress line tells.
struct progress_view {
  run_id run;
  std::string job;
  run_state state = run_state::created;
  bool has_master = false;
  bool stopping = false;
  std::string waits_for;           // "": nothing that is known of
  std::vector<std::string> steps;  // those under way
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::int64_t total = 0;
  bool sealed = false;  // `total` is final
  std::int64_t rows = 0;
  double partitions_per_second = 0;
  double rows_per_second = 0;
};

/// "[####......]"
std::string progress_bar(std::int64_t done, std::int64_t total, int cells);
/// One line for a terminal of this many columns.
std::string bar_line(const progress_view& view, std::size_t columns);
/// One line for a log.
std::string plain_line(const progress_view& view);

/// Progress on stderr: one line that is redrawn on a terminal; elsewhere a line when something
/// changed, at most one a second.
class progress_display {
 public:
  progress_display();
  /// Leaves the cursor on a line of its own.
  ~progress_display();
  progress_display(const progress_display&) = delete;
  progress_display& operator=(const progress_display&) = delete;

  /// Fills in the rates and shows it.
  void show(progress_view view, mono_time now);
  /// A sentence above the progress line.
  void note(const std::string& sentence);

 private:
  bool terminal_;
  bool drawn_ = false;  // the cursor stands at the end of a progress line
  std::string last_;
  std::optional<mono_time> last_at_;
  rate_meter partitions_;
  rate_meter rows_;
};

}  // namespace partita::cli
