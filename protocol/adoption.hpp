#pragma once

#include <algorithm>
#include <map>
#include <span>
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

/// Runs of a job and fair key that are driven now, and the highest priority of them.
struct driven_group {
  std::string job;
  std::string fair_key;
  int priority = 0;
};

/// Tells of each whether it is ahead (masterless_run::ahead).
inline void mark_ahead(std::span<waiting_run> waiting, std::span<const driven_group> driven) {
  std::map<std::pair<std::string, std::string>, int> highest;
  for (const auto& group : driven) {
    const auto [at, first] = highest.try_emplace({group.job, group.fair_key}, group.priority);
    if (!first) at->second = std::max(at->second, group.priority);
  }
  for (auto& w : waiting) {
    const auto group = highest.find({w.job, w.fair_key});
    w.run.ahead = group == highest.end() || group->second < w.priority;
  }
}

/// In the order in which they are to be taken, at most `most`: by priority, then in turns of the
/// fair keys of each job, so that a few runs of one key need not wait for thousands of another.
inline std::vector<masterless_run> in_turns(std::vector<waiting_run> waiting, int most) {
  std::sort(waiting.begin(), waiting.end(), [](const waiting_run& a, const waiting_run& b) {
    return std::pair{-a.priority, a.run.id} < std::pair{-b.priority, b.run.id};
  });
  std::map<std::pair<std::string, std::string>, int> turns;
  std::vector<std::tuple<int, int, run_id, const masterless_run*>> order;
  for (const auto& w : waiting)
    order.emplace_back(-w.priority, ++turns[{w.job, w.fair_key}], w.run.id, &w.run);
  std::sort(order.begin(), order.end());
  std::vector<masterless_run> first;
  for (const auto& [priority, turn, id, run] : order)
    if (std::cmp_less(first.size(), most)) first.push_back(*run);
  return first;
}

}  // namespace partita
