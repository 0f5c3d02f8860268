#include "apps/partita/run_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "apps/partita/documents.hpp"
#include "apps/partita/waiting_text.hpp"
#include "storage/clock.hpp"
#include "storage/text.hpp"

namespace partita::cli {

namespace {

constexpr milliseconds run_look_every{200};

/// Of a run that did not move for so long it is found out why, and now and then anew.
constexpr milliseconds patience{1000};
constexpr milliseconds ask_every{5000};

}  // namespace

progress_view progress_of(const run_view& view) {
  auto sum = totals_of(view.steps);
  progress_view shown;
  shown.run = view.run.id;
  shown.job = view.run.job.name;
  shown.state = view.run.state;
  shown.has_master = static_cast<bool>(view.run.master);
  shown.stopping = view.run.stop != stop_mode::none;
  shown.waits_for = view.waits_for;
  shown.completed = sum.completed;
  shown.failed = sum.failed;
  shown.total = sum.total;
  shown.sealed = sum.sealed;
  shown.rows = sum.items.read;
  for (const auto& step : view.steps)
    if (step.row.state == step_state::running) shown.steps.push_back(step.row.spec.name);
  return shown;
}

/// Asks only when nothing moves: it costs two reads more.
std::string run_watcher::what_keeps(const run_view& view) {
  const auto sum = totals_of(view.steps);
  const auto now = boot_now();
  auto stands = fmt::format("{} {} {} {} {}", to_string(view.run.state), view.run.term.value,
                            view.steps.size(), sum.total, sum.completed + sum.failed);
  if (stands != seen_) {
    seen_ = std::move(stands);
    moved_ = now;
    waits_for_.clear();
  } else if (now - moved_ >= patience && now - asked_ >= (asked_ < moved_ ? patience : ask_every)) {
    asked_ = now;
    waits_for_ = reasons_to_wait{*session_, session_->list_nodes(false)}.of(view.run);
  }
  return waits_for_;
}

std::optional<run_view> run_watcher::read(run_id run) {
  try {
    if (!session_) session_.emplace(db_->connect({}));
    auto row = session_->find_run(run);
    if (!row)
      throw store_error(errc::not_found, "there is no " + named(run) + " in " + db_->address());
    run_view view{std::move(*row), session_->summarize(run)};
    view.waits_for = what_keeps(view);
    if (away_) note_("the database answers again");
    away_ = false;
    return view;
  } catch (const store_error& e) {
    if (e.code() != errc::unavailable) throw;
    if (!away_) note_(std::string{"the database does not answer, waiting for it: "} + e.what());
    away_ = true;
    return std::nullopt;
  }
}

watch_result watch_run(run_watcher& watcher, run_id run, progress_display& display,
                       signal_watch& signals, std::optional<milliseconds> timeout,
                       const std::function<bool(const run_view*)>& go_on) {
  const auto begun = boot_now();
  watch_result result;
  for (;;) {
    auto view = watcher.read(run);
    if (view) {
      display.show(progress_of(*view), boot_now());
      result.last = view;
      if (is_terminal(view->run.state)) return result;
    }
    if (go_on && !go_on(view ? &*view : nullptr)) {
      result.end = watch_end::abandoned;
      return result;
    }
    auto rest = run_look_every;
    if (timeout) {
      auto left = std::chrono::ceil<milliseconds>(begun + *timeout - boot_now());
      if (left <= milliseconds{0}) {
        result.end = watch_end::timed_out;
        return result;
      }
      rest = std::min(rest, left);
    }
    if (const auto signal = signals.wait(rest)) {
      result.signal = *signal;
      result.end = watch_end::interrupted;
      return result;
    }
  }
}

}  // namespace partita::cli
