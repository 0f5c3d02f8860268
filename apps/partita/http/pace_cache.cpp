#include "apps/partita/http/pace_cache.hpp"

#include <algorithm>
#include <iterator>

#include "apps/partita/http/tile_cache.hpp"

namespace partita::http {

namespace {

constexpr auto longest_tile = std::end(tile_lengths)[-1].length;

}  // namespace

std::vector<pace_row> pace_cache::of(const reader& look, db_time now, std::chrono::seconds span) {
  std::lock_guard lock{guard_};
  const auto from = now - span;
  auto again = from;
  if (from_ <= from) again = std::max(from, read_at_ - tile_may_change - longest_tile);
  for (const auto& tile : look.list_pace(std::chrono::ceil<std::chrono::seconds>(now - again)))
    known_.insert_or_assign({tile.begins, tile.step}, tile);
  known_.erase(known_.begin(), known_.lower_bound({from, step_id{}}));
  from_ = from;
  read_at_ = now;
  std::vector<pace_row> rows;
  for (const auto& [key, row] : known_) rows.push_back(row);
  return rows;
}

}  // namespace partita::http
