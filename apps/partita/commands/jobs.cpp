#include <iostream>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/documents.hpp"
#include "apps/partita/launch.hpp"
#include "apps/partita/repeat.hpp"

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
                    {"ROWS", "/items/read", cell::number, true},
                    {"CREATED", "/created_at", cell::time, true},
                    {"RESTART OF", "/restart_of", cell::text, true},
                    {"PARAMETERS", "/parameters", cell::text, true},
                    {"ERROR", "/error", cell::text, true}}};

const listing known_jobs{{{"JOB", "/name"},
                          {"VERSION", "/version"},
                          {"PARAMETERS", "/usage"},
                          {"ABOUT", "/about"},
                          {"STEPS", "/steps", cell::text, true}},
                         "/name"};

/// A block for each job: its line, then a line for each parameter.
std::string describe_jobs(const registry& jobs) {
  std::string out;
  for (const auto& [name, known] : jobs.all()) {
    out += name + "  " + known.about() + "\n";
    std::vector<std::pair<std::string, std::string>> lines;
    for (const auto& spec : known.parameter_specs()) {
      auto text = std::string{to_string(spec.type)};
      if (spec.required) text += ", required";
      else if (!spec.fallback.is_null()) text += ", default " + spec.fallback.dump();
      lines.push_back({"  " + spec.name, spec.about.empty() ? text : text + ": " + spec.about});
    }
    out += render_fields(lines) + "\n";
  }
  return out;
}

std::string list_known(const registry& jobs, const style& how) {
  if (how.format == output_format::table) return describe_jobs(jobs);
  std::vector<document> items;
  for (const auto& [name, known] : jobs.all()) items.push_back(job_document(known));
  return render(known_jobs, items, how);
}

std::string list_runs(store& session, int limit, run_id before, const style& how) {
  auto rows = session.list_runs(limit, before);
  auto names = names_of(session.list_nodes(false));
  std::vector<document> items;
  for (const auto& row : rows)
    items.push_back(run_document(row, session.summarize(row.id), names, how.now));
  std::optional<std::string> next;
  if (!rows.empty() && rows.size() == static_cast<std::size_t>(limit))
    next = std::to_string(rows.back().id.value);
  if (rows.empty() && how.format == output_format::table) std::cerr << "no runs\n";
  return render(runs, items, how, next);
}

}  // namespace

exit_code jobs_command(const invocation& in) {
  start_log(in.args);
  require_words(in.args.words(), {}, 0);
  if (in.args.has("known"))
    return print(in.args, [&](std::ostream& out, const style& how) {
      out << list_known(in.jobs, how);
    });
  auto limit = static_cast<int>(in.args.number("limit", 1, 10'000));
  auto before = in.args.has("before") ? parse_run_id(in.args.text("before")) : run_id{};
  style_of(in.args);
  auto session = open_existing(database_url(in.args))->connect({});
  return print(in.args, [&](std::ostream& out, const style& how) {
    out << list_runs(*session, limit, before, how);
  });
}

}  // namespace partita::cli
