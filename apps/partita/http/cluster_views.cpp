#include "apps/partita/http/cluster_views.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "apps/partita/documents.hpp"
#include "apps/partita/http/attempts.hpp"
#include "apps/partita/http/errors.hpp"
#include "apps/partita/schedule_troubles.hpp"
#include "apps/partita/version.hpp"
#include "apps/partita/waiting_text.hpp"
#include "protocol/liveness.hpp"
#include "storage/migrate.hpp"

namespace partita::http {

using cli::document;

namespace {

constexpr int leases_shown = 200;
constexpr int runs_looked_at = 100;  // of a job
constexpr int node_events_searched = 500;
constexpr int minutes_shown = 60;
constexpr int masters_shown = 200;
constexpr int idle_runs_looked_at = 1'000;
constexpr int waits_told = 20;
constexpr std::chrono::minutes adopted_within{5};  // a run that nodes know

double seconds_of(microseconds took) { return static_cast<double>(took.count()) / 1e6; }

/// Runs, steps and keys, each looked up once.
class names_of_work {
 public:
  explicit names_of_work(const reader& look) : look_(look) {}

  std::string job(run_id run) {
    auto& row = runs_[run];
    if (!row) row = look_.find_run(run);
    return row ? row->job.name : "";
  }
  std::string step(run_id run, step_id id) {
    auto [found, is_new] = steps_.try_emplace(run);
    if (is_new) found->second = look_.list_steps(run);
    for (const auto& row : found->second)
      if (row.id == id) return row.spec.name;
    return "";
  }

 private:
  const reader& look_;
  std::map<run_id, std::optional<run_row>> runs_;
  std::map<run_id, std::vector<step_row>> steps_;
};

/// What its executors were at when it told last, as far as its leases are still LIVE.
document doing(const reader& look, names_of_work& names, const node_row& row,
               const std::vector<live_lease_row>& leases, db_time now, int most) {
  auto items = document::array();
  const auto attempts = live_attempts(row, leases, most);
  const auto partitions = partitions_at(look, attempts);
  for (const auto& [node, lease, no, since] : attempts) {
    const auto of = partitions.find({lease.step, no});
    if (of == partitions.end()) continue;
    const auto& partition = of->second;
    items.push_back(
        {{"run", std::to_string(lease.run.value)},
         {"job", names.job(lease.run)},
         {"step", names.step(lease.run, lease.step)},
         {"no", no},
         {"key", partition.key},
         {"since", cli::iso_time(since)},
         {"for_s", std::max(0.0, seconds_of(now - since))},
         {"progress", {{"done", partition.progress_done}, {"total", partition.progress_total}}}});
  }
  return items;
}

document leases_of(names_of_work& names, const std::vector<live_lease_row>& leases, db_time now) {
  auto items = document::array();
  for (const auto& l : leases)
    items.push_back({{"id", std::to_string(l.lease.value)},
                     {"run", std::to_string(l.run.value)},
                     {"job", names.job(l.run)},
                     {"step", names.step(l.run, l.step)},
                     {"lo", l.span.lo},
                     {"hi", l.span.hi},
                     {"attempt", l.attempt},
                     {"granted_at", cli::iso_time(l.granted_at)},
                     {"held_s", std::max(0.0, seconds_of(now - l.granted_at))},
                     {"ended", l.ended}});
  return items;
}

/// Seconds that runs took, ascending.
document history_of(const std::vector<run_row>& runs) {
  std::vector<double> took;
  document last_success = nullptr;
  for (const auto& run : runs) {
    if (run.state != run_state::completed || !run.started_at || !run.ended_at) continue;
    took.push_back(seconds_of(*run.ended_at - *run.started_at));
    if (last_success.is_null()) last_success = cli::iso_time(*run.ended_at);
  }
  std::sort(took.begin(), took.end());
  document mean = nullptr, p95 = nullptr, last_run = nullptr;
  if (!took.empty()) {
    double sum = 0;
    for (auto one : took) sum += one;
    mean = sum / static_cast<double>(took.size());
    p95 = took[(took.size() * 95 + 99) / 100 - 1];
  }
  if (!runs.empty())
    last_run = {{"id", std::to_string(runs.front().id.value)},
                {"state", cli::shown_state(runs.front())}};
  return {{"runs_seen", runs.size()},
          {"mean_s", mean},
          {"p95_s", p95},
          {"last_success_at", last_success},
          {"last_run", last_run}};
}

}  // namespace

seen_nodes see_nodes(const reader& look, bool all) {
  seen_nodes seen{look.list_nodes(all), {}, {}};
  seen.names = cli::names_of(seen.rows);
  seen.now = clock_of(seen.rows);
  return seen;
}

document list_of(std::vector<document> items, const std::string& next) {
  return {{"items", std::move(items)}, {"next", next.empty() ? document(nullptr) : document(next)}};
}

std::int64_t parse_id(const std::string& what, const std::string& text) {
  std::int64_t id = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, id);
  if (error != std::errc{} || stop != end || id <= 0)
    throw http_error(404, "not_found", "there is no " + what + " " + text);
  return id;
}

/// The age of a heartbeat is what the database measured: clocks of machines differ.
document node_item(const node_row& row, db_time now) {
  auto shown = cli::node_document(row, now);
  if (!row.left_at) shown["heartbeat_age_s"] = std::max(0.0, seconds_of(row.silence));
  return shown;
}

document work_of(const reader& look, const node_row& row, db_time now, int most) {
  names_of_work names{look};
  auto leases = look.list_live_leases({}, row.id, leases_shown + 1);
  const auto told = doing(look, names, row, leases, now, most);
  const bool more = std::ssize(leases) > most;
  if (more) leases.resize(static_cast<std::size_t>(most));
  return {{"leases", leases_of(names, leases, now)}, {"more_leases", more}, {"doing", told}};
}

document nodes_view(const reader& look, bool all) {
  const auto rows = look.list_nodes(all);
  const auto now = clock_of(rows);
  std::vector<document> items;
  for (const auto& row : rows) items.push_back(node_item(row, now));
  return list_of(std::move(items));
}

document node_view(const reader& look, node_id id) {
  const auto rows = look.list_nodes(true);
  const auto row =
      std::find_if(rows.begin(), rows.end(), [&](const node_row& n) { return n.id == id; });
  if (row == rows.end())
    throw http_error(404, "not_found", "there is no node " + std::to_string(id.value));
  const auto now = clock_of(rows);
  auto shown = node_item(*row, now);
  shown.update(work_of(look, *row, now, leases_shown));
  auto driven = look.list_runs(masters_shown + 1, {}, {"", {"RUNNING"}, {}, {}, id});
  shown["more_masters"] = std::ssize(driven) > masters_shown;
  if (std::ssize(driven) > masters_shown) driven.pop_back();
  auto masters = document::array();
  for (const auto& run : driven)
    masters.push_back({{"run", std::to_string(run.id.value)}, {"job", run.job.name}});
  shown["masters"] = masters;
  auto events = document::array();
  for (const auto& event : look.newest_events({}, node_events_searched))
    if (event.node == id) events.push_back(cli::event_document(event));
  shown["events"] = events;
  shown["events_searched"] = node_events_searched;  // the newest of the cluster
  return shown;
}

std::vector<std::string> names_of_jobs(const std::vector<known_job>& jobs) {
  std::vector<std::string> names;  // the versions of a job come one after the other
  for (const auto& known : jobs)
    if (names.empty() || names.back() != known.latest.job.name)
      names.push_back(known.latest.job.name);
  return names;
}

document jobs_view(const reader& look) {
  const auto nodes = look.list_nodes(false);
  const auto all = look.list_known_jobs();
  const auto runs = look.list_runs_of(names_of_jobs(all), runs_looked_at);
  std::map<std::string, pause_mark> paused;
  for (auto& one : look.list_paused_jobs()) paused.emplace(one.job, one.why);
  std::vector<document> items;
  for (const auto& known : all) {
    const auto description = json::parse(known.latest.description, nullptr, false);
    auto shown =
        cli::job_document(known.latest.job, description.is_object() ? description : json::object());
    auto knows = document::array();
    for (const auto& node : nodes) {
      const auto& jobs = node.info.jobs;
      if (node.state == node_state::active &&
          std::find(jobs.begin(), jobs.end(), known.latest.job) != jobs.end())
        knows.push_back(node.info.name);
    }
    shown["nodes"] = knows;
    const auto pause = paused.find(known.latest.job.name);
    shown["paused"] =
        cli::pause_document(pause == paused.end() ? std::nullopt : std::optional{pause->second});
    const auto of = runs.find(known.latest.job.name);
    shown.update(history_of(of == runs.end() ? std::vector<run_row>{} : of->second));
    items.push_back(std::move(shown));
  }
  return list_of(std::move(items));
}

document throughput_view(const reader& look, pace_cache& pace) {
  constexpr std::chrono::minutes shown{minutes_shown};
  const auto now = clock_of(look.list_nodes(false));
  std::vector<std::int64_t> ended(minutes_shown), failed(minutes_shown);
  for (const auto& tile : pace.of(look, now, shown)) {
    const auto ago = now - tile.begins;
    if (ago < microseconds{0} || ago >= shown) continue;
    const auto at = static_cast<std::size_t>(minutes_shown - 1 - ago / std::chrono::minutes{1});
    ended[at] += tile.completed + tile.failed;
    failed[at] += tile.failed;
  }
  return {
      {"from", cli::iso_time(now - shown)}, {"bin_s", 60}, {"ended", ended}, {"failed", failed}};
}

namespace {

/// "3 nodes", "1 node", "no node".
std::string counted(std::int64_t count, const std::string& what) {
  return count == 0 ? "no " + what : cli::counted(count, what, what + "s");
}

/// Whether what a run waits for does not come by itself. A queue, a limit, a try that is due later
/// and a pause are how a cluster works; that no node is at work is told once, not for each run.
bool needs_attention(const waiting& why, const run_row& run, db_time now) {
  switch (why.what) {
    case obstacle::unknown_job:
    case obstacle::unknown_version:
    case obstacle::no_tag:
      return true;
    case obstacle::not_adopted:
      return run.state == run_state::created && now - run.created_at > adopted_within;
    case obstacle::none:
    case obstacle::no_node:
    case obstacle::no_slot:
    case obstacle::backoff:
    case obstacle::paused:
    case obstacle::job_paused:
    case obstacle::queued:
    case obstacle::limit_reached:
      return false;
  }
  return false;
}

}  // namespace

document health_view(const reader& look, const std::string& database, bool may_operate) {
  const auto nodes = look.list_nodes(false);
  const auto now = clock_of(nodes);
  std::map<node_state, int> states;
  int slots = 0, running = 0, stuck = 0;
  for (const auto& node : nodes) {
    const auto state = shown_state(node);
    ++states[state];
    if (state != node_state::active && state != node_state::draining) continue;
    slots += node.info.slots;
    running += node.load.running;
    stuck += node.load.stuck;
  }
  std::int64_t created = 0, under_way = 0;
  for (const auto& sum : look.sum_live())
    (sum.state == run_state::created ? created : under_way) += sum.runs;
  std::vector<document> warnings;
  const auto warn = [&](const char* code, const std::string& text, const std::string& hint,
                        const std::string& href) {
    warnings.push_back({{"code", code}, {"text", text}, {"hint", hint}, {"href", href}});
  };
  if (states[node_state::active] == 0)
    warn("no_node", "no node is at work: nothing will be executed", "start one: partita node",
         "#/nodes");
  for (const auto& node : nodes)
    if (shown_state(node) == node_state::unreachable)
      warn("node_silent",
           "node " + node.info.name + " has been silent for " + cli::duration_text(node.silence) +
               ": what it holds is given to others",
           "look at its process and its link to the database",
           "#/nodes/" + std::to_string(node.id.value));
  if (stuck > 0)
    warn("stuck", counted(stuck, "body") + " was asked to stop and goes on",
         "its executor is lost until it ends; isolated bodies can be killed", "#/nodes");
  const auto idle = look.list_idle_runs(idle_runs_looked_at);
  std::int64_t waits = 0;
  cli::reasons_to_wait reasons{look, nodes};
  for (const auto& one : idle) {
    const auto why = reasons.why(one);
    if (!needs_attention(why, one.run, now) || ++waits > waits_told) continue;
    const auto id = std::to_string(one.run.id.value);
    warn("run_waits",
         "run " + id + " of job " + one.run.job.name + " waits for " +
             cli::waiting_text(why, one.run, now),
         "", "#/runs/" + id);
  }
  if (waits > waits_told)
    warn("more_runs_wait",
         (std::ssize(idle) == idle_runs_looked_at ? "at least " : "") +
             counted(waits - waits_told, "more run") + " wait" +
             (waits - waits_told == 1 ? "s" : ""),
         "", "#/runs?state=CREATED,RUNNING");
  if (const auto troubles = cli::schedule_troubles(look, nodes); !troubles.empty()) {
    const auto& [name, why] = troubles.front();
    const auto others = std::ssize(troubles) - 1;
    warn("schedules_not_run",
         "schedule " + name + " " + why +
             (others > 0 ? "; and " + counted(others, "other") + " like it" : std::string{}),
         "`partita doctor` tells of each", "#/schedules");
  }
  const auto failing = states[node_state::active] == 0 && created + under_way > 0;
  const auto* status = failing ? "FAILING" : warnings.empty() ? "OK" : "WARNING";
  auto sentence = counted(states[node_state::active], "node") + " at work, " +
                  counted(under_way, "run") + " under way";
  if (created > 0) sentence += ", " + std::to_string(created) + " waiting to begin";
  sentence += warnings.empty() ? "; all is well"
                               : "; " + counted(std::ssize(warnings), "thing") + " to look at";
  return {{"status", status},
          {"sentence", sentence},
          {"warnings", warnings},
          {"nodes",
           {{"active", states[node_state::active]},
            {"draining", states[node_state::draining]},
            {"unreachable", states[node_state::unreachable]}}},
          {"slots", slots},
          {"running", running},
          {"runs", {{"created", created}, {"running", under_way}}},
          {"database", database},
          {"version", cli::program_version()},
          {"schema", lowest_schema},
          {"now", cli::iso_time(now)},
          {"may_operate", may_operate}};
}

}  // namespace partita::http
