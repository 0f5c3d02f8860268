#include "apps/testing/sim/purged_rows.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace partita::sim {

namespace {

template <class Rows, class Condition>
void append(Rows& to, const Rows& from, Condition holds) {
  std::copy_if(from.begin(), from.end(), std::back_inserter(to), holds);
}

/// Appends the rows of steps for whose step the condition holds.
template <class Condition>
void append_of_steps(tables& to, const tables& from, Condition holds) {
  const auto of_step = [&](const auto& row) { return holds(row.step); };
  append(to.steps, from.steps, [&](const step_record& s) { return holds(s.row.id); });
  append(to.partitions, from.partitions, of_step);
  append(to.leases, from.leases, of_step);
  append(to.results, from.results, of_step);
  append(to.checkpoints, from.checkpoints, of_step);
  append(to.skipped, from.skipped, of_step);
  append(to.failures, from.failures, of_step);
  append(to.counters, from.counters, of_step);
}

}  // namespace

void purged_rows::keep(const tables& before, const tables& after) {
  std::set<run_id> purged;
  for (const auto& run : after.runs)
    if (run.purged_at) purged.insert(run.id);
  for (const auto& run : before.runs)
    if (run.purged_at) purged.erase(run.id);
  if (purged.empty()) return;
  append(kept_.runs, before.runs, [&](const run_row& run) { return purged.contains(run.id); });
  std::set<step_id> steps;
  for (const auto& step : before.steps)
    if (purged.contains(step.row.run)) steps.insert(step.row.id);
  append_of_steps(kept_, before, [&](step_id step) { return steps.contains(step); });
}

tables purged_rows::put_back(tables rows) const {
  for (const auto& run : kept_.runs)
    for (auto& row : rows.runs)
      if (row.id == run.id) row = run;
  append_of_steps(rows, kept_, [](step_id) { return true; });
  return rows;
}

}  // namespace partita::sim
