#include "apps/partita/http/tile_cache.hpp"

#include <algorithm>

namespace partita::http {

step_tiles::step_tiles(std::vector<tile_row> all) : rows(std::move(all)) {
  std::vector<bool> seen;  // by the numbers of nodes: there are many more tiles than nodes
  for (const auto& tile : rows) {
    const auto node = static_cast<std::size_t>(tile.node.value);
    if (node >= seen.size()) seen.resize(node + 1);
    seen[node] = true;
    if (ended.empty() || ended.back().first != tile.begins) ended.emplace_back(tile.begins, 0);
    ended.back().second += tile.sums.completed + tile.sums.failed + tile.sums.returned;
  }
  for (std::size_t node = 0; node < seen.size(); ++node)
    if (seen[node]) nodes.emplace_back(static_cast<std::int64_t>(node));
}

std::shared_ptr<tile_cache::entry> tile_cache::entry_of(step_id step) {
  std::lock_guard lock{guard_};
  used_.remove(step);
  used_.push_front(step);
  if (used_.size() > most_steps) {
    entries_.erase(used_.back());
    used_.pop_back();
  }
  auto& found = entries_[step];
  if (!found) found = std::make_shared<entry>();
  return found;
}

tile_cache::tiles tile_cache::of(const reader& look, const step_row& step, db_time now) {
  const auto mine = entry_of(step.id);
  std::lock_guard lock{mine->guard};
  if (mine->whole) return mine->known;
  std::vector<tile_row> rows;
  std::chrono::seconds from{0};
  if (mine->known) {
    const auto age = std::chrono::floor<std::chrono::seconds>(mine->read_at - step.started_at);
    from = tile_of(std::max(std::chrono::seconds{0}, age - tile_may_change));
    const auto& known = mine->known->rows;
    const auto stays = std::find_if(known.begin(), known.end(),
                                    [&](const tile_row& tile) { return tile.begins >= from; });
    rows.assign(known.begin(), stays);
  }
  for (;;) {
    const auto page = look.list_tiles(step.id, from, rows_a_read);
    rows.insert(rows.end(), page.begin(), page.end());
    if (page.empty() || std::ssize(page) < rows_a_read / 2) break;
    from = page.back().begins + std::chrono::seconds{1};
  }
  mine->read_at = now;
  mine->whole = step.ended_at.has_value();
  return mine->known = std::make_shared<const step_tiles>(std::move(rows));
}

/// Of a step that did not complete, partitions may still be failed that a lost node was to execute.
tile_cache::durations tile_cache::durations_of(const reader& look, const step_row& step) {
  const auto mine = entry_of(step.id);
  std::lock_guard lock{mine->guard};
  if (mine->took) return mine->took;
  const auto read = std::make_shared<const std::vector<microseconds>>(
      look.sample_durations(step.id, durations_sampled));
  if (step.state == step_state::completed) mine->took = read;
  return read;
}

}  // namespace partita::http
