#include <algorithm>

#include "protocol/mutation.hpp"
#include "storage/memory/memory_transaction.hpp"

namespace partita::memory {

bool memory_transaction::has_ended(const lease_record& lease, partition_no no) const {
  return db_.results.contains({lease.step, no}) || db_.failures.contains({lease.id, no});
}

std::vector<known_attempt> memory_transaction::find_attempts(std::span<const leased_report> items) {
  std::vector<known_attempt> known;
  for (const auto& [item, lease] : items) {
    const auto returned = db_.failures.contains({lease->id, item->no});
    const auto* result = find(db_.results, {lease->step, item->no});
    // A FAILED result without a failure row was written by a sweep, in place of a report.
    const auto completed =
        result != nullptr && result->row.lease == lease->id && result->row.completed;
    const auto failed =
        returned && result != nullptr && result->row.lease == lease->id && !result->row.completed;
    known.push_back({returned || completed, returned || result != nullptr, failed});
  }
  return known;
}

std::int64_t memory_transaction::insert_results(std::span<const leased_report> items) {
  std::int64_t inserted = 0;
  for (const auto& [item, lease] : items) {
    if (item->outcome != attempt_outcome::completed && item->outcome != attempt_outcome::failed)
      continue;
    result_row row;
    row.no = item->no;
    row.lease = lease->id;
    row.completed = item->outcome == attempt_outcome::completed;
    row.output = item->output;
    row.error = item->error;
    row.counts = item->counts;
    row.took = item->took;
    row.ended_at = std::max(lease->granted_at, now_ - item->ended_ago);
    row.files = item->files;
    inserted += insert(db_.results, {lease->step, item->no}, {lease->step, row});
    if (row.completed) erase(db_.checkpoints, {lease->step, item->no});
  }
  return inserted;
}

std::int64_t memory_transaction::insert_failures(std::span<const leased_report> items) {
  std::int64_t inserted = 0;
  for (const auto& [item, lease] : items)
    if (item->outcome != attempt_outcome::completed)
      inserted +=
          insert(db_.failures, {lease->id, item->no},
                 {lease->step, item->no, lease->id, lease->node, lease->attempt, item->outcome,
                  item->error, std::max(lease->granted_at, now_ - item->ended_ago)});
  return inserted;
}

std::vector<name_owner> memory_transaction::reserve_names(std::span<const name_claim> claims) {
  std::vector<name_owner> owners;
  for (const auto& c : claims) {
    insert(db_.names, {c.run, c.name}, {c.step, c.no});
    owners.push_back(db_.names.at({c.run, c.name}));
  }
  return owners;
}

void memory_transaction::add(const counter_record& more) {
  const counter_key key{more.step, more.node};
  insert(db_.counters, key, {more.step, more.node, 0, 0, {}});
  update(db_.counters, key, [&](counter_record& row) {
    row.completed += more.completed;
    row.failed += more.failed;
    row.counts += more.counts;
  });
}

void memory_transaction::add_counts(std::span<const counter_record> more) {
  for (const auto& one : more) add(one);
}

std::int64_t memory_transaction::insert_lost(const lease_record& lease, range span,
                                             const std::string& reason) {
  std::int64_t inserted = 0;
  for (auto no = span.lo; no <= span.hi; ++no) {
    result_row row;
    row.no = no;
    row.lease = lease.id;
    row.completed = false;
    row.output = "null";
    row.error = reason;
    row.ended_at = now_;
    inserted += insert(db_.results, {lease.step, no}, {lease.step, row});
  }
  return inserted;
}

std::vector<partition_no> memory_transaction::result_numbers(step_id step, range span) {
  std::vector<partition_no> numbers;
  for (auto r = db_.results.lower_bound({step, span.lo});
       r != db_.results.end() && r->first <= partition_key{step, span.hi}; ++r)
    numbers.push_back(r->first.second);
  return numbers;
}

std::vector<result_row> memory_transaction::list_results(step_id step, partition_no after,
                                                         int limit, result_kind kind) {
  const auto wanted = [kind](const result_row& row) {
    if (kind == result_kind::any) return true;
    return kind == result_kind::failed ? !row.completed : !row.files.empty();
  };
  std::vector<result_row> rows;
  for (auto r = db_.results.upper_bound({step, after});
       r != db_.results.end() && r->first.first == step && static_cast<int>(rows.size()) < limit;
       ++r)
    if (wanted(r->second.row)) rows.push_back(r->second.row);
  return rows;
}

// --- checkpoints ---------------------------------------------------------------------------------

std::optional<step_id> memory_transaction::fenced_step(lease_id lease, partition_no no) {
  const auto* row = find(db_.leases, lease);
  if (row == nullptr) return std::nullopt;
  const auto open =
      row->state == lease_state::live && row->span.contains(no) && !has_ended(*row, no);
  if (!open && !PARTITA_BUG(checkpoint_without_the_fence)) return std::nullopt;
  return row->step;
}

checkpoint memory_transaction::saved_checkpoint(step_id step, partition_no no) {
  const auto* row = find(db_.checkpoints, {step, no});
  return row == nullptr ? checkpoint{} : row->saved;
}

void memory_transaction::insert_skipped(step_id step, partition_no no,
                                        std::span<const skipped_item> items) {
  for (const auto& item : items) insert(db_.skipped, {step, no, item.item}, {step, no, item, now_});
}

void memory_transaction::save_checkpoint(step_id step, partition_no no, lease_id lease,
                                         const checkpoint& c) {
  changed_.keep(db_.checkpoints, {step, no});
  auto& row = db_.checkpoints[{step, no}];
  if (row.saved.seq >= c.seq) return;
  row.step = step;
  row.no = no;
  row.lease = lease;
  row.saved = c;
  row.updated_at = now_;
}

void memory_transaction::save_progress(step_id step, const progress_report& shown) {
  changed_.keep(db_.checkpoints, {step, shown.no});
  auto& row = db_.checkpoints[{step, shown.no}];
  row.step = step;
  row.no = shown.no;
  row.lease = shown.lease;
  row.progress_done = shown.done;
  row.progress_total = shown.total;
  row.updated_at = now_;
}

void memory_transaction::record_log(std::span<const log_line> lines) {
  for (const auto& line : lines) {
    const auto* lease = find(db_.leases, line.lease);
    if (lease == nullptr || !lease->span.contains(line.no)) continue;
    const log_key key{lease->step, line.no, line.lease, line.number % log_lines_kept};
    if (const auto* before = find(db_.log, key); before && before->number >= line.number) continue;
    changed_.keep(db_.log, key);
    db_.log[key] = {line.lease,  lease->node, lease->attempt,
                    line.number, line.text,   now_ - line.ago};
  }
}

}  // namespace partita::memory
