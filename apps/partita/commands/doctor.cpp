#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/documents.hpp"
#include "apps/partita/node_settings.hpp"
#include "apps/partita/render.hpp"
#include "apps/partita/schedule_troubles.hpp"
#include "apps/partita/text.hpp"
#include "apps/partita/waiting_text.hpp"
#include "storage/migrate.hpp"

namespace partita::cli {

namespace {

const listing lines{
    {{"STATE", "/state"}, {"WHAT", "/what"}, {"FOUND", "/found"}, {"DO", "/advice"}}, "/what"};

document line_of(const diagnosis& d) {
  return {{"state", d.how == health::fine   ? "ok"
                    : d.how == health::note ? "note"
                                            : "UNSAFE"},
          {"what", d.what},
          {"found", d.sentence},
          {"advice", d.advice.empty() ? document(nullptr) : document(d.advice)}};
}

diagnosis examine_schema(database& db) {
  try {
    const auto status = db.schema();
    require_fit(status, db.address());
    return {health::fine, "schema", "version " + std::to_string(status.found) + " fits", ""};
  } catch (const store_error& e) {
    if (e.code() != errc::schema_missing && e.code() != errc::schema_mismatch) throw;
    return {health::unsafe, "schema", e.what(), "partita schema migrate, or another program"};
  }
}

diagnosis examine_settings(const arguments& args) {
  try {
    settings_of(args);
    return {health::fine, "settings", "a node would start with them", ""};
  } catch (const command_error& e) {
    return {health::unsafe, "settings", e.what(), "change the flags or PARTITA_ variables"};
  }
}

diagnosis examine_files(const arguments& args) {
  std::vector<std::string> names;
  bool all = false;
  for (const auto& folder : file_folders(args)) {
    names.push_back(folder.string());
    all = all || folder == folder.root_path();
  }
  if (all)
    return {health::note, "files", "jobs of a node started here could read and write any file",
            "name the folders they need with --files"};
  return {health::fine, "files", "jobs of a node started here may use " + join(names, ", "), ""};
}

/// Nodes with executors that are busy with a body that does not stop.
std::vector<diagnosis> examine_executors(const std::vector<node_row>& nodes) {
  std::vector<diagnosis> found;
  for (const auto& node : nodes) {
    if (node.load.stuck == 0) continue;
    found.push_back({health::note, "executors",
                     fmt::format("node {} ({}): {} of {} are busy with a body that was asked to "
                                 "stop and goes on",
                                 node.info.name, node.id.value, node.load.stuck, node.info.slots),
                     "restart that node; a step that is .isolated() can be stopped by force"});
  }
  if (found.empty()) found.push_back({health::fine, "executors", "none is stuck", ""});
  return found;
}

/// Schedules that start no runs.
std::vector<diagnosis> examine_schedules(const reader& look, const std::vector<node_row>& nodes) {
  const auto schedules = all_schedules(look);
  const auto advice = advice_on(schedules, nodes);
  std::vector<diagnosis> found;
  for (const auto& [name, why] :
       troubles_among(schedules, look, nodes, clock_of(nodes), usual_intervals))
    found.push_back({health::unsafe, "schedule " + name, why, advice});
  if (found.empty()) found.push_back({health::fine, "schedules", "each is fired", ""});
  return found;
}

/// Live runs that do not move, of the newest.
std::vector<diagnosis> examine_runs(const reader& look, const std::vector<node_row>& nodes) {
  constexpr int newest = 1000, most = 10;
  std::vector<diagnosis> found;
  for (const auto& [job, why] : look.list_paused_jobs())
    found.push_back({health::note, "job " + job,
                     "is paused since " + iso_time(why.since) +
                         (why.by.empty() ? "" : " by " + why.by) +
                         (why.note.empty() ? "" : ": " + why.note),
                     "resume --job " + job + " lets it go on"});
  reasons_to_wait reasons{look, nodes};
  for (const auto& run : look.list_runs(newest, {})) {
    if (is_terminal(run.state)) continue;
    const auto why = reasons.of(run);
    if (why.empty()) continue;
    found.push_back({health::note, "run " + std::to_string(run.id.value), "waits for " + why, ""});
    if (found.size() == most) break;
  }
  if (found.empty()) found.push_back({health::fine, "runs", "none waits", ""});
  return found;
}

}  // namespace

exit_code doctor_command(const invocation& in) {
  start_log(in.args);
  require_words(in.args.words(), {}, 0);
  style how;
  how.format = wants_json(in.args) ? output_format::json : output_format::table;
  auto db = open_existing(database_url(in.args));
  auto found = db->examine();
  const auto schema = examine_schema(*db);
  found.insert(found.begin(), schema);
  found.push_back(examine_settings(in.args));
  found.push_back(examine_files(in.args));
  if (schema.how == health::fine) {
    const reader look{db->connect({})};
    const auto nodes = look.list_nodes(false);
    for (auto& d : examine_executors(nodes)) found.push_back(std::move(d));
    for (auto& d : examine_schedules(look, nodes)) found.push_back(std::move(d));
    for (auto& d : examine_runs(look, nodes)) found.push_back(std::move(d));
  }
  std::vector<document> items;
  for (const auto& d : found) items.push_back(line_of(d));
  std::cout << render(lines, items, how);
  const auto unsafe_count = std::count_if(
      found.begin(), found.end(), [](const diagnosis& d) { return d.how == health::unsafe; });
  std::cerr << (unsafe_count == 0 ? "nothing is unsafe\n"
                                  : std::to_string(unsafe_count) + " to be cured\n");
  return unsafe_count == 0 ? exit_code::ok : exit_code::failed;
}

}  // namespace partita::cli
