#include <algorithm>

#include "storage/memory/memory_transaction.hpp"

namespace partita::memory {

step_totals memory_transaction::totals_of(const step_record& step) const {
  step_totals totals;
  for (const auto& [id, lease] : db_.leases)
    if (lease.step == step.row.id && lease.state == lease_state::live)
      totals.claimed += lease.unended();
  for (auto c = db_.counters.lower_bound({step.row.id, node_id{}});
       c != db_.counters.end() && c->first.first == step.row.id; ++c) {
    totals.completed += c->second.completed;
    totals.failed += c->second.failed;
    totals.counts += c->second.counts;
  }
  return totals;
}

/// Of a partition without a result: who has it, or how many tries were used up.
void memory_transaction::show_wait(partition_row& row, step_id step) const {
  for (const auto& [id, lease] : db_.leases) {
    if (lease.step != step || lease.state != lease_state::live || !lease.span.contains(row.no) ||
        has_ended(lease, row.no))
      continue;
    row.state = partition_state::claimed;
    row.attempt = lease.attempt;
    row.node = lease.node;
    row.lease = id;
    row.started_at = lease.granted_at;
  }
  for (const auto& [id, ready] : db_.ready)
    if (ready.step == step && ready.span.contains(row.no)) row.attempt = ready.attempt;
  for (const auto& [key, failure] : db_.failures)  // ascending by lease: the last one stays
    if (failure.step == step && failure.no == row.no &&
        failure.outcome != attempt_outcome::released)
      row.error = failure.error;
}

partition_row memory_transaction::shown(const partition_record& p) const {
  partition_row row;
  row.no = p.no;
  row.key = p.key;
  row.input = p.input;
  if (const auto* c = find(db_.checkpoints, {p.step, p.no})) {
    row.progress_done = c->progress_done;
    row.progress_total = c->progress_total;
    row.counts = c->saved.counts;
  }
  const auto* found = find(db_.results, {p.step, p.no});
  if (found == nullptr) {
    show_wait(row, p.step);
    return row;
  }
  const auto& result = found->row;
  const auto& lease = db_.leases.at(result.lease);
  row.state = result.completed ? partition_state::completed : partition_state::failed;
  row.attempt = lease.attempt;
  row.node = lease.node;
  row.lease = lease.id;
  row.counts = result.counts;
  row.output = result.output;
  row.files = result.files;
  row.error = result.error;
  row.started_at = result.ended_at - result.took;
  row.ended_at = result.ended_at;
  return row;
}

std::vector<step_summary> memory_transaction::summarize(run_id run) {
  std::vector<step_summary> summaries;
  for (const auto& row : list_steps(run))
    summaries.push_back({row, totals_of(db_.steps.at(row.id))});
  return summaries;
}

std::vector<partition_row> memory_transaction::list_partitions(
    step_id step, partition_no after, int limit, std::optional<partition_state> only) {
  std::vector<partition_row> rows;
  for (auto p = db_.partitions.upper_bound({step, after});
       p != db_.partitions.end() && p->first.first == step && static_cast<int>(rows.size()) < limit;
       ++p)
    if (auto row = shown(p->second); !only || row.state == *only) rows.push_back(std::move(row));
  return rows;
}

std::vector<partition_row> memory_transaction::list_slowest(step_id step, int limit) {
  std::vector<std::pair<microseconds, partition_no>> ended;
  for (auto r = db_.results.lower_bound({step, 0});
       r != db_.results.end() && r->first.first == step; ++r)
    ended.push_back({-r->second.row.took, r->first.second});
  std::sort(ended.begin(), ended.end());
  ended.resize(std::min(ended.size(), static_cast<std::size_t>(limit)));
  std::vector<partition_row> rows;
  for (const auto& [took, no] : ended) rows.push_back(shown(db_.partitions.at({step, no})));
  return rows;
}

std::vector<try_row> memory_transaction::list_tries(step_id step, partition_no no, int limit) {
  std::vector<try_row> rows;
  const auto* result = find(db_.results, {step, no});
  for (const auto& [id, lease] : db_.leases) {
    const auto ended_it = result != nullptr && result->row.lease == id;
    if (!ended_it && (lease.step != step || !lease.span.contains(no))) continue;
    if (static_cast<int>(rows.size()) == limit) break;
    try_row row{id, lease.node,    lease.attempt, lease.state, {}, {}, lease.granted_at,
                {}, lease.ended_at};
    if (ended_it) {
      row.outcome = result->row.completed ? attempt_outcome::completed : attempt_outcome::failed;
      row.error = result->row.error;
      row.took = result->row.took;
      row.ended_at = result->row.ended_at;
    } else if (const auto* failure = find(db_.failures, {id, no})) {
      row.outcome = failure->outcome;
      row.error = failure->error;
      row.ended_at = failure->at;
    }
    rows.push_back(row);
  }
  return rows;
}

run_standing memory_transaction::standing(run_id run) {
  const auto runs = [&](step_id id) {
    const auto& step = db_.steps.at(id).row;
    return step.run == run && step.state == step_state::running;
  };
  run_standing found;
  for (const auto& [id, lease] : db_.leases)
    found.held = found.held || (lease.state == lease_state::live && runs(lease.step));
  for (const auto& [id, ready] : db_.ready)
    if (runs(ready.step) && (!found.claimable || ready.available_at < *found.claimable))
      found.claimable = ready.available_at;
  found.claimable_now = found.claimable && *found.claimable <= now_;
  return found;
}

std::optional<checkpoint> memory_transaction::find_checkpoint(step_id step, partition_no no) {
  const auto* found = find(db_.checkpoints, {step, no});
  return found && found->saved.seq > 0 ? std::optional{found->saved} : std::nullopt;
}

std::vector<log_row> memory_transaction::list_log(step_id step, partition_no no, int limit) {
  std::vector<log_row> rows;
  for (auto k = db_.log.lower_bound({step, no, lease_id{}, 0});
       k != db_.log.end() && std::get<0>(k->first) == step && std::get<1>(k->first) == no; ++k)
    rows.push_back(k->second);
  std::sort(rows.begin(), rows.end(), [](const log_row& a, const log_row& b) {
    return std::tuple{a.lease, a.number} < std::tuple{b.lease, b.number};
  });
  if (const auto most = static_cast<std::size_t>(limit); rows.size() > most)
    rows.erase(rows.begin(), rows.end() - limit);
  return rows;
}

std::vector<failure_row> memory_transaction::list_failures(run_id run, int limit) {
  std::vector<failure_row> rows;
  for (const auto& [key, failure] : db_.failures)
    if (db_.steps.at(failure.step).row.run == run) rows.push_back(failure);
  std::sort(rows.begin(), rows.end(), [](const failure_row& a, const failure_row& b) {
    return std::tuple{b.at, b.lease, b.no} < std::tuple{a.at, a.lease, a.no};
  });
  rows.resize(std::min(rows.size(), static_cast<std::size_t>(limit)));
  return rows;
}

std::vector<skipped_row> memory_transaction::list_skipped(const skipped_cursor& after, int limit) {
  std::vector<skipped_row> rows;
  for (auto r = db_.skipped.upper_bound({after.step, after.no, after.item});
       r != db_.skipped.end() && r->second.step == after.step &&
       static_cast<int>(rows.size()) < limit;
       ++r)
    rows.push_back(r->second);
  return rows;
}

std::vector<skipped_row> memory_transaction::list_skipped_of(step_id step, partition_no no,
                                                             int limit) {
  std::vector<skipped_row> rows;
  for (const auto& [key, row] : db_.skipped)
    if (row.step == step && row.no == no && static_cast<int>(rows.size()) < limit)
      rows.push_back(row);
  return rows;
}

std::vector<event_row> memory_transaction::list_events(run_id run, std::int64_t after, int limit) {
  std::vector<event_row> rows;
  for (const auto& row : db_.events)
    if (row.id > after && (!run || row.run == run) && static_cast<int>(rows.size()) < limit)
      rows.push_back(row);
  return rows;
}

std::vector<event_row> memory_transaction::newest_events(run_id run, int limit) {
  std::vector<event_row> rows;
  for (auto row = db_.events.rbegin();
       row != db_.events.rend() && static_cast<int>(rows.size()) < limit; ++row)
    if (!run || row->run == run) rows.push_back(*row);
  std::reverse(rows.begin(), rows.end());
  return rows;
}

}  // namespace partita::memory
