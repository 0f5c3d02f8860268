#pragma once

#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "actors/executor_control.hpp"

namespace partita {

/// What one or several attempts have logged and is not stored yet.
class waiting_lines {
 public:
  explicit waiting_lines(const controls& executors) {
    for (const auto& one : executors)
      if (const auto now = one->now()) add(*now);
  }
  explicit waiting_lines(const executor_control::current& of) { add(of); }

  const std::vector<log_line>& lines() const { return lines_; }

  /// To be called when they are.
  void stored() const {
    for (const auto& [of, last] : last_) of->log.stored(last);
  }

 private:
  void add(const executor_control::current& of) {
    auto said = of.progress->log.waiting(of.lease, of.no);
    if (said.empty()) return;
    last_.emplace_back(of.progress, said.back().number);
    std::move(said.begin(), said.end(), std::back_inserter(lines_));
  }

  std::vector<log_line> lines_;
  std::vector<std::pair<std::shared_ptr<progress_cell>, std::int64_t>> last_;
};

}  // namespace partita
