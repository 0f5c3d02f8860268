#include "apps/partita/http/metrics.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <map>

#include "actors/log_event.hpp"
#include "apps/partita/http/cluster_views.hpp"
#include "apps/partita/schedule_troubles.hpp"
#include "apps/partita/version.hpp"
#include "storage/clock.hpp"

namespace partita::http {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using labels = std::vector<std::pair<std::string, std::string>>;

double in_seconds(microseconds span) { return static_cast<double>(span.count()) / 1e6; }

class families {
 public:
  families& about(const std::string& name, const std::string& help, MetricType type) {
    all_.push_back({"partita_" + name, help, type, {}});
    return *this;
  }
  families& gauge(const std::string& name, const std::string& help) {
    return about(name, help, MetricType::Gauge);
  }
  families& counts(const std::string& name, const std::string& help) {
    return about(name, help, MetricType::Counter);
  }
  families& durations(const std::string& name, const std::string& help) {
    return about(name, help, MetricType::Histogram);
  }

  families& add(double value, const labels& of = {}) {
    auto& metric = made(of);
    if (all_.back().type == MetricType::Counter)
      metric.counter.value = value;
    else
      metric.gauge.value = value;
    return *this;
  }

  template <const auto& Bounds>
  families& add(const duration_histogram<Bounds>& from, const labels& of) {
    auto& metric = made(of);
    std::int64_t below = 0;
    for (std::size_t i = 0; i <= Bounds.size(); ++i) {
      below += from.in_bucket(i);
      const auto bound =
          i < Bounds.size() ? in_seconds(Bounds[i]) : std::numeric_limits<double>::infinity();
      metric.histogram.bucket.push_back({static_cast<std::uint64_t>(below), bound});
    }
    metric.histogram.sample_count = static_cast<std::uint64_t>(below);
    metric.histogram.sample_sum = in_seconds(from.sum());
    return *this;
  }

  std::string text() const { return prometheus::TextSerializer{}.Serialize(all_); }

 private:
  ClientMetric& made(const labels& of) {
    auto& metric = all_.back().metric.emplace_back();
    for (const auto& [name, value] : of) metric.label.push_back({name, value});
    return metric;
  }

  std::vector<MetricFamily> all_;
};

void add_own(families& to, const vital_signs& own) {
  const auto& c = *own.counters;
  to.counts("claims_total", "looks for work, by what came of them")
      .add(static_cast<double>(c.claims_won.value()), {{"result", "won"}})
      .add(static_cast<double>(c.claims_lost.value()), {{"result", "lost"}})
      .add(static_cast<double>(c.looks_empty.value()), {{"result", "empty"}});
  to.counts("fenced_writes_total", "results that came after their lease was lost")
      .add(static_cast<double>(c.results_refused.value()));
  to.counts("results_total", "results that were recorded, one for each attempt")
      .add(static_cast<double>(c.results.value()));
  to.counts("heartbeats_failed_total", "heartbeats that were not answered, or refused")
      .add(static_cast<double>(c.renewals_failed.value()));
  to.counts("sweeps_total", "transactions that judged another node")
      .add(static_cast<double>(c.sweeps.value()));
  to.counts("schedule_ticks_total", "ticks of the schedules that it owns, by what came of them")
      .add(static_cast<double>(c.ticks_fired.value()), {{"result", "fired"}})
      .add(static_cast<double>(c.ticks_missed.value()), {{"result", "missed"}});
  to.durations("schedule_lag_seconds", "from a tick that is due to the run that it starts")
      .add(c.schedule_lag, {});
  to.counts("runs_purged_total", "runs that were past what is kept of their jobs")
      .add(static_cast<double>(c.runs_purged.value()));
  to.counts("rows_purged_total", "rows of purged runs that it removed")
      .add(static_cast<double>(c.rows_purged.value()));
  to.counts("purged_files_total", "files of purged runs, by what came of them")
      .add(static_cast<double>(c.files_removed.value()), {{"result", "removed"}})
      .add(static_cast<double>(c.files_left.value()), {{"result", "left"}});
  if (const auto renewed = c.renewed.last(); renewed != mono_time{})
    to.gauge("node_heartbeat_age_seconds", "since this node's last heartbeat")
        .add(std::chrono::duration<double>(boot_now() - renewed).count());
  to.gauge("node_draining", "1: this node takes no new work").add(c.draining.value() > 0 ? 1 : 0);
  to.durations("db_query_seconds", "how long the database took")
      .add(c.renewals, {{"op", "heartbeat"}})
      .add(c.looks, {{"op", "look"}})
      .add(c.claims, {{"op", "claim"}})
      .add(c.reports, {{"op", "report"}});
  const auto in_use = c.sessions_in_use.value();
  to.gauge("db_pool_connections", "sessions with the database that this node has open")
      .add(static_cast<double>(in_use), {{"state", "in_use"}})
      .add(static_cast<double>(std::max<std::int64_t>(0, c.sessions.value() - in_use)),
           {{"state", "idle"}});
  to.durations("chunk_commit_seconds", "how long the transactions of chunks took");
  c.steps.each([&](const auto& key, const step_counters& step) {
    if (step.chunks.count() > 0) to.add(step.chunks, {{"job", key.first}, {"step", key.second}});
  });
  to.durations("partition_duration_seconds", "how long attempts at partitions took");
  c.steps.each([&](const auto& key, const step_counters& step) {
    const auto of = [&](const char* outcome) {
      return labels{{"job", key.first}, {"step", key.second}, {"outcome", outcome}};
    };
    to.add(step.completed, of("completed")).add(step.failed, of("failed"));
    to.add(step.returned, of("returned"));
  });
  to.counts("items_total", "items of partitions, by what became of them");
  c.steps.each([&](const auto& key, const step_counters& step) {
    const auto add = [&](const counter& count, const char* kind) {
      to.add(static_cast<double>(count.value()),
             {{"job", key.first}, {"step", key.second}, {"kind", kind}});
    };
    add(step.read, "read");
    add(step.written, "written");
    add(step.filtered, "filtered");
    add(step.skipped, "skipped");
  });
  to.durations("job_duration_seconds", "how long runs took that this node was the master of");
  c.runs.each([&](const auto& key, const work_histogram& took) {
    to.add(took, {{"job", key.first}, {"outcome", std::string{to_string(key.second)}}});
  });
}

void add_traces(families& to, const span_sink& traces) {
  to.counts("trace_spans_sent_total", "spans that the collector has taken")
      .add(static_cast<double>(traces.sent.value()));
  to.counts("trace_spans_dropped_total", "spans that nobody will see")
      .add(static_cast<double>(traces.dropped.value()));
}

void add_cluster(families& to, const reader& look) {
  std::map<node_state, std::int64_t> by_state{{node_state::active, 0},
                                              {node_state::draining, 0},
                                              {node_state::unreachable, 0},
                                              {node_state::condemned, 0}};
  for (const auto& [state, count] : look.count_nodes()) by_state[state] = count;
  to.gauge("nodes", "nodes of the cluster");
  for (const auto& [state, count] : by_state)
    to.add(static_cast<double>(count), {{"status", std::string{to_string(state)}}});
  std::map<std::pair<std::string, std::string>, std::int64_t> partitions;
  to.gauge("jobs", "runs under way");
  for (const auto& sum : look.sum_live()) {
    to.add(static_cast<double>(sum.runs),
           {{"job", sum.job}, {"state", std::string{to_string(sum.state)}}});
    if (sum.state != run_state::running) continue;  // the others have begun no step
    partitions[{sum.job, "COMPLETED"}] += sum.completed;
    partitions[{sum.job, "FAILED"}] += sum.failed;
    partitions[{sum.job, "CLAIMED"}] += sum.claimed;
    partitions[{sum.job, "PENDING"}] += sum.pending;
  }
  to.gauge("partitions", "partitions of the steps begun of runs under way");
  for (const auto& [key, count] : partitions)
    to.add(static_cast<double>(count), {{"job", key.first}, {"state", key.second}});
  to.gauge("schedules_not_run", "unpaused schedules that start no runs, or have no owner")
      .add(static_cast<double>(cli::schedule_troubles(look, look.list_nodes(false)).size()));
  to.gauge("job_last_success_timestamp_seconds", "when a run of the job was COMPLETED last");
  for (const auto& [job, runs] :
       look.list_runs_of(names_of_jobs(look.list_known_jobs()), 1, {"COMPLETED"}))
    if (const auto& ended = runs.front().ended_at)
      to.add(in_seconds(ended->time_since_epoch()), {{"job", job}});
}

response metrics(const vital_signs* own, api_state& state) {
  families all;
  all.gauge("build_info", "which program this is").add(1, {{"version", cli::program_version()}});
  if (own != nullptr) add_own(all, *own);
  if (own != nullptr && own->traces) add_traces(all, *own->traces);
  families cluster;
  bool up = true, whole = true;
  try {
    state.readers.look([&](const reader& look) { return add_cluster(cluster, look), 0; });
  } catch (const store_error& e) {
    // Of a file of SQLite that is gone only this tells.
    up = e.code() != errc::unavailable && e.code() != errc::schema_missing;
    whole = false;
  } catch (const std::exception& e) {
    log::warn("metrics_failed", {}, {{"why", e.what()}});
    whole = false;
  }
  all.gauge("database_up", "1: the database answers").add(up ? 1 : 0);
  all.gauge("cluster_scraped", "1: the figures of the cluster are here").add(whole ? 1 : 0);
  return {200, "text/plain; version=0.0.4; charset=utf-8",
          all.text() + (whole ? cluster.text() : "")};
}

}  // namespace

route metrics_route(std::shared_ptr<const vital_signs> own, api_state& state) {
  return {"GET", "/metrics", [own = std::move(own), &state](const call& c) {
            return state.shared.get_soon(c.what, [&] { return metrics(own.get(), state); });
          }};
}

}  // namespace partita::http
