#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "protocol/values.hpp"

namespace partita {

/// A run without a master, and what decides when it is taken.
struct waiting_run {
  masterless_run run;
  std::string job;
  std::string fair_key;
  int priority = 0;
};

/// In the order in which they are to be taken, at most `most`: by priority, then in turns of the
/// fair keys of each job, so that a few runs of one key need not wait for thousands of another.
inline std::vector<masterless_run> in_turns(std::vector<waiting_run> waiting, int most) {
  std::sort(waiting.begin(), waiting.end(), [](const waiting_run& a, const waiting_run& b) {
    return std::pair{-a.priority, a.run.id} < std::pair{-b.priority, b.run.id};
  });
  std::map<std::pair<std::string, std::string>, int> turns;
  std::vector<std::tuple<int, int, run_id, term>> order;
  for (const auto& w : waiting)
    order.emplace_back(-w.priority, ++turns[{w.job, w.fair_key}], w.run.id, w.run.seen);
  std::sort(order.begin(), order.end());
  std::vector<masterless_run> first;
  for (const auto& [priority, turn, id, seen] : order)
    if (std::cmp_less(first.size(), most)) first.push_back({id, seen});
  return first;
}

}  // namespace partita
