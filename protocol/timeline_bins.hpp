#pragma once

#include <algorithm>
#include <map>

#include "protocol/timeline.hpp"

// The timeline of a run as it is drawn: how busy each node was, in bins of equal length.
namespace partita {

/// A tile of a step in time.
struct placed_tile {
  node_id node;
  db_time from;
  std::chrono::seconds length{1};
  tile_sums sums;
};

/// Bins of one length, one after the other.
struct bin_layout {
  db_time from;
  microseconds length{1'000'000};
  int count = 1;

  db_time end() const { return from + length * count; }
  int at(db_time when) const {
    const auto bin = (when - from) / length;
    return static_cast<int>(std::clamp<std::int64_t>(when < from ? -1 : bin, -1, count));
  }
};

/// What a node did in one bin.
struct node_bin {
  double busy = 0;  // share of its executors' time, 0 to 1
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::int64_t returned = 0;
  microseconds slowest{0};

  bool is_empty() const { return busy == 0 && completed + failed + returned == 0; }
};

/// The bins of one node with so many executors. A tile tells what attempts took that ended in it;
/// what does not fit into its time was done before: it is carried back. `tiles` in any order, those
/// behind the last bin too: their attempts may have begun in it.
inline std::vector<node_bin> bins_of(const std::vector<placed_tile>& tiles, int slots,
                                     const bin_layout& layout) {
  std::vector<node_bin> bins(static_cast<std::size_t>(layout.count));
  std::vector<double> busy(static_cast<std::size_t>(layout.count) + 1);  // the last one: behind
  double behind_capacity = 0;
  db_time last = layout.end();
  for (const auto& tile : tiles) {
    const auto end = tile.from + tile.length;
    last = std::max(last, end);
    const auto ended_in = layout.at(tile.from);
    if (ended_in >= 0 && ended_in < layout.count) {
      auto& bin = bins[static_cast<std::size_t>(ended_in)];
      bin.completed += tile.sums.completed;
      bin.failed += tile.sums.failed;
      bin.returned += tile.sums.returned;
      bin.slowest = std::max(bin.slowest, tile.sums.slowest);
    }
    // Spread over the bins that the tile lies in.
    const auto first = layout.at(tile.from), final = layout.at(end - microseconds{1});
    const auto took = static_cast<double>(tile.sums.busy.count());
    const auto whole = static_cast<double>(microseconds{tile.length}.count());
    for (int at = first; at <= final; ++at) {
      const auto begins =
          at < 0 ? tile.from : std::max(tile.from, layout.from + layout.length * at);
      const auto ends =
          at >= layout.count ? end : std::min(end, layout.from + layout.length * (at + 1));
      if (at >= 0 && ends > begins)
        busy[static_cast<std::size_t>(at)] +=
            took * static_cast<double>((ends - begins).count()) / whole;
    }
  }
  const auto executors = static_cast<double>(std::max(1, slots));
  behind_capacity = executors * static_cast<double>((last - layout.end()).count());
  double carried = std::max(0.0, busy.back() - behind_capacity);
  const auto capacity = executors * static_cast<double>(layout.length.count());
  for (auto at = static_cast<std::size_t>(layout.count); at-- > 0;) {
    const auto wanted = busy[at] + carried;
    carried = std::max(0.0, wanted - capacity);
    bins[at].busy = std::min(wanted, capacity) / capacity;
  }
  return bins;
}

}  // namespace partita
