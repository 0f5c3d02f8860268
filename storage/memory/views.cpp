#include <algorithm>

#include "storage/memory/memory_store.hpp"
#include "storage/memory/transaction.hpp"

namespace partita::memory {

namespace {

step_totals totals_of(const transaction& tx, const step_record& step) {
  step_totals totals;
  totals.completed = step.carried;
  for (const auto& [id, lease] : tx.db.leases) {
    if (lease.step != step.row.id) continue;
    totals.completed += lease.completed;
    totals.failed += lease.failed;
    if (lease.state == lease_state::live) totals.claimed += lease.unended();
  }
  for (auto r = tx.db.results.lower_bound({step.row.id, 0});
       r != tx.db.results.end() && r->first.first == step.row.id; ++r)
    totals.counts += r->second.row.counts;
  return totals;
}

void show_result(const transaction& tx, partition_row& shown, const result_row& result) {
  const auto& lease = tx.db.leases.at(result.lease);
  shown.state = result.completed ? partition_state::completed : partition_state::failed;
  shown.attempt = lease.attempt;
  shown.node = lease.node;
  shown.lease = lease.id;
  shown.counts = result.counts;
  shown.output = result.output;
  shown.error = result.error;
  shown.ended_at = result.ended_at;
}

/// Of a partition without a result: who has it, or how many tries were used up.
void show_wait(const transaction& tx, partition_row& shown, step_id step) {
  for (const auto& [id, lease] : tx.db.leases) {
    if (lease.step != step || lease.state != lease_state::live || !lease.span.contains(shown.no) ||
        tx.has_ended(lease, shown.no))
      continue;
    shown.state = partition_state::claimed;
    shown.attempt = lease.attempt;
    shown.node = lease.node;
    shown.lease = id;
  }
  for (const auto& [id, ready] : tx.db.ready)
    if (ready.step == step && ready.span.contains(shown.no)) shown.attempt = ready.attempt;
  for (const auto& [key, failure] : tx.db.failures)  // ascending by lease: the last one stays
    if (failure.step == step && failure.no == shown.no &&
        failure.outcome != attempt_outcome::released)
      shown.error = failure.error;
}

partition_row shown(const transaction& tx, const partition_record& p) {
  partition_row row;
  row.no = p.no;
  row.key = p.key;
  row.input = p.input;
  if (const auto* c = find(tx.db.checkpoints, {p.step, p.no})) {
    row.progress_done = c->progress_done;
    row.progress_total = c->progress_total;
    row.counts = c->saved.counts;
  }
  if (const auto* result = find(tx.db.results, {p.step, p.no}))
    show_result(tx, row, result->row);
  else
    show_wait(tx, row, p.step);
  return row;
}

}  // namespace

std::vector<step_summary> memory_store::summarize(run_id run) {
  transaction tx{*state_};
  std::vector<step_summary> summaries;
  for (const auto& row : tx.steps_of(run))
    summaries.push_back({row, totals_of(tx, tx.db.steps.at(row.id))});
  return summaries;
}

std::vector<partition_row> memory_store::list_partitions(step_id step, partition_no after,
                                                         int limit) {
  transaction tx{*state_};
  std::vector<partition_row> rows;
  for (auto p = tx.db.partitions.upper_bound({step, after});
       p != tx.db.partitions.end() && p->first.first == step &&
       static_cast<int>(rows.size()) < limit;
       ++p)
    rows.push_back(shown(tx, p->second));
  return rows;
}

std::vector<failure_row> memory_store::list_failures(run_id run, int limit) {
  transaction tx{*state_};
  std::vector<failure_row> rows;
  for (const auto& [key, failure] : tx.db.failures)
    if (tx.db.steps.at(failure.step).row.run == run) rows.push_back(failure);
  std::sort(rows.begin(), rows.end(), [](const failure_row& a, const failure_row& b) {
    return std::tuple{b.at, b.lease, b.no} < std::tuple{a.at, a.lease, a.no};
  });
  rows.resize(std::min(rows.size(), static_cast<std::size_t>(std::max(0, limit))));
  return rows;
}

std::vector<event_row> memory_store::list_events(run_id run, std::int64_t after, int limit) {
  transaction tx{*state_};
  std::vector<event_row> rows;
  for (const auto& row : tx.db.events)
    if (row.id > after && (!run || row.run == run) && static_cast<int>(rows.size()) < limit)
      rows.push_back(row);
  return rows;
}

}  // namespace partita::memory
