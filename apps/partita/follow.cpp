#include "apps/partita/follow.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/documents.hpp"
#include "storage/clock.hpp"

namespace partita::cli {

std::string suggest(const invocation& in, const std::string& command, run_id run) {
  return fmt::format("{} {} {}{}", in.program, command, run.value, db_flag(in.args));
}

std::string how_to_continue(const invocation& in, const std::shared_ptr<database>& db, run_id run) {
  try {
    const reader look{db->connect({})};
    if (const auto row = look.find_run(run); row && row->abandoned)
      return fmt::format("run {} is ABANDONED: submit its job again", run.value);
    if (const auto next = look.find_continuation(run))
      return fmt::format("run {} continues it: {}", next->id.value, suggest(in, "wait", next->id));
    const auto nodes = look.list_nodes(false);
    const auto at_work = std::any_of(nodes.begin(), nodes.end(), [](const node_row& node) {
      return node.state == node_state::active;
    });
    return suggest(in, "restart", run) + " continues it" +
           (at_work ? "" : ", once a node is at work");
  } catch (const store_error&) {
    return "";
  }
}

exit_code tell_end(const invocation& in, const std::shared_ptr<database>& db,
                   const run_view& view) {
  const auto& run = view.run;
  if (wants_json(in.args))
    std::cout << dump(run_document(run, view.steps, {}, wall_now())) << "\n";
  else if (const auto result = result_document(run); !result.is_null())
    std::cout << dump(result) << "\n";

  auto took = run.started_at && run.ended_at ? *run.ended_at - *run.started_at : microseconds{0};
  auto sentence = fmt::format("run {} of {} is {} after {}", run.id.value, run.job.name,
                              shown_state(run), duration_text(took));
  auto exit = exit_of(run.state);
  if (exit == exit_code::ok) {
    std::cerr << escape_controls(sentence) << "\n";
    return exit;
  }
  if (!run.error.empty()) sentence += ": " + run.error;
  auto code = exit == exit_code::stopped ? "run_stopped" : "run_failed";
  auto hint = suggest(in, "job", run.id) + " shows the details";
  if (const auto next = how_to_continue(in, db, run.id); !next.empty()) hint += "; " + next;
  std::cerr << render({exit, code, sentence, hint}, in.program, wants_json(in.args));
  return exit;
}

namespace {

std::string not_ended_yet(run_id run, const std::optional<run_view>& last) {
  auto sentence = fmt::format("run {} has not ended yet", run.value);
  if (!last || last->waits_for.empty()) return sentence + "; it goes on";
  return sentence + "; it waits for " + last->waits_for;
}

}  // namespace

exit_code follow(const invocation& in, const std::shared_ptr<database>& db, run_id run,
                 std::optional<milliseconds> timeout, signal_watch& signals) {
  watch_result result;
  {
    progress_display display;
    run_watcher watcher(db, [&](const std::string& sentence) { display.note(sentence); });
    result = watch_run(watcher, run, display, signals, timeout);
  }
  switch (result.end) {
    case watch_end::timed_out:
      throw command_error(exit_code::timeout, "timeout", not_ended_yet(run, result.last),
                          suggest(in, "wait", run) + " waits again");
    case watch_end::interrupted:
      std::cerr << "detached; run " << run.value << " goes on\n  " << suggest(in, "wait", run)
                << " waits again, " << suggest(in, "cancel", run) << " stops it\n";
      return exit_code::interrupted;
    case watch_end::ended:
    case watch_end::abandoned:
      break;
  }
  return tell_end(in, db, *result.last);
}

}  // namespace partita::cli
