#include <algorithm>
#include <filesystem>
#include <iostream>
#include <thread>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/follow.hpp"
#include "apps/partita/launch.hpp"
#include "apps/partita/local_cluster.hpp"
#include "apps/partita/node_settings.hpp"
#include "storage/text.hpp"

namespace partita::cli {

namespace {

/// Every node gets its share of this machine, unless the user knows better.
int executors_each(const settings& limits, std::int64_t nodes) {
  if (limits.executors > 0) return limits.executors;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency() / nodes));
}

/// The folders that the local nodes may use: those of --files; else the current folder and those of
/// its path parameters.
std::string folders_of(const invocation& in, const submission& what) {
  if (!in.args.text("files").empty()) return in.args.text("files");
  std::vector<std::filesystem::path> folders{std::filesystem::current_path()};
  const auto values = json::parse(what.parameters);
  for (const auto& spec : find_job(in.jobs, what.job.name).parameter_specs()) {
    if (spec.type != parameter_type::path || !values.contains(spec.name)) continue;
    std::filesystem::path path{values[spec.name].get<std::string>()};
    if (!std::filesystem::is_directory(path)) path = path.parent_path();
    if (std::filesystem::is_directory(path)) folders.push_back(path);
  }
  return joined_folders(folders);
}

child_plan node_plan(const invocation& in, const std::string& url, int executors,
                     const std::string& folders) {
  child_plan plan{{"node"}, typed_settings(in.args)};
  plan.environment["PARTITA_DB"] = url;
  plan.environment["PARTITA_EXECUTORS"] = std::to_string(executors);
  plan.environment["PARTITA_FILES"] = folders;
  plan.environment["PARTITA_LOG_LEVEL"] = in.args.text("log-level");
  if (in.args.typed("log-format"))
    plan.environment["PARTITA_LOG_FORMAT"] = in.args.text("log-format");
  return plan;
}

/// How to go on with a run whose local nodes are gone.
std::string how_to_go_on(const invocation& in, run_id run) {
  return "  " + in.program + " node" + db_flag(in.args) + " continues it here\n  " +
         suggest(in, "wait", run) + " waits for other nodes\n  " + suggest(in, "cancel", run) +
         " stops it\n";
}

}  // namespace

exit_code run_command(const invocation& in) {
  start_log(in.args);
  wants_json(in.args);
  auto what = submission_of(in.jobs, in.args.words(),
                            in.args.has("key") ? in.args.text("key") : fresh_launch_key());
  const auto nodes = in.args.number("nodes", 1, 256);
  const auto limits = settings_of(in.args);
  require_folders(in.args);
  auto url = database_url(in.args);

  signal_watch signals;
  auto db = open_or_create(url);
  const auto run = ask([&] { return launcher_store{db->connect({})}.submit(what); }).id;

  local_cluster cluster;
  auto plan = node_plan(in, url, executors_each(limits, nodes), folders_of(in, what));
  for (std::int64_t i = 0; i < nodes; ++i) cluster.start(plan);
  const auto grace = limits.drain_grace + limits.stop_grace + milliseconds{3000};

  watch_result result;
  {
    progress_display display;
    run_watcher watcher(db, [&](const std::string& sentence) { display.note(sentence); });
    result = watch_run(watcher, run, display, signals, std::nullopt,
                       [&](const run_view*) { return cluster.alive() > 0; });
  }
  if (result.end == watch_end::interrupted)
    std::cerr << "run " << run.value << " is not cancelled; its local nodes finish what they have "
              << "begun (again Ctrl-C: at once)\n"
              << how_to_go_on(in, run);
  cluster.stop(signals, grace);
  switch (result.end) {
    case watch_end::interrupted:
      return exit_code::interrupted;
    case watch_end::abandoned:
      std::cerr << how_to_go_on(in, run);
      throw command_error(exit_code::failed, "nodes_died",
                          "all local nodes have died; " + named(run) + " has not ended",
                          "what they said is above; --log-level info makes them say more");
    case watch_end::timed_out:
    case watch_end::ended:
      break;
  }
  return tell_end(in, db, *result.last);
}

}  // namespace partita::cli
