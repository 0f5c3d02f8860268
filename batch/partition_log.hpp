#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "batch/utf8.hpp"
#include "protocol/values.hpp"

namespace partita {

/// What an attempt says of itself, until it is stored. Any thread.
class partition_log {
 public:
  static constexpr std::size_t longest_line = 1'000;  // bytes

  explicit partition_log(std::function<mono_time()> now) : now_(std::move(now)) {}

  /// What is too long is cut, and what is not UTF-8 becomes \xNN. Nothing waits here for the
  /// database: when too many lines wait, the oldest go, as they would there.
  void append(std::string_view text) {
    auto kept = as_line(text);
    const auto said = now_();
    std::lock_guard lock{mutex_};
    if (waiting_.size() == static_cast<std::size_t>(log_lines_kept)) waiting_.pop_front();
    waiting_.push_back({++count_, said, std::move(kept)});
  }

  /// As it is kept. A line that is one already stays as it is.
  static std::string as_line(std::string_view text) {
    std::string begin{text.substr(0, longest_line + 4)};
    if (begin.size() < text.size()) utf8::drop_cut_character(begin);
    const auto line = utf8::escaped(begin);
    return line.size() <= longest_line ? line : utf8::shortened(line, longest_line - 3);
  }

  /// What is not stored yet, as it is sent now.
  std::vector<log_line> waiting(lease_id lease, partition_no no) const {
    const auto now = now_();
    std::vector<log_line> lines;
    std::lock_guard lock{mutex_};
    for (const auto& one : waiting_)
      lines.push_back({lease, no, one.number, one.text,
                       std::chrono::duration_cast<microseconds>(now - one.said)});
    return lines;
  }

  /// Up to this number the lines are stored.
  void stored(std::int64_t last) {
    std::lock_guard lock{mutex_};
    while (!waiting_.empty() && waiting_.front().number <= last) waiting_.pop_front();
  }

 private:
  struct line {
    std::int64_t number = 0;  // from 1
    mono_time said{};
    std::string text;
  };

  const std::function<mono_time()> now_;
  mutable std::mutex mutex_;
  std::int64_t count_ = 0;
  std::deque<line> waiting_;
};

}  // namespace partita
