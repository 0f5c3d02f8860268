#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "apps/partita/progress.hpp"
#include "apps/partita/signals.hpp"
#include "protocol/run_plan.hpp"
#include "storage/database.hpp"
#include "storage/store.hpp"

namespace partita::cli {

struct run_view {
  run_row run;
  std::vector<step_summary> steps;
  std::string waits_for{};         // "": nothing, or not known yet
  std::vector<step_shape> plan{};  // of its job; empty: not known
};
progress_view progress_of(const run_view& view);

/// Looks at a run again and again, on a session of its own, through outages of the database.
class run_watcher {
 public:
  /// `note` is told once when the database stops answering, and once when it answers again.
  run_watcher(std::shared_ptr<database> db, std::function<void(const std::string&)> note)
      : db_(std::move(db)), note_(std::move(note)) {}

  /// Nothing while the database does not answer. Throws store_error for everything else, and
  /// not_found if there is no such run.
  std::optional<run_view> read(run_id run);

 private:
  std::shared_ptr<database> db_;
  std::function<void(const std::string&)> note_;
  std::string what_keeps(const run_view& view);

  std::optional<reader> session_;
  bool away_ = false;
  std::string seen_;       // how the run stood at the last look
  mono_time moved_{};      // when that changed last
  mono_time asked_{};      // when `waits_for_` was found out
  std::string waits_for_;  // of a run that did not move
};

enum class watch_end {
  ended,        // the run is in a terminal state
  timed_out,    // the timeout passed; the run goes on
  interrupted,  // a signal arrived; the run goes on
  abandoned,    // `go_on` said no
};

struct watch_result {
  watch_end end = watch_end::ended;
  std::optional<run_view> last;  // as of the last look that succeeded
  int signal = 0;                // that interrupted it
};

/// Shows progress until the run ends. `go_on` is asked after each look at a live run; it may be
/// empty.
watch_result watch_run(run_watcher& watcher, run_id run, progress_display& display,
                       signal_watch& signals, std::optional<milliseconds> timeout,
                       const std::function<bool(const run_view*)>& go_on = {});

}  // namespace partita::cli
