#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <iostream>
#include <iterator>
#include <ostream>
#include <utility>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/commands/partition_page.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/documents.hpp"
#include "apps/partita/launch.hpp"
#include "apps/partita/repeat.hpp"
#include "apps/partita/report/run_report.hpp"
#include "apps/partita/run_watch.hpp"
#include "apps/partita/states.hpp"
#include "apps/partita/waiting_text.hpp"
#include "batch/description.hpp"
#include "storage/text.hpp"

namespace partita::cli {

namespace {

constexpr int rows_a_page = 1000;
constexpr int failures_shown = 10;

/// What was decided is shown where there is something.
const listing steps{{{"STEP", "/name"},
                     {"KIND", "/kind"},
                     {"STATE", "/state", cell::state},
                     {"DECISION", "/decision/kind", cell::state, true},
                     {"WHICH", "/decision/text", cell::sentence, true},
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

listing steps_listing(const std::vector<document>& items) {
  auto what = steps;
  for (auto& column : what.columns)
    if (column.pointer.starts_with("/decision"))
      column.wide_only = std::none_of(items.begin(), items.end(), [&](const document& step) {
        return step.contains(document::json_pointer(column.pointer));
      });
  return what;
}

/// The plan of its job, as the nodes told that know it; empty: none did.
std::vector<step_shape> plan_of_job(const reader& look, const job_ref& job) {
  for (const auto& known : look.list_known_jobs())
    if (known.latest.job == job)
      return plan_of(json::parse(known.latest.description, nullptr, false));
  return {};
}

const listing failures{{{"AT", "/at", cell::time},
                        {"STEP", "/step"},
                        {"NO", "/no", cell::number},
                        {"TRY", "/attempt", cell::number},
                        {"OUTCOME", "/outcome", cell::state},
                        {"NODE", "/node/name"},
                        {"ERROR", "/error", cell::sentence}},
                       "/no"};

const listing skipped{{{"STEP", "/step"},
                       {"NO", "/no", cell::number},
                       {"ITEM", "/item", cell::number},
                       {"STAGE", "/stage", cell::state},
                       {"PLACE", "/place", cell::sentence},
                       {"WHY", "/why", cell::sentence},
                       {"AT", "/at", cell::time, true}}};

const listing partitions{{{"STEP", "/step"},
                          {"NO", "/no", cell::number},
                          {"KEY", "/key"},
                          {"STATE", "/state", cell::state},
                          {"TRY", "/attempt", cell::number},
                          {"NODE", "/node/name"},
                          {"PROGRESS", "/progress", cell::advance},
                          {"READ", "/items/read", cell::number},
                          {"WRITTEN", "/items/written", cell::number},
                          {"STARTED", "/started_at", cell::time},
                          {"TOOK", "/duration_s", cell::duration},
                          {"ENDED", "/ended_at", cell::time, true},
                          {"ERROR", "/error", cell::sentence},
                          {"INPUT", "/input", cell::text, true},
                          {"OUTPUT", "/output", cell::text, true}},
                         "/no"};

std::int64_t limit_of(const arguments& args) { return args.number("limit", 1, 100'000); }

/// One look at a run, printed in any format.
class job_page {
 public:
  job_page(const reader& look, const arguments& args, run_id run, const style& how)
      : look_(look), args_(args), how_(how) {
    const auto nodes = look.list_nodes(true);
    names_ = names_of(nodes);
    auto row = look.find_run(run);
    if (!row)
      throw command_error(exit_code::not_found, "not_found", "there is no " + named(run),
                          "`jobs` lists the runs");
    auto waits = reasons_to_wait{look, nodes}.of(*row);
    auto plan = plan_of_job(look, row->job);
    view_ = {std::move(*row), look.summarize(run), std::move(waits), std::move(plan)};
    if (args.has("state")) only_ = state_named<partition_state>(args.text("state"));
    if (args.has("sort")) slowest_ = args.one_of("sort", {"no", "took"}) == "took";
    if (slowest_ && only_)
      throw usage_error("--sort took lists what has ended, in any state; leave out --state");
    if (args.has("step") && chosen_steps().empty())
      throw command_error(
          exit_code::not_found, "not_found",
          named(run) + " has no step " + args.text("step") + ", or has not begun it");
  }

  void print_one(std::ostream& out, partition_no no) const {
    print_partition(out, look_, view_, args_.text("step"), no, names_, how_);
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
    if (args_.has("skipped"))
      print_skipped(out);
    else if (wants_partitions())
      print_partitions(out);
    else
      print_steps(out);
  }

 private:
  bool wants_partitions() const {
    return args_.has("partitions") || args_.has("step") || only_ || args_.has("sort");
  }

  std::int64_t limit() const { return limit_of(args_); }

  std::vector<const step_summary*> chosen_steps() const {
    std::vector<const step_summary*> chosen;
    for (const auto& step : view_.steps)
      if (!args_.has("step") || step.row.spec.name == args_.text("step")) chosen.push_back(&step);
    return chosen;
  }

  void print_steps(std::ostream& out) const {
    const auto items = step_documents(view_.steps, view_.plan, how_.now);
    out << render(steps_listing(items), items, how_);
  }

  struct first_ones {
    std::vector<document> items;
    bool more = false;
  };

  std::vector<skipped_row> skipped_behind(const skipped_cursor& after, int most) const {
    const auto only = args_.has("step") ? chosen_steps().front()->row.id : step_id{};
    return look_.list_skipped(view_.run.id, after, most, only);
  }

  std::vector<document> documents_of(const std::vector<skipped_row>& rows) const {
    std::vector<document> items;
    for (const auto& row : rows) items.push_back(skipped_document(row, view_.steps));
    return items;
  }

  first_ones skipped_documents() const {
    auto rows = skipped_behind({}, static_cast<int>(limit()) + 1);
    const bool more = std::ssize(rows) > limit();
    if (more) rows.pop_back();
    return {documents_of(rows), more};
  }

  /// All of them, unless there is a limit: a run may have millions, which are never in memory as a
  /// whole.
  void print_skipped(std::ostream& out) const {
    auto how = how_;
    auto left = args_.has("limit") ? limit() : INT64_MAX;
    skipped_cursor after;
    for (bool more = true; more && out.good();) {
      const auto wanted = static_cast<int>(std::min<std::int64_t>(left, rows_a_page));
      const auto rows = skipped_behind(after, wanted);
      out << render(skipped, documents_of(rows), how);
      how.header = false;  // once, above the first page
      left -= std::ssize(rows);
      more = left > 0 && std::ssize(rows) == wanted;
      if (more) after = rows.back().cursor();
    }
  }

  first_ones failure_documents() const {
    auto rows = look_.list_failures(view_.run.id, failures_shown + 1);
    first_ones found;
    found.more = rows.size() > failures_shown;
    if (found.more) rows.pop_back();
    for (const auto& row : rows) found.items.push_back(failure_document(row, view_.steps, names_));
    return found;
  }

  std::vector<document> documents_of(const step_summary& step,
                                     const std::vector<partition_row>& rows) const {
    std::vector<document> items;
    for (const auto& row : rows)
      items.push_back(partition_document(row, step.row.spec.name, names_, how_.now));
    return items;
  }

  /// Partitions of a step, page by page, at most `most`; until `take` says no.
  template <class Take>
  bool each_page_of(const step_summary& step, std::int64_t most, Take take) const {
    if (slowest_)
      return take(documents_of(
          step, look_.list_slowest(step.row.id, static_cast<int>(std::min(most, limit())))));
    partition_no after = -1;
    for (auto left = most; left > 0;) {
      const auto wanted = static_cast<int>(std::min<std::int64_t>(left, rows_a_page));
      const auto rows = look_.list_partitions(step.row.id, after, wanted, only_);
      if (rows.empty()) break;
      if (!take(documents_of(step, rows))) return false;
      after = rows.back().no;
      left -= static_cast<std::int64_t>(rows.size());
    }
    return true;
  }

  /// Those of the chosen steps.
  template <class Take>
  void each_page(Take take) const {
    for (const auto* step : chosen_steps())
      if (!each_page_of(*step, INT64_MAX, take)) return;
  }

  void print_partitions(std::ostream& out) {
    auto how = how_;
    each_page([&](const std::vector<document>& items) {
      out << render(partitions, items, how);
      how.header = false;  // once, above the first page
      return out.good();   // not when its reader has ended
    });
  }

  /// A step may have millions of partitions: the document is never in memory as a whole.
  void print_document(std::ostream& out) {
    auto run = run_document(view_.run, view_.steps, names_, how_.now, view_.waits_for);
    run["steps"] = step_documents(view_.steps, view_.plan, how_.now);
    const auto failed = failure_documents();
    run["failures"] = {{"items", failed.items}, {"next", nullptr}, {"more", failed.more}};
    if (args_.has("skipped")) {
      const auto let_go = skipped_documents();
      run["skipped"] = {{"items", let_go.items}, {"next", nullptr}, {"more", let_go.more}};
    }
    auto text = dump(run);
    if (wants_partitions()) {
      text.pop_back();  // the closing brace
      out << text << R"(,"partition_list":{"items":[)";
      const char* between = "";
      each_page([&](const std::vector<document>& items) {
        for (const auto& item : items) out << std::exchange(between, ",") << dump(item);
        return out.good();
      });
      text = R"(],"next":null}})";
    }
    out << text << "\n";
  }

  std::string header() const {
    auto run = run_document(view_.run, view_.steps, names_, how_.now, view_.waits_for);
    auto cell_of = [&](const char* pointer, cell kind) {
      return cell_text({"", pointer, kind}, run, how_);
    };
    std::vector<std::pair<std::string, std::string>> fields{
        {"run", std::to_string(view_.run.id.value)},
        {"job", fmt::format("{} (version {})", view_.run.job.name, view_.run.job.version)},
        {"state",
         std::string{shown_state(view_.run)} +
             (view_.run.stop != stop_mode::none && !is_terminal(view_.run.state) ? ", asked to stop"
                                                                                 : "")},
        {"partitions", cell_of("/partitions", cell::ratio)},
        {"done", cell_of("/progress", cell::percent)},
        {"master", cell_of("/master/name", cell::text)},
        {"created", cell_of("/created_at", cell::time)},
        {"started", cell_of("/started_at", cell::time)},
        {"ended", cell_of("/ended_at", cell::time)},
        {"took", cell_of("/duration_s", cell::duration)}};
    if (!view_.waits_for.empty()) fields.push_back({"waits for", view_.waits_for});
    if (view_.run.purged_at)
      fields.push_back({"purged", cell_of("/purged_at", cell::time) +
                                      ": what it did is gone, how it ended is kept"});
    if (view_.run.restart_of)
      fields.push_back({"continues run", std::to_string(view_.run.restart_of.value)});
    for (const auto& [name, value] : run["parameters"].items())
      fields.push_back({"  " + name, value.is_string() ? value.get<std::string>() : dump(value)});
    if (!run["result"].is_null()) fields.push_back({"result", dump(run["result"])});
    if (!view_.run.error.empty()) fields.push_back({"error", view_.run.error});
    return render_fields(fields);
  }

  void print_report(std::ostream& out) {
    out << header();
    if (!view_.steps.empty()) {
      out << "\n";
      print_steps(out);
    }
    if (const auto failed = failure_documents(); !failed.items.empty())
      out << "\nlast failures\n" << render(failures, failed.items, how_);
    if (args_.has("skipped")) {
      const auto let_go = skipped_documents();
      out << "\nskipped items\n"
          << (let_go.items.empty() ? "none\n" : render(skipped, let_go.items, how_));
      if (let_go.more) out << "the first " << grouped(limit()) << ", --limit shows more\n";
    }
    if (!wants_partitions()) return;
    const auto most = limit();
    std::vector<document> shown;
    std::vector<std::string> cut;  // steps that have more
    for (const auto* step : chosen_steps()) {
      std::vector<document> rows;
      each_page_of(*step, slowest_ ? most : most + 1, [&](const std::vector<document>& page) {
        rows.insert(rows.end(), page.begin(), page.end());
        return true;
      });
      if (static_cast<std::int64_t>(rows.size()) > most) {
        rows.pop_back();  // seen only to know that there is more
        cut.push_back(step->row.spec.name);
      }
      shown.insert(shown.end(), rows.begin(), rows.end());
    }
    if (shown.empty()) {
      out << "\nno such partitions\n";
      return;
    }
    out << "\n" << render(partitions, shown, how_);
    for (const auto& name : cut)
      out << fmt::format("step {}: the first {}, --limit shows more\n", escape_controls(name),
                         grouped(most));
  }

  const reader& look_;
  const arguments& args_;
  const style& how_;
  node_names names_;
  run_view view_;
  std::optional<partition_state> only_;
  bool slowest_ = false;
};

partition_no parse_partition_no(const std::string& word) {
  partition_no no = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), no);
  if (error != std::errc{} || end != word.data() + word.size() || no < 0)
    throw usage_error(word + " is not the number of a partition",
                      "`job ID --partitions` lists them");
  return no;
}

/// What the items of a run that were let go cannot be asked for with.
void check_skipped(const arguments& args, bool one_partition) {
  if (!args.has("skipped")) return;
  if (one_partition) throw usage_error("--skipped lists items of a run, not of one partition");
  const auto format = format_of(args);
  if (format == output_format::name)
    throw usage_error("the items that --skipped lists have no names",
                      "-o csv and -o jsonl print step, partition and number of each");
  if (format != output_format::csv && format != output_format::jsonl) return;
  for (const auto* other : {"partitions", "state", "sort", "watch"})
    if (args.has(other))
      throw usage_error(fmt::format("-o {} --skipped prints one list, once; leave out --{}",
                                    args.text("output"), other));
}

/// The page of a run, as a file.
exit_code write_report(const invocation& in, run_id run, bool one_partition) {
  if (one_partition) throw usage_error("--report tells of a run, not of one partition");
  if (in.args.has("watch")) throw usage_error("--report is written once; leave out --watch");
  const auto path = in.args.text("report");
  if (path.empty()) throw usage_error("--report needs the name of a file");
  const auto db = open_existing(database_url(in.args));
  const reader look{db->connect({})};
  if (!look.find_run(run))
    throw command_error(exit_code::not_found, "not_found", "there is no " + named(run),
                        "`jobs` lists the runs");
  const auto page = report::report_page(report::report_document(look, run, db->address()));
  const bool to_stdout = path == "-";
  if (to_stdout)
    std::cout << page << std::flush;
  else
    report::write_whole(path, page);
  std::cerr << "wrote the report of " << named(run) << " to "
            << (to_stdout ? "stdout" : escape_controls(path)) << " ("
            << grouped(std::ssize(page) / 1000 + 1) << " kB)\n";
  return exit_code::ok;
}

}  // namespace

exit_code job_command(const invocation& in) {
  start_log(in.args);
  const auto& words = in.args.words();
  require_words(words, {"ID"}, 2);
  const auto run = parse_run_id(words.front());
  std::optional<partition_no> no;
  if (words.size() > 1) no = parse_partition_no(words[1]);
  if (in.args.typed("report")) return write_report(in, run, no.has_value());
  style_of(in.args);
  check_skipped(in.args, no.has_value());
  if (in.args.has("limit")) limit_of(in.args);  // before anything is printed
  const reader look{open_existing(database_url(in.args))->connect({})};
  return print(in.args, [&](std::ostream& out, const style& how) {
    job_page page(look, in.args, run, how);
    if (no)
      page.print_one(out, *no);
    else
      page.print(out);
  });
}

}  // namespace partita::cli
