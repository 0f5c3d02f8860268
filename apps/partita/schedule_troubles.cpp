#include "apps/partita/schedule_troubles.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "apps/partita/documents.hpp"
#include "apps/partita/text.hpp"
#include "protocol/liveness.hpp"

namespace partita::cli {

namespace {

bool any_at_work(const std::vector<node_row>& nodes) {
  return std::any_of(nodes.begin(), nodes.end(),
                     [](const node_row& n) { return shown_state(n) == node_state::active; });
}

std::string sentence(const schedule_row& s, schedule_trouble what, const node_row* owner) {
  switch (what) {
    case schedule_trouble::none:
      break;
    case schedule_trouble::no_owner:
      return "is owned by no node that lives";
    case schedule_trouble::not_run:
      return (s.last_tick ? "has started no run since the tick " + iso_time(*s.last_tick)
                          : std::string{"has started no run"}) +
             "; missed since it was defined or resumed: " + counted(s.missed, "tick", "ticks");
    case schedule_trouble::not_fired:
      return "is owned by node " + std::to_string(s.owner.value) + " (" + owner->info.name +
             "), which has not fired it since " + iso_time(*s.next_tick);
    case schedule_trouble::no_trigger:
      return "has the trigger " + s.what.trigger + " in " + s.what.zone +
             ", which this program or a node does not know";
  }
  return "";
}

}  // namespace

std::vector<schedule_row> all_schedules(const reader& look) {
  constexpr int page = 1000;
  std::vector<schedule_row> all;
  for (std::string after;;) {
    auto rows = look.list_schedules(after, page);
    const auto last = std::ssize(rows) < page;
    if (!rows.empty()) after = rows.back().what.name;
    std::move(rows.begin(), rows.end(), std::back_inserter(all));
    if (last) return all;
  }
}

std::vector<std::pair<std::string, std::string>> troubles_among(
    const std::vector<schedule_row>& schedules, const reader& look,
    const std::vector<node_row>& nodes, db_time now, int intervals) {
  // Where some node is at work, it takes over from those that are silent.
  std::map<node_id, const node_row*> living;
  const auto takes_over = any_at_work(nodes);
  for (const auto& n : nodes)
    if (takes_over && (n.state == node_state::active || n.state == node_state::unreachable))
      living[n.id] = &n;
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& s : schedules) {
    const auto owner = living.find(s.owner);
    const auto lives = owner != living.end();
    const auto runs = [&] {
      const auto last = s.last_run ? look.find_run(s.last_run) : std::nullopt;
      return last && !is_terminal(last->state);
    };
    const auto what = trouble_of(s, lives, runs, now, intervals);
    if (what != schedule_trouble::none)
      found.emplace_back(s.what.name, sentence(s, what, lives ? owner->second : nullptr));
  }
  return found;
}

std::string advice_on(const std::vector<schedule_row>& schedules,
                      const std::vector<node_row>& nodes) {
  if (!any_at_work(nodes)) return "no node is at work: start one, partita node";
  std::int64_t tokens = 0;
  for (const auto& n : nodes)
    if (shown_state(n) == node_state::active) tokens += n.info.tokens;
  const auto awake = std::count_if(schedules.begin(), schedules.end(),
                                   [](const schedule_row& s) { return !s.paused && s.next_tick; });
  return fmt::format(
      "nodes have {} for {}; one that owns it must know its job and have a token left (--tokens)."
      " `schedule show` tells what became of its ticks; `schedule run` starts one that was missed,"
      " `schedule rm` removes what is over",
      counted(tokens, "token", "tokens"), counted(awake, "schedule", "schedules"));
}

std::vector<std::pair<std::string, std::string>> schedule_troubles(
    const reader& look, const std::vector<node_row>& nodes) {
  constexpr int most = 1000;
  // Where nobody is left who could say so, rows of nodes tell that they are ACTIVE.
  const auto doubtful =
      any_at_work(nodes) ? look.list_doubtful_schedules(most) : look.list_schedules("", most);
  return troubles_among(doubtful, look, nodes, clock_of(nodes), usual_intervals);
}

}  // namespace partita::cli
