#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "actors/log_event.hpp"
#include "actors/node_process.hpp"
#include "apps/partita/bodies.hpp"
#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/errors.hpp"
#include "apps/partita/forced_end.hpp"
#include "apps/partita/http/site.hpp"
#include "apps/partita/node_settings.hpp"
#include "apps/partita/schedule_monitor.hpp"
#include "apps/partita/service_notify.hpp"
#include "apps/partita/signals.hpp"
#include "apps/partita/traces/span_exporter.hpp"
#include "apps/partita/version.hpp"
#include "batch/addresses.hpp"
#include "batch/files.hpp"
#include "batch/programs.hpp"
#include "storage/clock.hpp"

namespace partita::cli {

namespace {

constexpr milliseconds look_every{500};
constexpr milliseconds drain_look_every{50};
constexpr milliseconds shortest_end{1000};  // from a second signal to the end, at least
// When the node has left, its sessions are closed: on a busy machine that takes a while.
constexpr milliseconds calm_close_limit{2000};
constexpr milliseconds close_limit{300};  // where some bodies do not stop
constexpr milliseconds guard_delay{500};

std::string host_and_pid() {
  char host[256] = "localhost";
  ::gethostname(host, sizeof host - 1);
  return fmt::format("{}-{}", host, ::getpid());
}

milliseconds end_at_once_limit(const settings& limits) {
  return std::max(limits.stop_grace, shortest_end);
}

/// What the service manager hears of the node.
class node_report {
 public:
  node_report(service_notify service, const node_process& node, const settings& limits,
              std::string name)
      : service_(std::move(service)),
        counters_(node.shared_counters()),
        limits_(limits),
        name_(std::move(name)) {}

  /// Called again and again, by the main thread. The node's actor ticks twice a heartbeat; when it
  /// does not, the process is started again.
  void look() {
    if (counters_->renewed.last() == mono_time{}) return;  // it has not joined yet
    service_.ready("has joined as " + name_);
    if (counters_->draining.value() > 0) stopping();
    const auto longest = std::max(service_.period(), 2 * limits_.heartbeat);
    service_.alive(boot_now(), counters_->ticked.last(), longest);
  }

  void stopping() {
    service_.stopping("drains: it takes no new work", limits_.drain_grace + limits_.stop_grace +
                                                          end_at_once_limit(limits_) +
                                                          2 * calm_close_limit + guard_delay);
  }

 private:
  service_notify service_;
  const std::shared_ptr<const node_counters> counters_;
  const settings limits_;
  const std::string name_;
};

/// Ends here, even with a log that nobody reads.
[[noreturn]] void end_at_once(exit_code exit) { ::_exit(static_cast<int>(exit)); }

/// Drains the node; a further signal makes it leave now. At the end of the grace times the process
/// ends, whatever bodies do: after the node has left, or without that.
void end_node(node_process& node, signal_watch& signals, const settings& limits,
              node_report& report, std::optional<http::site>& site,
              traces::span_exporter* exporter) {
  const auto at_once = end_at_once_limit(limits);
  node.drain();
  report.stopping();
  auto calm_until = boot_now() + limits.drain_grace;
  auto end_by = calm_until + limits.stop_grace + at_once;
  // Never destroyed: its thread uses it.
  auto& guard = *new forced_end(end_by + guard_delay, static_cast<int>(exit_code::failed));
  while (!node.wait(drain_look_every)) {
    report.look();
    const auto signal = signals.wait(milliseconds{0});
    if (signal && *signal != SIGHUP) {
      node.release_now();
      calm_until = boot_now();
      end_by = std::min(end_by, boot_now() + at_once);
      guard.sooner(end_by + guard_delay);
    }
    if (boot_now() < end_by) continue;
    log::error("process_ends", {}, {{"why", "the node could not leave in time"}});
    end_at_once(exit_code::failed);
  }
  const auto limit = boot_now() < calm_until ? calm_close_limit : close_limit;
  site.reset();  // who still waits for an answer gets it, or is cut off
  guard.sooner(boot_now() + 2 * limit + guard_delay);
  if (exporter != nullptr) exporter->close(limit);
  if (node.close(limit)) return;
  log::warn("process_ends", {}, {{"why", "a body, or a call of the database, does not return"}});
  end_at_once(exit_code::ok);
}

}  // namespace

exit_code node_command(const invocation& in) {
  require_words(in.args.words(), {}, 0);
  auto limits = settings_of(in.args);
  trace_collector_of(in.args);  // a wrong address is told before anything is begun
  signal_watch signals;
  auto name = in.args.text("name").empty() ? host_and_pid() : in.args.text("name");
  start_log(in.args, name);
  auto service = service_notify::from_environment();

  const auto folders = file_folders(in.args);
  const auto programs = program_folders(in.args);
  const auto addresses = allowed_addresses(in.args);
  try {
    require_folders(in.args);
    confine_files(folders);
    allow_programs(programs);
  } catch (const std::system_error& e) {
    throw usage_error(e.what(), "name folders that exist, with ':' between them");
  }
  try {
    allow_addresses(addresses);
  } catch (const permanent_error& e) {
    throw usage_error(std::string{"--allow-url: "} + e.what(),
                      "name addresses like https://host:9130/path, with blanks between them");
  }
  auto db = open_or_create(database_url(in.args));
  const auto author_db = author_database(in.args);
  if (author_db)
    log::info("author_db", {}, {{"at", author_db->address()}, {"rows", "at least once"}});
  const auto jobs = std::make_shared<const registry>(
      (programs.empty() ? in.jobs.without_programs() : in.jobs).with(schedule_monitor(db)));
  std::optional<http::site> site;  // what is wrong with it is told before the node joins
  if (http::asks_for_site(in.args)) site.emplace(in.args, db, jobs);
  // Neither is destroyed: that would wait for bodies that do not stop, and for the collector.
  auto& exporter = *new auto{traces::exporter_of(in.args, db, name)};
  auto& node = *new node_process({db, jobs, limits, name, program_version(),
                                  body_command(folders, programs, addresses), author_db, exporter});
  if (site)
    site->begin(std::make_shared<const http::vital_signs>(
        http::vital_signs{node.shared_counters(), limits, exporter}));
  node_report report{std::move(service), node, limits, name};
  for (report.look(); !signals.wait(look_every); report.look())
    if (node.wait(milliseconds{0})) {
      const bool asked = !node.failed();  // by `drain`
      if (asked) report.stopping();
      if (exporter) exporter->close(calm_close_limit);
      node.close(calm_close_limit);
      if (asked) return exit_code::ok;
      throw command_error(exit_code::failed, "node_ended", "the node ended by itself",
                          "its log says why");
    }
  end_node(node, signals, limits, report, site, exporter.get());
  return exit_code::ok;
}

}  // namespace partita::cli
