#include <fmt/format.h>

#include <iostream>

#include "apps/partita/commands/bulk.hpp"
#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/documents.hpp"
#include "apps/partita/follow.hpp"
#include "apps/partita/launch.hpp"
#include "apps/partita/waiting_text.hpp"
#include "storage/clock.hpp"
#include "storage/text.hpp"

namespace partita::cli {

namespace {

std::string launch_key(const arguments& args) {
  return args.has("key") ? args.text("key") : fresh_launch_key();
}

/// A sentence if no node will take the run as things are.
std::string who_takes_it(const std::shared_ptr<database>& db, const run_row& run) {
  try {
    const reader look{db->connect({})};
    const auto nodes = look.list_nodes(false);
    const auto why = reasons_to_wait{look, nodes}.of(run);
    if (why.empty() || why_waiting(run, {}, nodes, wall_now()).what == obstacle::not_adopted)
      return "";
    return "it waits for " + escape_controls(why) + "\n";
  } catch (const store_error&) {
    return "";  // the run is submitted: nothing is wrong with that
  }
}

/// The new run on stdout, and what to do with it on stderr; or its end, with --wait.
exit_code tell_submitted(const invocation& in, const std::shared_ptr<database>& db,
                         const run_row& run, const std::string& what_happened) {
  std::cerr << what_happened << "\n";
  if (in.args.has("wait")) {
    signal_watch signals;
    return follow(in, db, run.id, std::nullopt, signals);
  }
  if (wants_json(in.args))
    std::cout << dump(run_document(run, {}, {}, wall_now())) << "\n";
  else
    std::cout << run.id.value << "\n";
  std::cerr << "  " << suggest(in, "wait", run.id) << " waits for it\n  "
            << suggest(in, "job", run.id) << " shows it\n  " << suggest(in, "cancel", run.id)
            << " stops it\n"
            << who_takes_it(db, run);
  return exit_code::ok;
}

/// Of the job, for the run that continues `ended`. 0: the same.
int version_wanted(const invocation& in, const launcher_store& launcher, run_id ended) {
  if (!in.args.has("version")) return 0;
  const auto old = launcher.find_run(ended);
  if (!old) return 0;  // `restart` tells
  const auto wanted = static_cast<int>(in.args.number("version", 1, 1'000'000'000));
  const auto* known = in.jobs.find(job_ref{old->job.name, wanted});
  const auto* newest = in.jobs.find(old->job.name);
  if (known == nullptr)
    throw usage_error(
        fmt::format("this program does not know version {} of {}", wanted, old->job.name),
        newest ? fmt::format("its newest is version {}", newest->version())
               : "use the program that has this job");
  if (!known->continues(old->job.version))
    throw command_error(
        exit_code::conflict, "cannot_continue",
        fmt::format("version {} of {} does not continue runs of version {}, as {} is", wanted,
                    old->job.name, old->job.version, named(old->id)),
        "its author says with can_continue(…) which it does");
  return wanted;
}

restart_scope scope_wanted(const invocation& in) {
  return in.args.has("skipped") ? restart_scope::skipped : restart_scope::unfinished;
}

/// The FAILED runs of a filter, unless it names another state.
exit_code restart_all(const invocation& in) {
  if (in.args.has("wait")) throw usage_error("--wait is for one run");
  const auto key = launch_key(in.args);
  return change_all(in, {"FAILED"}, "continued", [&](const auto& with, auto ended) {
    const launcher_store launcher{with};
    return launcher
        .restart(ended, key + "-" + std::to_string(ended.value),
                 version_wanted(in, launcher, ended), operator_name(), scope_wanted(in))
        .id;
  });
}

}  // namespace

exit_code submit_command(const invocation& in) {
  start_log(in.args);
  wants_json(in.args);
  auto what = submission_of(in.jobs, in.args.words(), launch_key(in.args));
  what.trace_parent = trace_parent_in(in.args);
  what.priority = static_cast<int>(in.args.number("priority", lowest_priority, highest_priority));
  auto db = open_to_submit(database_url(in.args));
  const auto launcher = ask([&] { return launcher_store{db->connect({})}; });
  auto run = ask([&] { return launcher.submit(what); });
  return tell_submitted(in, db, run, named(run.id) + " of " + run.job.name + " is submitted");
}

exit_code restart_command(const invocation& in) {
  start_log(in.args);
  wants_json(in.args);
  if (is_bulk(in, in.args.has("failed"))) return restart_all(in);
  require_words(in.args.words(), {"ID"}, 1);
  auto ended = parse_run_id(in.args.words().front());
  auto key = launch_key(in.args);
  auto db = open_existing(database_url(in.args));
  const auto launcher = ask([&] { return launcher_store{db->connect({})}; });
  auto run = ask([&] {
    return launcher.restart(ended, key, version_wanted(in, launcher, ended), {}, scope_wanted(in));
  });
  return tell_submitted(in, db, run, named(run.id) + " continues " + named(ended));
}

}  // namespace partita::cli
