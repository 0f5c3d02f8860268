#pragma once

#include <vector>

#include "actors/executor_control.hpp"
#include "protocol/values.hpp"

namespace partita {

/// Chooses the partitions whose progress is written to the database: those that were already under
/// execution at the last look, and whose progress has changed. So a short partition costs no row.
class progress_watch {
 public:
  std::vector<progress_report> changed(const controls& executors) {
    std::vector<progress_report> moved;
    seen_.resize(executors.size());
    for (std::size_t i = 0; i < executors.size(); ++i) {
      const auto current = executors[i]->now();
      if (!current) continue;
      const progress_report now{current->lease, current->no, current->progress->done.load(),
                                current->progress->total.load()};
      auto& before = seen_[i];
      if (before.lease != now.lease || before.no != now.no) {
        before = {now.lease, now.no, 0, 0};
        continue;
      }
      if (now.done != before.done || now.total != before.total) moved.push_back(now);
      before = now;
    }
    return moved;
  }

 private:
  std::vector<progress_report> seen_;  // of each executor
};

}  // namespace partita
