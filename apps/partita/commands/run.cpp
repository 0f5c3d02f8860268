#include <signal.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <iostream>
#include <thread>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/follow.hpp"
#include "apps/partita/launch.hpp"
#include "apps/partita/local_cluster.hpp"
#include "apps/partita/node_restarts.hpp"
#include "apps/partita/node_settings.hpp"
#include "apps/partita/trace_collector.hpp"
#include "batch/addresses.hpp"
#include "batch/objects/object_name.hpp"
#include "storage/clock.hpp"
#include "storage/text.hpp"

namespace partita::cli {

namespace {

/// A database that has not answered for so long is not waited for.
constexpr milliseconds vanished_after{60'000};

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
    if (is_object(path)) {
      const auto name = parse_object_folder(path);
      folders.emplace_back(path == "s3://" + name.bucket ? path : path.parent_path());
      continue;
    }
    if (!std::filesystem::is_directory(path)) path = path.parent_path();
    if (std::filesystem::is_directory(path)) folders.push_back(path);
  }
  return joined_folders(folders);
}

/// The addresses that the local nodes may ask: those of --allow-url, else those among the
/// parameters.
std::string addresses_of(const invocation& in, const submission& what) {
  if (!in.args.text("allow-url").empty()) return in.args.text("allow-url");
  std::string all;
  const auto values = json::parse(what.parameters);
  for (const auto& value : values) {
    if (!value.is_string()) continue;
    try {
      all += plain_address(value.get<std::string>()) + ' ';
    } catch (const permanent_error&) {
      continue;  // something else
    }
  }
  return all;
}

child_plan node_plan(const invocation& in, const std::string& url, int executors,
                     const submission& what) {
  child_plan plan{{"node"}, passed_settings(in.args)};
  plan.environment["PARTITA_DB"] = url;
  plan.environment["PARTITA_EXECUTORS"] = std::to_string(executors);
  plan.environment["PARTITA_FILES"] = folders_of(in, what);
  plan.environment["PARTITA_ALLOW_URL"] = addresses_of(in, what);
  plan.environment["PARTITA_LOG_LEVEL"] = in.args.text("log-level");
  if (in.args.typed("config")) plan.environment["PARTITA_CONFIG"] = in.args.text("config");
  if (!in.args.text("log-format").empty())
    plan.environment["PARTITA_LOG_FORMAT"] = in.args.text("log-format");
  return plan;
}

std::int64_t ended_of(const run_view& view) {
  const auto shown = progress_of(view);
  return shown.completed + shown.failed;
}

/// Keeps the local nodes of a run alive, and the database in view.
class node_keeper {
 public:
  node_keeper(local_cluster& cluster, child_plan plan, std::optional<std::string> file)
      : cluster_(cluster), plan_(std::move(plan)), file_(std::move(file)) {}

  void start() { cluster_.start(plan_); }

  /// After each look at the run (null: the database did not answer). False: it is of no use to wait
  /// longer.
  bool look(const run_view* view, progress_display& display) {
    const auto now = boot_now();
    const auto alive = cluster_.alive();
    if (view) ended_ = ended_of(*view);
    for (const auto& dead : cluster_.take_ended()) mourn(dead, display);
    while (!due_.empty() && due_.front() <= now) {
      due_.pop_front();
      start();
    }
    if (!view && !away_since_) away_since_ = now;
    if (view) away_since_.reset();
    if (away_since_ && now - *away_since_ >= vanished_after) vanished_ = true;
    if (file_ && !std::filesystem::exists(*file_)) vanished_ = true;
    return !vanished_ && (alive > 0 || !due_.empty() || cluster_.alive() > 0);
  }

  /// Whether the database has vanished, or does not answer at the end.
  bool without_database() const { return vanished_ || away_since_; }

 private:
  void mourn(const local_cluster::ended_process& dead, progress_display& display) {
    const auto wait = restarts_.died(dead.lived, ended_);
    display.note("the node of process " + std::to_string(dead.pid) + " " + dead.how +
                 (wait ? "; another one is started" : "; too many have died to start another"));
    if (wait) due_.push_back(boot_now() + *wait);
  }

  local_cluster& cluster_;
  const child_plan plan_;
  const std::optional<std::string> file_;  // of a SQLite database
  node_restarts restarts_;
  std::deque<mono_time> due_;  // when nodes are started again
  std::int64_t ended_ = 0;
  std::optional<mono_time> away_since_;
  bool vanished_ = false;
};

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
  what.trace_parent = trace_parent_in(in.args);
  const auto count = in.args.number("nodes", 1, 256);
  const auto limits = settings_of(in.args);
  require_folders(in.args);
  if (find_job(in.jobs, what.job.name).is_starting_programs() && program_folders(in.args).empty())
    throw usage_error("job " + what.job.name + " starts programs, and no folder of them is allowed",
                      "name the folders they may lie in with --allow-command");
  const auto author_db = author_database(in.args);
  trace_collector_of(in.args);
  auto url = database_url(in.args);

  signal_watch signals;
  auto db = open_or_create(url);
  const auto run = ask([&] { return launcher_store{db->connect({})}.submit(what); }).id;

  local_cluster cluster(std::max(limits.stop_grace, milliseconds{1000}) + milliseconds{1000});
  node_keeper nodes(cluster, node_plan(in, url, executors_each(limits, count), what),
                    sqlite_file(url));
  for (std::int64_t i = 0; i < count; ++i) nodes.start();
  const auto grace = limits.drain_grace + 2 * limits.stop_grace + milliseconds{3000};

  watch_result result;
  {
    progress_display display;
    if (author_db)
      display.note("authors' rows go to " + author_db->address() +
                   " in transactions of their own: each is written at least once");
    run_watcher watcher(db, [&](const std::string& sentence) { display.note(sentence); });
    result = watch_run(watcher, run, display, signals, std::nullopt,
                       [&](const run_view* view) { return nodes.look(view, display); });
  }
  if (result.end == watch_end::interrupted)
    std::cerr << "run " << run.value << " is not cancelled; its local nodes finish what they have "
              << "begun (again Ctrl-C: at once)\n"
              << how_to_go_on(in, run);
  // With the terminal closed, or without a database, there is nobody to wait for.
  if (result.signal == SIGHUP || (result.end == watch_end::abandoned && nodes.without_database()))
    cluster.stop_now(signals);
  else
    cluster.stop(signals, grace);
  switch (result.end) {
    case watch_end::interrupted:
      return exit_code::interrupted;
    case watch_end::abandoned:
      if (nodes.without_database())
        throw command_error(
            exit_code::unreachable, "unavailable",
            "the database has gone: " + db->address() + "; " + named(run) + " has not ended",
            "when it is back, " + suggest(in, "wait", run) + " and a node continue the run");
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
