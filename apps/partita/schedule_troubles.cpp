#include "apps/partita/schedule_troubles.hpp"

#include <map>

#include "apps/partita/text.hpp"

namespace partita::cli {

namespace {

std::string sentence(const schedule_row& s, schedule_trouble what, const node_row* owner) {
  switch (what) {
    case schedule_trouble::none:
      break;
    case schedule_trouble::no_owner:
      return "is owned by no node that lives";
    case schedule_trouble::not_fired:
      return "is owned by node " + std::to_string(s.owner.value) + " (" + owner->info.name +
             "), which has not fired it since " + iso_time(*s.next_tick);
    case schedule_trouble::no_trigger:
      return "has the trigger " + s.what.trigger + " in " + s.what.zone +
             ", which its owner does not know";
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
  std::map<node_id, const node_row*> living;
  for (const auto& n : nodes)
    if (n.state == node_state::active || n.state == node_state::unreachable) living[n.id] = &n;
  std::vector<std::pair<std::string, std::string>> found;
  for (const auto& s : schedules) {
    const auto owner = living.find(s.owner);
    const auto lives = owner != living.end();
    const auto waits = s.what.overlap == overlap_policy::queue_one && s.last_run;
    const auto last = waits ? look.find_run(s.last_run) : std::nullopt;
    const auto runs = last && !is_terminal(last->state);
    const auto what = trouble_of(s, lives, runs, now, intervals);
    if (what != schedule_trouble::none)
      found.emplace_back(s.what.name, sentence(s, what, lives ? owner->second : nullptr));
  }
  return found;
}

}  // namespace partita::cli
