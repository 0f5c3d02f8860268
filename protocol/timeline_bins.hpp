#pragma once

#include <algorithm>
#include <vector>

#include "protocol/timeline.hpp"

// The timeline of a run as it is drawn: how busy each node was, in bins of equal length.
namespace partita {

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

/// Where a stretch of time lies among bins: -1 is before the first one, `count` behind the last.
struct bin_span {
  bin_span(const bin_layout& layout, db_time begins, std::chrono::seconds length)
      : from(begins),
        to(begins + length),
        first(layout.at(begins)),
        last(layout.at(to - microseconds{1})) {}

  db_time from, to;
  int first, last;
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

/// The bins of one node. A tile tells what attempts took that ended in it; what does not fit into
/// its time was done before: it is carried back.
class node_bins {
 public:
  explicit node_bins(const bin_layout& layout)
      : layout_(layout),
        bins_(static_cast<std::size_t>(layout.count)),
        busy_(static_cast<std::size_t>(layout.count) + 1),
        last_(layout.end()) {}

  /// A tile in time; in any order. Those behind the last bin too: their attempts may have begun in
  /// it.
  void add(const bin_span& of, const tile_sums& sums) {
    last_ = std::max(last_, of.to);
    if (of.first >= 0 && of.first < layout_.count) {
      auto& bin = bins_[static_cast<std::size_t>(of.first)];
      bin.completed += sums.completed;
      bin.failed += sums.failed;
      bin.returned += sums.returned;
      bin.slowest = std::max(bin.slowest, sums.slowest);
    }
    // Spread over the bins that the tile lies in.
    const auto took = static_cast<double>(sums.busy.count());
    if (of.first == of.last) {
      if (of.first >= 0) busy_[static_cast<std::size_t>(of.first)] += took;
      return;
    }
    const auto whole = static_cast<double>((of.to - of.from).count());
    for (int at = std::max(0, of.first); at <= of.last; ++at) {
      const auto begins = std::max(of.from, layout_.from + layout_.length * at);
      const auto ends =
          at >= layout_.count ? of.to : std::min(of.to, layout_.from + layout_.length * (at + 1));
      if (ends > begins)
        busy_[static_cast<std::size_t>(at)] +=
            took * static_cast<double>((ends - begins).count()) / whole;
    }
  }

  /// Of all that was added, with so many executors.
  std::vector<node_bin> shown(int slots) const {
    auto bins = bins_;
    const auto executors = static_cast<double>(std::max(1, slots));
    const auto behind = executors * static_cast<double>((last_ - layout_.end()).count());
    double carried = std::max(0.0, busy_.back() - behind);
    const auto capacity = executors * static_cast<double>(layout_.length.count());
    for (auto at = bins.size(); at-- > 0;) {
      const auto wanted = busy_[at] + carried;
      carried = std::max(0.0, wanted - capacity);
      bins[at].busy = std::min(wanted, capacity) / capacity;
    }
    return bins;
  }

 private:
  bin_layout layout_;
  std::vector<node_bin> bins_;
  std::vector<double> busy_;  // what was taken in each bin; the last one: behind
  db_time last_;
};

}  // namespace partita
