#include "apps/demo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <system_error>
#include <thread>

#include "apps/jobs/customer_etl/check.hpp"
#include "apps/jobs/customer_etl/generate.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/documents.hpp"
#include "apps/partita/launch.hpp"
#include "apps/partita/local_cluster.hpp"
#include "apps/partita/run_watch.hpp"
#include "protocol/events.hpp"
#include "storage/clock.hpp"

namespace partita::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t aimed_ms = 10'000;  // how long the run lasts when no node is killed
constexpr std::int64_t partitions_per_slot = 8;
constexpr int page = 1000;
constexpr milliseconds join_limit{30'000};
constexpr milliseconds stop_limit{10'000};

fs::path fresh_folder() {
  auto name = (fs::temp_directory_path() / "partita-demo-XXXXXX").string();
  if (!::mkdtemp(name.data()))
    throw std::system_error(errno, std::generic_category(), "cannot make a folder " + name);
  return name;
}

/// What there is to tell about the node that died.
struct killed_node {
  node_row node;
  db_time killed_at;
  std::int64_t done_before = 0;
  bool was_master = false;
  std::vector<partition_no> held;  // what it was executing
};

class demo {
 public:
  demo(const invocation& in, std::int64_t rows, std::int64_t nodes)
      : in_(in),
        rows_(rows),
        nodes_(nodes),
        folder_(fresh_folder()),
        csv_(folder_ / "customers.csv"),
        xml_(folder_ / "xml"),
        url_("sqlite:" + (folder_ / "partita.db").string()) {}

  exit_code run() {
    std::cerr << "writing " << grouped(rows_) << " customers to " << csv_.string() << "\n";
    generate_customers(csv_, rows_);
    db_ = open_database(url_);
    db_->migrate();
    reader_.emplace(db_->connect({}));
    start_nodes();
    if (!wait_for_nodes()) return interrupted();
    submit();
    auto end = watch();
    if (end.end == watch_end::interrupted) return interrupted();
    if (end.end == watch_end::abandoned)
      throw command_error(exit_code::failed, "nodes_died", "all nodes of the demo have died");
    auto exact = tell(*end.last);
    cluster_.stop(signals_, stop_limit);
    if (exact && !in_.args.has("keep")) {
      fs::remove(csv_);
      fs::remove_all(xml_);
    }
    tell_where(exact);
    return exact ? exit_code::ok : exit_code::failed;
  }

 private:
  void start_nodes() {
    executors_ = std::clamp<std::int64_t>(std::thread::hardware_concurrency() / nodes_, 1, 2);
    for (std::int64_t i = 1; i <= nodes_; ++i)
      cluster_.start({{"node", "--name", fmt::format("node-{}", i), "--fast", "--executors",
                       std::to_string(executors_)},
                      {{"PARTITA_DB", url_},
                       {"PARTITA_FILES", folder_.string()},
                       {"PARTITA_LOG_LEVEL", in_.args.text("log-level")}}});
  }

  /// Waits until all nodes have joined: the demo shows the work of all of them. False: interrupted.
  bool wait_for_nodes() {
    std::cerr << "starting " << nodes_ << " node processes\n";
    const auto until = boot_now() + join_limit;
    for (;;) {
      auto all = ask([&] { return reader_->list_nodes(false); });
      if (static_cast<std::int64_t>(all.size()) >= nodes_) return true;
      if (cluster_.alive() < static_cast<std::size_t>(nodes_) || boot_now() > until)
        throw command_error(exit_code::failed, "nodes_died",
                            "the nodes of the demo do not start; what they said is above");
      if (signals_.wait(milliseconds{50})) return false;
    }
  }

  void submit() {
    auto slots = nodes_ * executors_;
    auto delay = aimed_ms * slots * 100 / rows_;  // the job pauses after every 100 rows
    auto what =
        submission_of(in_.jobs,
                      {"customer_etl", "input=" + csv_.string(), "output_dir=" + xml_.string(),
                       fmt::format("partitions={}", slots * partitions_per_slot),
                       fmt::format("delay_ms={}", delay)},
                      fresh_launch_key());
    run_ = ask([&] { return launcher_store{db_->connect({})}.submit(what); }).id;
  }

  watch_result watch() {
    progress_display display;
    run_watcher watcher(db_, [&](const std::string& sentence) { display.note(sentence); });
    return watch_run(watcher, run_, display, signals_, std::nullopt, [&](const run_view* view) {
      if (view && !lost_ && half_done(*view)) kill_one(*view, display);
      return cluster_.alive() > 0;
    });
  }

  static bool half_done(const run_view& view) {
    auto sum = totals_of(view.steps);
    return sum.sealed && sum.total > 0 && sum.completed * 2 >= sum.total;
  }

  std::vector<partition_row> partitions(step_id step) {
    std::vector<partition_row> all;
    for (;;) {
      auto after = all.empty() ? -1 : all.back().no;
      auto rows = ask([&] { return reader_->list_partitions(step, after, page); });
      if (rows.empty()) return all;
      all.insert(all.end(), rows.begin(), rows.end());
    }
  }

  std::vector<partition_no> held_by(node_id node, step_id step) {
    std::vector<partition_no> held;
    for (const auto& row : partitions(step))
      if (row.state == partition_state::claimed && row.node == node) held.push_back(row.no);
    return held;
  }

  /// Kills the node that holds the most.
  void kill_one(const run_view& view, progress_display& display) {
    step_ = view.steps.front().row.id;
    std::optional<node_row> victim;
    std::size_t most = 0;
    for (const auto& node : ask([&] { return reader_->list_nodes(false); })) {
      auto held = held_by(node.id, step_).size();
      if (held > most) victim = node;
      most = std::max(most, held);
    }
    if (!victim || !cluster_.kill(static_cast<pid_t>(victim->info.pid))) return;
    lost_ = killed_node{*victim, wall_now(), totals_of(view.steps).completed,
                        view.run.master == victim->id,
                        held_by(victim->id, step_)};  // a killed node changes nothing any more
    display.note("killed " + victim->info.name + " (SIGKILL); the others notice its silence");
  }

  std::optional<db_time> given_up_at(node_id node) {
    for (std::int64_t after = 0;;) {
      auto events = ask([&] { return reader_->list_events({}, after, page); });
      if (events.empty()) return std::nullopt;
      for (const auto& one : events)
        if (one.kind == event::node_condemned && one.node == node) return one.at;
      after = events.back().id;
    }
  }

  /// Prints the report on stdout. Returns whether everything is correct.
  bool tell(const run_view& view) {
    auto names = names_of(ask([&] { return reader_->list_nodes(true); }));
    auto exact = lost_ && tell_takeover(view, names);
    if (!lost_) std::cout << "the run ended before a node could be killed: use more --rows\n";

    auto took = view.run.ended_at.value_or(wall_now()) - view.run.created_at;
    std::cout << fmt::format("run {} is {} after {}\n", view.run.id.value,
                             to_string(view.run.state), duration_text(took));
    if (!view.run.error.empty()) std::cout << "  " << escape_controls(view.run.error) << "\n";

    auto report = check_customers(csv_, xml_);
    for (const auto& problem : report.problems) std::cout << "  " << problem << "\n";
    auto right = report.problems.empty() && report.rows == rows_;
    std::cout << fmt::format("{} of {} rows are in the XML files{}\n", grouped(report.rows),
                             grouped(rows_),
                             right ? ", each exactly once and correctly converted" : "");
    return exact && right && view.run.state == run_state::completed;
  }

  bool tell_takeover(const run_view& view, const node_names& names) {
    const auto& name = lost_->node.info.name;
    auto since_start = lost_->killed_at - view.run.started_at.value_or(lost_->killed_at);
    std::cout << fmt::format("{} (process {}) was killed after {}, {} of {} partitions done\n",
                             name, lost_->node.info.pid, duration_text(since_start),
                             lost_->done_before, view.steps.front().row.count);
    auto given_up = given_up_at(lost_->node.id);
    if (given_up)
      std::cout << "it was given up " << duration_text(*given_up - lost_->killed_at)
                << " after the kill\n";
    else
      std::cout << "it was never given up\n";

    auto name_of = [&](node_id id) {
      auto found = names.find(id);
      return found == names.end() ? "nobody" : found->second;
    };
    auto all_moved = true;
    for (const auto& row : partitions(step_)) {
      if (std::find(lost_->held.begin(), lost_->held.end(), row.no) == lost_->held.end()) continue;
      all_moved =
          all_moved && row.state == partition_state::completed && row.node != lost_->node.id;
      std::cout << fmt::format("partition {} ({}) moved from {} to {}\n", row.no,
                               escape_controls(row.key), name, name_of(row.node));
    }
    if (lost_->was_master)
      std::cout << name << " was the master of the run, too; " << name_of(view.run.master)
                << " took over\n";
    return given_up && all_moved;
  }

  void tell_where(bool exact) {
    auto only_database = exact && !in_.args.has("keep");
    std::cout << "\nThe " << (only_database ? "database" : "folder") << " is left in "
              << folder_.string() << "; look further with\n";
    for (const auto& what : {fmt::format("job {} --partitions", run_.value), std::string{"jobs"},
                             std::string{"nodes --all"}})
      std::cout << fmt::format("  {} {} --db {}\n", in_.program, what, shell_word(url_));
  }

  exit_code interrupted() {
    cluster_.stop(signals_, stop_limit);
    std::cerr << "interrupted; what there is lies in " << folder_.string() << "\n";
    return exit_code::interrupted;
  }

  const invocation& in_;
  const std::int64_t rows_;
  const std::int64_t nodes_;
  const fs::path folder_;
  const fs::path csv_;
  const fs::path xml_;
  const std::string url_;
  signal_watch signals_;
  std::shared_ptr<database> db_;
  std::optional<reader> reader_;
  local_cluster cluster_;
  std::int64_t executors_ = 1;
  run_id run_;
  step_id step_;
  std::optional<killed_node> lost_;
};

exit_code run_demo(const invocation& in) {
  start_log(in.args);
  require_words(in.args.words(), {}, 0);
  // With fewer rows the run ends before the other nodes can give up the killed one.
  auto rows = in.args.number("rows", 10'000, 100'000'000);
  auto nodes = in.args.number("nodes", 2, 32);
  return demo(in, rows, nodes).run();
}

}  // namespace

command demo_command() {
  return {"demo",
          "",
          "convert a file on three local nodes, and kill one half-way",
          "Try it",
          "Make a folder with a CSV file and an embedded database, start the nodes, kill one that\n"
          "holds work, and check that every row was converted exactly once.",
          {"demo", "demo --rows 1000000 --nodes 4"},
          option_list{{"rows", "N", "rows of the file", "", "200000"},
                      {"nodes", "N", "node processes", "", "3"},
                      {"keep", "", "leave the CSV and XML files too, not just the database"}} +
              log_options("error") + general_options(),
          run_demo};
}

}  // namespace partita::cli
