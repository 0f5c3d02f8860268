#include "apps/partita/commands/partition_page.hpp"

#include <fmt/format.h>

#include "apps/partita/errors.hpp"

namespace partita::cli {

namespace {

constexpr int tries_shown = 1000;
constexpr int lines_shown = 1000;

const listing tries{{{"TRY", "/attempt", cell::number},
                     {"OUTCOME", "/outcome", cell::state},
                     {"NODE", "/node/name"},
                     {"LEASE", "/lease"},
                     {"STARTED", "/started_at", cell::time},
                     {"ENDED", "/ended_at", cell::time},
                     {"TOOK", "/duration_s", cell::duration},
                     {"ERROR", "/error", cell::sentence}},
                    "/lease"};

// Of each try the last lines; the first number tells how many are gone.
const listing said_lines{{{"AT", "/at", cell::time},
                          {"TRY", "/attempt", cell::number},
                          {"NODE", "/node/name"},
                          {"LINE", "/number", cell::number},
                          {"TEXT", "/text", cell::sentence}},
                         "/number"};

const step_summary& step_meant(const run_view& view, const std::string& name) {
  const step_summary* found = nullptr;
  std::vector<std::string> several;
  for (const auto& step : view.steps) {
    const auto fits = name.empty() ? step.row.count > 0 : step.row.spec.name == name;
    if (!fits) continue;
    found = &step;
    several.push_back(step.row.spec.name);
  }
  if (several.size() > 1)
    throw usage_error("several steps have partitions: " + join(several, ", "),
                      "name one with --step");
  if (!found)
    throw command_error(exit_code::not_found, "not_found",
                        fmt::format("run {} has no partitions yet", view.run.id.value));
  return *found;
}

std::string fields_of(const document& item, const style& how) {
  const auto cell_of = [&](const char* pointer, cell kind) {
    return cell_text({"", pointer, kind}, item, how);
  };
  std::vector<std::pair<std::string, std::string>> fields{
      {"partition", cell_of("/no", cell::text)},
      {"step", cell_of("/step", cell::text)},
      {"key", cell_of("/key", cell::text)},
      {"state", cell_of("/state", cell::text)},
      {"try", cell_of("/attempt", cell::text)},
      {"node", cell_of("/node/name", cell::text)},
      {"started", cell_of("/started_at", cell::time)},
      {"ended", cell_of("/ended_at", cell::time)},
      {"took", cell_of("/duration_s", cell::duration)},
      {"progress", cell_of("/progress", cell::advance)},
      {"read", cell_of("/items/read", cell::number)},
      {"written", cell_of("/items/written", cell::number)},
      {"filtered", cell_of("/items/filtered", cell::number)},
      {"skipped", cell_of("/items/skipped", cell::number)},
      {"input", dump(item["input"])}};
  if (!item["output"].is_null()) fields.push_back({"output", dump(item["output"])});
  for (const auto& file : item["files"]) fields.push_back({"file", file.get<std::string>()});
  if (!item["error"].is_null()) fields.push_back({"error", item["error"].get<std::string>()});
  return render_fields(fields);
}

}  // namespace

void print_partition(std::ostream& out, const reader& look, const run_view& view,
                     const std::string& step, partition_no no, const node_names& names,
                     const style& how) {
  const auto& meant = step_meant(view, step);
  const auto rows = look.list_partitions(meant.row.id, no - 1, 1);
  if (rows.empty() || rows.front().no != no)
    throw command_error(exit_code::not_found, "not_found",
                        fmt::format("step {} has no partition {}; it has {}, from 0",
                                    meant.row.spec.name, no, grouped(meant.row.count)));
  auto found = look.list_tries(meant.row.id, no, tries_shown + 1);
  const auto more = found.size() > tries_shown;
  if (more) found.pop_back();
  std::vector<document> items;
  for (const auto& row : found) items.push_back(try_document(row, names, how.now));
  std::vector<document> said;
  for (const auto& row : look.list_log(meant.row.id, no, lines_shown))
    said.push_back(log_document(row, names));
  auto item = partition_document(rows.front(), meant.row.spec.name, names, how.now);
  switch (how.format) {
    case output_format::table:
    case output_format::wide:
      out << fields_of(item, how);
      if (!items.empty()) out << "\ntries\n" << render(tries, items, how);
      if (!said.empty()) out << "\nlog\n" << render(said_lines, said, how);
      break;
    case output_format::json:
      item["tries"] = items;
      item["more_tries"] = more;
      item["log"] = said;
      out << dump(item) << "\n";
      break;
    case output_format::jsonl:
    case output_format::csv:
    case output_format::name:
      out << render(tries, items, how);
      break;
  }
}

}  // namespace partita::cli
