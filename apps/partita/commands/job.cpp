#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <utility>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/documents.hpp"
#include "apps/partita/launch.hpp"
#include "apps/partita/repeat.hpp"
#include "apps/partita/run_watch.hpp"
#include "storage/text.hpp"

namespace partita::cli {

namespace {

constexpr int page_size = 1000;
constexpr int failures_shown = 10;

const listing steps{{{"STEP", "/name"},
                     {"KIND", "/kind"},
                     {"STATE", "/state", cell::state},
                     {"PARTITIONS", "/partitions", cell::ratio},
                     {"FAILED", "/partitions/failed", cell::number},
                     {"CLAIMED", "/partitions/claimed", cell::number},
                     {"DONE", "/progress", cell::percent},
                     {"READ", "/items/read", cell::number},
                     {"WRITTEN", "/items/written", cell::number},
                     {"TOOK", "/duration_s", cell::duration},
                     {"FILTERED", "/items/filtered", cell::number, true},
                     {"SKIPPED", "/items/skipped", cell::number, true},
                     {"ERROR", "/error", cell::text, true}},
                    "/name"};

const listing failures{{{"AT", "/at", cell::time},
                        {"STEP", "/step"},
                        {"NO", "/no", cell::number},
                        {"TRY", "/attempt", cell::number},
                        {"OUTCOME", "/outcome", cell::state},
                        {"NODE", "/node/name"},
                        {"ERROR", "/error", cell::sentence}},
                       "/no"};

const listing partitions{{{"STEP", "/step"},
                          {"NO", "/no", cell::number},
                          {"KEY", "/key"},
                          {"STATE", "/state", cell::state},
                          {"TRY", "/attempt", cell::number},
                          {"NODE", "/node/name"},
                          {"PROGRESS", "/progress", cell::advance},
                          {"READ", "/items/read", cell::number},
                          {"WRITTEN", "/items/written", cell::number},
                          {"ENDED", "/ended_at", cell::time},
                          {"ERROR", "/error", cell::sentence},
                          {"INPUT", "/input", cell::text, true},
                          {"OUTPUT", "/output", cell::text, true}},
                         "/no"};

/// One look at a run, printed in any format.
class job_page {
 public:
  job_page(const reader& look, const arguments& args, run_id run, const style& how)
      : look_(look), args_(args), how_(how), names_(names_of(look.list_nodes(true))) {
    auto row = look.find_run(run);
    if (!row)
      throw command_error(exit_code::not_found, "not_found", "there is no " + named(run),
                          "`jobs` lists the runs");
    view_ = {std::move(*row), look.summarize(run)};
    if (args.has("step") && chosen_steps().empty())
      throw command_error(
          exit_code::not_found, "not_found",
          named(run) + " has no step " + args.text("step") + ", or has not begun it");
  }

  void print(std::ostream& out) {
    switch (how_.format) {
      case output_format::table:
      case output_format::wide:
        return print_report(out);
      case output_format::json:
        return print_document(out);
      case output_format::jsonl:
      case output_format::csv:
      case output_format::name:
        break;
    }
    if (wants_partitions())
      print_partitions(out);
    else
      out << render(steps, step_documents(), how_);
  }

 private:
  bool wants_partitions() const { return args_.has("partitions") || args_.has("step"); }

  std::vector<const step_summary*> chosen_steps() const {
    std::vector<const step_summary*> chosen;
    for (const auto& step : view_.steps)
      if (!args_.has("step") || step.row.spec.name == args_.text("step")) chosen.push_back(&step);
    return chosen;
  }

  std::vector<document> step_documents() const {
    std::vector<document> items;
    for (const auto& step : view_.steps) items.push_back(step_document(step, how_.now));
    return items;
  }

  struct last_failures {
    std::vector<document> items;
    bool more = false;
  };

  last_failures failure_documents() const {
    auto rows = look_.list_failures(view_.run.id, failures_shown + 1);
    last_failures found;
    found.more = rows.size() > failures_shown;
    if (found.more) rows.pop_back();
    for (const auto& row : rows) found.items.push_back(failure_document(row, view_.steps, names_));
    return found;
  }

  /// Partitions of the chosen steps, page by page, at most `most` of each step; until `take` says
  /// no.
  template <class Take>
  void each_page(std::int64_t most, Take take) {
    for (const auto* step : chosen_steps()) {
      partition_no after = -1;
      for (auto left = most; left > 0;) {
        auto rows = look_.list_partitions(
            step->row.id, after, static_cast<int>(std::min<std::int64_t>(left, page_size)));
        if (rows.empty()) break;
        std::vector<document> items;
        for (const auto& row : rows)
          items.push_back(partition_document(row, step->row.spec.name, names_));
        if (!take(items)) return;
        after = rows.back().no;
        left -= static_cast<std::int64_t>(rows.size());
      }
    }
  }

  void print_partitions(std::ostream& out) {
    auto how = how_;
    each_page(INT64_MAX, [&](const std::vector<document>& items) {
      out << render(partitions, items, how);
      how.header = false;  // once, above the first page
      return out.good();   // not when its reader has ended
    });
  }

  /// A step may have millions of partitions: the document is never in memory as a whole.
  void print_document(std::ostream& out) {
    auto run = run_document(view_.run, view_.steps, names_, how_.now);
    run["steps"] = step_documents();
    const auto failed = failure_documents();
    run["failures"] = {{"items", failed.items}, {"next", nullptr}, {"more", failed.more}};
    auto text = dump(run);
    if (wants_partitions()) {
      text.pop_back();  // the closing brace
      out << text << R"(,"partition_list":{"items":[)";
      const char* between = "";
      each_page(INT64_MAX, [&](const std::vector<document>& items) {
        for (const auto& item : items) out << std::exchange(between, ",") << dump(item);
        return out.good();
      });
      text = R"(],"next":null}})";
    }
    out << text << "\n";
  }

  std::string header() const {
    auto run = run_document(view_.run, view_.steps, names_, how_.now);
    auto cell_of = [&](const char* pointer, cell kind) {
      return cell_text({"", pointer, kind}, run, how_);
    };
    std::vector<std::pair<std::string, std::string>> fields{
        {"run", std::to_string(view_.run.id.value)},
        {"job", fmt::format("{} (version {})", view_.run.job.name, view_.run.job.version)},
        {"state",
         std::string{to_string(view_.run.state)} +
             (view_.run.stop != stop_mode::none && !is_terminal(view_.run.state) ? ", asked to stop"
                                                                                 : "")},
        {"partitions", cell_of("/partitions", cell::ratio)},
        {"done", cell_of("/progress", cell::percent)},
        {"master", cell_of("/master/name", cell::text)},
        {"created", cell_of("/created_at", cell::time)},
        {"started", cell_of("/started_at", cell::time)},
        {"ended", cell_of("/ended_at", cell::time)},
        {"took", cell_of("/duration_s", cell::duration)}};
    if (view_.run.restart_of)
      fields.push_back({"continues run", std::to_string(view_.run.restart_of.value)});
    for (const auto& [name, value] : run["parameters"].items())
      fields.push_back({"  " + name, value.is_string() ? value.get<std::string>() : dump(value)});
    if (!view_.run.result.empty()) fields.push_back({"result", dump(run["result"])});
    if (!view_.run.error.empty()) fields.push_back({"error", view_.run.error});
    return render_fields(fields);
  }

  void print_report(std::ostream& out) {
    out << header();
    if (!view_.steps.empty()) out << "\n" << render(steps, step_documents(), how_);
    if (const auto failed = failure_documents(); !failed.items.empty())
      out << "\nlast failures\n" << render(failures, failed.items, how_);
    if (!wants_partitions()) return;
    std::vector<document> rows;
    auto most = args_.number("limit", 1, 100'000);
    each_page(most, [&](const std::vector<document>& page) {
      rows.insert(rows.end(), page.begin(), page.end());
      return true;
    });
    out << "\n" << render(partitions, rows, how_);
    for (const auto* step : chosen_steps())
      if (step->row.count > most)
        out << fmt::format("step {}: the first {} of {} partitions; --limit shows more\n",
                           escape_controls(step->row.spec.name), most, grouped(step->row.count));
  }

  const reader& look_;
  const arguments& args_;
  const style& how_;
  node_names names_;
  run_view view_;
};

}  // namespace

exit_code job_command(const invocation& in) {
  start_log(in.args);
  require_words(in.args.words(), {"ID"}, 1);
  auto run = parse_run_id(in.args.words().front());
  style_of(in.args);
  const reader look{open_existing(database_url(in.args))->connect({})};
  return print(in.args, [&](std::ostream& out, const style& how) {
    job_page(look, in.args, run, how).print(out);
  });
}

}  // namespace partita::cli
