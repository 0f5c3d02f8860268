#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "protocol/liveness.hpp"

namespace partita::cli {

/// When a local node that died is started again. At once the first time; then later each time,
/// while nodes die soon and the run does not go on. Knows no clock and no process.
class node_restarts {
 public:
  static constexpr int most_in_a_row = 10;
  static constexpr milliseconds soon{10'000};

  /// A node has died after it lived so long; `ended`: partitions of the run that have ended so far.
  /// How long to wait before another is started; nothing: none is started any more.
  std::optional<milliseconds> died(milliseconds lived, std::int64_t ended) {
    if (lived >= soon || ended > ended_) in_a_row_ = 0;
    ended_ = std::max(ended_, ended);
    if (in_a_row_ == most_in_a_row) return std::nullopt;
    const auto wait = in_a_row_ == 0 ? 0 : std::min(4000, 125 << in_a_row_);
    ++in_a_row_;
    return milliseconds{wait};
  }

 private:
  int in_a_row_ = 0;
  std::int64_t ended_ = 0;
};

}  // namespace partita::cli
