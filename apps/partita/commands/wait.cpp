#include <iostream>

#include "apps/partita/commands/bulk.hpp"
#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/documents.hpp"
#include "apps/partita/follow.hpp"
#include "apps/partita/launch.hpp"
#include "storage/clock.hpp"

namespace partita::cli {

exit_code wait_command(const invocation& in) {
  start_log(in.args);
  wants_json(in.args);
  require_words(in.args.words(), {"ID"}, 1);
  auto run = parse_run_id(in.args.words().front());
  std::optional<milliseconds> timeout;
  if (in.args.has("timeout"))
    timeout = milliseconds{static_cast<std::int64_t>(in.args.seconds("timeout") * 1000)};
  signal_watch signals;
  return follow(in, open_existing(database_url(in.args)), run, timeout, signals);
}

exit_code cancel_command(const invocation& in) {
  start_log(in.args);
  auto as_json = wants_json(in.args);
  auto mode = in.args.has("now") ? stop_mode::now : stop_mode::stop;
  if (is_bulk(in))
    return change_all(in, {"CREATED", "RUNNING"}, "asked to stop", [&](const auto& with, auto run) {
      return launcher_store{with}.request_stop(run, mode, operator_name()).id;
    });
  require_words(in.args.words(), {"ID"}, 1);
  auto run = parse_run_id(in.args.words().front());
  auto db = open_existing(database_url(in.args));
  const auto session = db->connect({});
  auto after = ask([&] { return launcher_store{session}.request_stop(run, mode); });
  if (as_json)
    std::cout << dump(run_document(after, ask([&] { return reader{session}.summarize(run); }), {},
                                   wall_now()))
              << "\n";
  if (is_terminal(after.state)) {
    std::cerr << "run " << run.value << " is " << shown_state(after) << "\n";
    if (const auto next = how_to_continue(in, db, run); !next.empty())
      std::cerr << "  " << next << "\n";
  } else {
    std::cerr << "run " << run.value << " is asked to stop"
              << (after.stop == stop_mode::now ? " now" : " at the next checkpoints") << "\n  "
              << suggest(in, "wait", run) << " waits for its end\n";
  }
  return exit_code::ok;
}

exit_code abandon_command(const invocation& in) {
  start_log(in.args);
  const auto as_json = wants_json(in.args);
  require_words(in.args.words(), {"ID"}, 1);
  const auto run = parse_run_id(in.args.words().front());
  const auto db = open_existing(database_url(in.args));
  const auto session = db->connect({});
  const auto after = ask([&] { return launcher_store{session}.abandon(run); });
  if (as_json)
    std::cout << dump(run_document(after, ask([&] { return reader{session}.summarize(run); }), {},
                                   wall_now()))
              << "\n";
  std::cerr << "run " << run.value << " was " << to_string(after.state)
            << " and is ABANDONED: nothing continues it\n";
  return exit_code::ok;
}

}  // namespace partita::cli
