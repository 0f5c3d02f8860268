#include "apps/partita/event_follower.hpp"

#include <algorithm>

namespace partita::cli {

std::vector<event_row> event_follower::fresh(const std::vector<event_row>& rows) {
  std::vector<event_row> found;
  for (const auto& row : rows)
    if (row.id > floor_ && seen_.insert(row.id).second) found.push_back(row);
  return found;
}

void event_follower::look(mono_time now, bool to_the_end,
                          const std::function<void(const std::vector<event_row>&)>& take) {
  const bool looks_far = to_the_end || now - far_at_ >= far_every;
  const auto newest = seen_.empty() ? floor_ : *seen_.rbegin();
  for (auto after = std::max(floor_, newest - (looks_far ? far : near));;) {
    const auto rows = fetch_(after, page);
    if (auto found = fresh(rows); !found.empty()) take(found);
    if (rows.size() < static_cast<std::size_t>(page)) break;
    after = rows.back().id;
  }
  if (looks_far) far_at_ = now;  // only now: a look that fails is made again
  if (!seen_.empty()) seen_.erase(seen_.begin(), seen_.lower_bound(*seen_.rbegin() - 2 * far));
}

}  // namespace partita::cli
