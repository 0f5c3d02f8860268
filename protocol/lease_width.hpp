#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

#include "protocol/settings.hpp"
#include "protocol/values.hpp"

namespace partita {

/// What the width of one lease is decided on.
struct width_input {
  std::int64_t remaining = 0;  // partitions of the step this node may claim now
  int free_executors = 1;      // of this node
  int executors = 1;           // of this node
  int cluster_slots = 1;       // executors of the whole cluster, this node's included
  std::optional<microseconds> mean_duration;  // of a partition of this step, measured here
  bool one_start = false;  // not transferable, or tried before: whatever is leased starts now
};

/// How many partitions one node takes now:
///   clamp(executors * lease_hold / mean_duration, free_executors, remaining / (2 * cluster_slots))
/// The lower bound keeps every free executor busy. The upper one leaves work for other nodes, and
/// makes leases narrow towards the end of a step: every executor of the cluster, busy or not, needs
/// its share within one hold time. But the upper bound is at least the work of a thousandth of the
/// hold time, because a claim takes about as long. While nothing is measured, and for partitions
/// that must not wait inside a lease, the width is one for each free executor.
inline std::int64_t lease_width(const width_input& in, const settings& s) {
  auto narrow = std::clamp<std::int64_t>(in.free_executors, 1, std::max(1, s.max_lease_width));
  if (in.one_start || !in.mean_duration) return narrow;
  auto mean = std::max(1.0, static_cast<double>(in.mean_duration->count()));
  auto hold = static_cast<double>(microseconds{s.lease_hold}.count());
  auto by_rate = static_cast<std::int64_t>(std::min(in.executors * hold / mean, 1e9));
  auto share = std::max(in.remaining / (2 * std::max(1, in.cluster_slots)), by_rate / 1000);
  return std::clamp(std::min(by_rate, share), narrow,
                    std::max<std::int64_t>(narrow, s.max_lease_width));
}

/// Which step a node claims from next: among those of the highest priority the one whose group, and
/// in that the one that itself, holds the fewest executors of the cluster, so that groups and runs
/// share it evenly whatever their size or age; the oldest among equals. The index into `ready`, or
/// nothing when there is no work.
inline std::optional<std::size_t> fairest(const std::vector<ready_step>& ready) {
  const auto rank = [](const ready_step& s) {
    return std::tuple{-s.priority, s.group ? s.group_held : s.slots_held, s.slots_held, s.step};
  };
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < ready.size(); ++i)
    if (ready[i].remaining > 0 && (!best || rank(ready[i]) < rank(ready[*best]))) best = i;
  return best;
}

}  // namespace partita
