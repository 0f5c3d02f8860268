#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "protocol/mutation.hpp"
#include "protocol/settings.hpp"
#include "protocol/values.hpp"

namespace partita {

/// Results that are not known to stand yet, in the order in which they came. Those that were sent
/// and not answered stay in doubt until an answer comes: they may stand.
class report_queue {
 public:
  explicit report_queue(const settings& limits)
      : most_(static_cast<std::size_t>(limits.max_report_batch)),
        most_bytes_(limits.max_statement_bytes) {}

  bool empty() const { return waiting_.empty(); }
  bool has_full_batch() const { return waiting_.size() >= most_; }

  void add(attempt_report report) { waiting_.push_back(std::move(report)); }

  /// As many as one statement may hold, from the front. They are in doubt from now on. Each says
  /// how long ago it ended.
  std::span<const attempt_report> send(mono_time now) {
    const auto size = batch_size();
    in_doubt_ = std::max(in_doubt_, size);
    for (auto& r : std::span{waiting_}.first(size))
      if (r.ended != mono_time{})
        r.ended_ago = std::chrono::duration_cast<microseconds>(now - r.ended);
    return {waiting_.data(), size};
  }

  /// The first `count` were answered. Returns them.
  std::vector<attempt_report> answered(std::size_t count) {
    const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
    std::vector<attempt_report> reports(std::make_move_iterator(waiting_.begin()),
                                        std::make_move_iterator(end));
    waiting_.erase(waiting_.begin(), end);
    in_doubt_ -= std::min(in_doubt_, count);
    return reports;
  }

  /// Forgets all. Returns those that were never sent: their files can be discarded. The files of
  /// the others stay, and the master clears away what does not belong to a result.
  std::vector<attempt_report> clear() {
    if (PARTITA_BUG(files_of_doubtful_results_are_discarded)) in_doubt_ = 0;
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(in_doubt_));
    in_doubt_ = 0;
    return std::exchange(waiting_, {});
  }

 private:
  std::size_t batch_size() const {
    const auto most = std::min(waiting_.size(), most_);
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < most; ++i) {
      const auto& r = waiting_[i];
      bytes += r.output.size() + r.error.size() + r.files.size();
      if (bytes > most_bytes_) return std::max<std::size_t>(i, 1);
    }
    return most;
  }

  std::size_t most_;
  std::size_t most_bytes_;
  std::vector<attempt_report> waiting_;
  std::size_t in_doubt_ = 0;  // of `waiting_`, from the front
};

}  // namespace partita
