#include "tests/sim/tick_check.hpp"

#include <algorithm>
#include <map>

#include "protocol/schedule_policy.hpp"
#include "protocol/trigger.hpp"

namespace partita::sim {

namespace {

std::vector<schedule_row> schedules_of(world& w) { return w.observer().list_schedules("", 1000); }

}  // namespace

std::vector<std::string> idle_schedules(world& w) {
  constexpr milliseconds late{20'000};  // a tick waits for the end of a run, and that takes seconds
  std::vector<std::string> idle;
  std::map<node_id, node_row> nodes;
  for (const auto& n : w.observer().list_nodes(false)) nodes[n.id] = n;
  const auto runs = w.observer().list_runs(10'000, {});
  const auto now = w.database_time();
  for (const auto& s : schedules_of(w)) {
    if (s.paused) continue;
    const auto live = std::any_of(runs.begin(), runs.end(), [&](const run_row& r) {
      return r.schedule == s.id && !is_terminal(r.state);
    });
    const auto waits = live && s.what.overlap == overlap_policy::queue_one;
    if (!nodes.contains(s.owner) || nodes[s.owner].state != node_state::active)
      idle.push_back("schedule " + s.what.name + " is owned by no node that is up");
    else if (!waits && (!s.next_tick || *s.next_tick + late < now))
      idle.push_back("schedule " + s.what.name + " (" + s.what.trigger + ", " +
                     std::string{to_string(s.what.overlap)} + ") is not fired by its owner: at " +
                     tick_text(now) + " its next tick is " +
                     (s.next_tick ? tick_text(*s.next_tick) : "none") +
                     (live ? ", and a run is live" : ""));
  }
  return idle;
}

void check_ticks(world& w, const tables& rows, const std::set<std::string>& touched,
                 std::vector<std::string>& violations) {
  std::map<schedule_id, std::set<db_time>> started;
  for (const auto& r : rows.runs) {
    if (!r.schedule) continue;
    if (!r.restart_of) started[r.schedule].insert(*r.tick);
    if (r.state != run_state::completed && r.state != run_state::stopped)
      violations.push_back("run " + std::to_string(r.id.value) + " of a schedule is " +
                           std::string{to_string(r.state)});
  }
  for (const auto& s : schedules_of(w)) {
    const auto when = *parse_trigger(s.what.trigger, s.what.zone).value;
    if (!std::holds_alternative<fixed_rate>(when.when) || touched.contains(s.what.name)) continue;
    constexpr std::size_t most = 100'000;
    const auto due = ticks_between(when, s.created_at, *s.next_tick - microseconds{1}, most);
    const auto told = static_cast<std::int64_t>(started[s.id].size()) + s.missed;
    // Of very many that are missed at once, most_missed are told.
    const auto all_are_told = s.missed < most_missed;
    if (all_are_told ? told != std::ssize(due) : told > std::ssize(due))
      violations.push_back("schedule " + s.what.name + " had " + std::to_string(due.size()) +
                           " ticks, and tells of " + std::to_string(told));
    for (const auto tick : started[s.id])
      if (std::find(due.begin(), due.end(), tick) == due.end())
        violations.push_back("a run of schedule " + s.what.name + " is of " + tick_text(tick) +
                             ", which is no tick");
  }
}

}  // namespace partita::sim
