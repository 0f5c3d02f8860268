#include <filesystem>
#include <iostream>
#include <map>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/documents.hpp"
#include "apps/partita/launch.hpp"
#include "apps/partita/repeat.hpp"
#include "apps/partita/run_filter.hpp"
#include "apps/partita/waiting_text.hpp"
#include "batch/description.hpp"
#include "storage/store.hpp"

namespace partita::cli {

namespace {

const listing runs{{{"ID", "/id"},
                    {"JOB", "/job"},
                    {"STATE", "/state", cell::state},
                    {"PARTITIONS", "/partitions", cell::ratio},
                    {"DONE", "/progress", cell::percent},
                    {"MASTER", "/master/name"},
                    {"STARTED", "/started_at", cell::time},
                    {"TOOK", "/duration_s", cell::duration},
                    {"FAILED", "/partitions/failed", cell::number, true},
                    {"PRIORITY", "/priority", cell::number, true},
                    {"ROWS", "/items/read", cell::number, true},
                    {"CREATED", "/created_at", cell::time, true},
                    {"RESTART OF", "/restart_of", cell::text, true},
                    {"PARAMETERS", "/parameters", cell::text, true},
                    {"ERROR", "/error", cell::text, true},
                    {"WAITS FOR", "/waits_for"}}};

const listing known_jobs{{{"JOB", "/name"},
                          {"VERSION", "/version"},
                          {"PARAMETERS", "/usage"},
                          {"ABOUT", "/about"},
                          {"HERE", "/here", cell::text, true},
                          {"STEPS", "/steps", cell::text, true}},
                         "/name"};

/// The jobs of this program, and those of the catalogue, by name and version.
std::vector<document> jobs_known(const registry& here, const std::vector<known_job>& catalogue) {
  std::map<job_ref, document> all;
  for (const auto& known : catalogue) {
    const auto description = json::parse(known.latest.description, nullptr, false);
    auto& item = all[known.latest.job] =
        job_document(known.latest.job, description.is_object() ? description : json::object());
    item["here"] = false;
    item["last_seen"] = iso_time(known.last_seen);
  }
  for (const auto& [ref, definition] : here.all()) {
    auto item = job_document(ref, describe(definition));
    item["here"] = true;
    if (const auto in_catalogue = all.find(ref); in_catalogue != all.end())
      item["last_seen"] = in_catalogue->second["last_seen"];
    all[ref] = std::move(item);
  }
  std::vector<document> items;
  for (auto& [ref, item] : all) items.push_back(std::move(item));
  return items;
}

/// What the catalogue of the database holds. A database that was not named on the command line may
/// be absent: this program's own jobs are known without it.
std::vector<known_job> catalogue_of(const arguments& args) {
  const auto url = database_url(args);
  if (args.typed("db")) return reader{open_existing(url)->connect({})}.list_known_jobs();
  if (const auto file = sqlite_file(url); file && !std::filesystem::exists(*file)) return {};
  try {
    return reader{open_database(url)->connect({})}.list_known_jobs();
  } catch (const store_error& e) {
    std::cerr << "only the jobs of this program: " << escape_controls(e.what()) << "\n";
    return {};
  }
}

std::string list_known(const invocation& in, const style& how) {
  const auto items = jobs_known(in.jobs, catalogue_of(in.args));
  if (how.format == output_format::table) {
    std::string out;
    for (const auto& item : items) out += describe_job(item) + "\n";
    return out;
  }
  return render(known_jobs, items, how);
}

std::string list_runs(const reader& session, const run_filter& filter, int limit, run_id before,
                      const style& how) {
  const auto page = find_runs(session, filter, limit, before);
  const auto nodes = session.list_nodes(false);
  const auto names = names_of(nodes);
  std::vector<run_id> ids;
  for (const auto& row : page.runs) ids.push_back(row.id);
  auto steps = session.summarize(ids);
  auto shown = runs;
  std::vector<document> items;
  bool any_waits = false;
  reasons_to_wait reasons{session, nodes};
  for (const auto& row : page.runs) {
    const auto waits = reasons.of(row);
    any_waits = any_waits || !waits.empty();
    items.push_back(run_document(row, steps[row.id], names, how.now, waits));
  }
  const auto is_table = how.format == output_format::table || how.format == output_format::wide;
  if (is_table && !any_waits) shown.columns.pop_back();
  std::optional<std::string> next;
  if (page.next) next = std::to_string(page.next.value);
  if (is_table && page.runs.empty()) std::cerr << (filter.empty() ? "no runs\n" : "no such runs\n");
  return render(shown, items, how, next);
}

}  // namespace

exit_code jobs_command(const invocation& in) {
  start_log(in.args);
  require_words(in.args.words(), {}, 0);
  if (in.args.has("known"))
    return print(in.args, [&](std::ostream& out, const style& how) { out << list_known(in, how); });
  auto limit = static_cast<int>(in.args.number("limit", 1, 10'000));
  auto before = in.args.has("before") ? parse_run_id(in.args.text("before")) : run_id{};
  run_filter_of(in.args, style_of(in.args).now);
  const reader session{open_existing(database_url(in.args))->connect({})};
  return print(in.args, [&](std::ostream& out, const style& how) {
    out << list_runs(session, run_filter_of(in.args, how.now), limit, before, how);
  });
}

}  // namespace partita::cli
