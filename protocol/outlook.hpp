#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "protocol/lease_width.hpp"
#include "protocol/liveness.hpp"
#include "protocol/values.hpp"

namespace partita {

/// The work that was ready when this node last looked, less what it has claimed since.
class outlook {
 public:
  /// The answer of a look that was read at `at`.
  void seen(std::vector<ready_step> ready, mono_time at) {
    ready_ = std::move(ready);
    looked_ = at;
  }

  /// When the last look was answered.
  mono_time looked() const { return looked_; }

  /// What was seen is not to be relied on: nothing more is claimed before the next look.
  void forget() { ready_.clear(); }

  /// It is time to look again, also if no more work was known to be ready.
  void expire() {
    forget();
    nothing_ahead_ = false;
  }

  /// Another incarnation: what was claimed and not answered belongs to the one before.
  void start_anew() {
    forget();
    in_doubt_ = false;
  }

  /// The step to claim from next, or nothing.
  ready_step* next() {
    const auto best = fairest(ready_);
    return best ? &ready_[*best] : nullptr;
  }

  /// All that was seen is claimed: before the next poll, a node looks again only if it would idle.
  void exhausted() { nothing_ahead_ = true; }
  void found() { nothing_ahead_ = false; }
  bool nothing_ahead() const { return nothing_ahead_; }

  /// A claim is sent. Until its answer comes, or the next look has found and released what it
  /// brought, the node may hold a lease that it does not know.
  void claiming() { in_doubt_ = true; }
  void answered() { in_doubt_ = false; }
  bool in_doubt() const { return in_doubt_; }

  /// The claim brought `partitions` for `executors` of this node. Of ranges that were tried before
  /// the look knows only the first: what comes after it is not known. Nor is what is left of
  /// the room of a limited step.
  void took(ready_step& from, std::int64_t partitions, int executors) {
    const auto more = static_cast<int>(std::min<std::int64_t>(partitions, executors));
    from.remaining -= partitions;
    from.slots_held += more;
    if (from.group)
      for (auto& step : ready_)
        if (step.group == from.group) step.group_held += more;
    if (from.next_attempt > 0 || from.limited) from.remaining = 0;
  }

  /// Another node was faster. More claims by the same view would each be as narrow as this one.
  static void missed(ready_step& from) { from.remaining = 0; }

 private:
  std::vector<ready_step> ready_;
  mono_time looked_;
  bool nothing_ahead_ = false;
  bool in_doubt_ = false;
};

}  // namespace partita
