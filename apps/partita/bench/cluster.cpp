#include "apps/partita/bench/cluster.hpp"

#include <algorithm>

#include "apps/partita/errors.hpp"
#include "protocol/events.hpp"
#include "storage/clock.hpp"

namespace partita::bench {

namespace {

constexpr milliseconds split_look_every{5};
constexpr milliseconds end_look_every{50};  // what is measured ends by the database's clock
constexpr milliseconds drain_at_most{60'000};

/// Tries again, as a supervisor would, while the database is busy with other nodes that join.
std::unique_ptr<node_process> joined(const node_config& config) {
  for (int tries = 10;; --tries) {
    try {
      return std::make_unique<node_process>(config);
    } catch (const store_error& e) {
      if (e.code() != errc::unavailable || tries == 1) throw;
    }
  }
}

}  // namespace

cluster::cluster(const std::shared_ptr<database>& db, job what, const settings& limits, int nodes,
                 const std::shared_ptr<span_sink>& traces)
    : job_(what.ref()), view_(db->connect({})) {
  const auto jobs = std::make_shared<const registry>(registry{std::move(what)});
  for (int i = 0; i < nodes; ++i)
    nodes_.push_back(
        joined({db, jobs, limits, "bench-" + std::to_string(i + 1), "", {}, nullptr, traces}));
}

cluster::~cluster() {
  for (auto& node : nodes_) node->drain();
  for (auto& node : nodes_) node->wait(drain_at_most);
}

run_id cluster::submit(const json& parameters) {
  const auto key = "bench-" + std::to_string(wall_now().time_since_epoch().count()) + "-" +
                   std::to_string(++submitted_);
  return view_.submit({job_, parameters.dump(), key, key}).id;
}

void cluster::pause(milliseconds pause) { nodes_.front()->wait(pause); }

void cluster::wait_sealed(run_id run) {
  for (;;) {
    const auto steps = view_.list_steps(run);
    if (!steps.empty() && steps.front().sealed) return;
    if (is_terminal(view_.find_run(run)->state)) return;
    pause(split_look_every);
  }
}

void cluster::wait_completed(run_id run) {
  for (;;) {
    const auto row = view_.find_run(run);
    if (row->state == run_state::completed) return;
    if (is_terminal(row->state))
      throw cli::command_error(cli::exit_code::failed, "bench", "the run ended: " + row->error);
    pause(end_look_every);
  }
}

milestones cluster::milestones_of(run_id run) {
  constexpr int page = 1000;
  milestones found;
  const std::pair<std::string_view, db_time milestones::*> wanted[]{
      {event::run_submitted, &milestones::submitted},
      {event::run_adopted, &milestones::adopted},
      {event::step_begun, &milestones::begun},
      {event::split_sealed, &milestones::sealed},
      {event::lease_granted, &milestones::leased}};
  auto complete = [&] {
    return std::all_of(std::begin(wanted), std::end(wanted),
                       [&](const auto& one) { return found.*one.second != db_time{}; });
  };
  for (std::int64_t after = 0; !complete();) {
    const auto events = view_.list_events(run, after, page);
    if (events.empty()) break;
    after = events.back().id;
    for (const auto& e : events)
      for (const auto& [kind, member] : wanted)
        if (e.kind == kind && found.*member == db_time{}) found.*member = e.at;
  }
  found.ended = view_.list_steps(run).front().ended_at.value();
  return found;
}

std::int64_t cluster::counted(counter node_counters::*what) const {
  std::int64_t sum = 0;
  for (const auto& node : nodes_) sum += (node->counters().*what).value();
  return sum;
}

double seconds(db_time from, db_time to) {
  return std::chrono::duration<double>(to - from).count();
}

double seconds(mono_time from, mono_time to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace partita::bench
