#include "storage/sqlite/statements/results.hpp"

#include <algorithm>

#include "storage/sqlite/rows.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"

namespace partita::sqlite {

namespace {

using outcome = attempt_outcome;

bool ends_partition(outcome o) { return o == outcome::completed || o == outcome::failed; }

/// A result without files has NULL for them.
std::optional<std::string_view> files_column(const json_text& files) {
  if (files.empty()) return std::nullopt;
  return files;
}

db_time ended_at(const attempt_report& item, const lease_record& lease, db_time now) {
  return std::max(lease.granted_at, now - item.ended_ago);
}

/// This lease has a failure row of it.
void known_failure(known_attempt& attempt) { attempt = {true, true, attempt.failed}; }

/// The first items of these: of one lease, with numbers that follow each other or come twice.
std::span<const leased_report> neighbours(std::span<const leased_report> items) {
  std::size_t count = 1;
  for (; count < items.size(); ++count) {
    const auto& before = items[count - 1];
    const auto no = items[count].report->no, last = before.report->no;
    if (items[count].lease != before.lease || no < last || (no > last && no - 1 != last)) break;
  }
  return items.first(count);
}

result_row to_result(const statement& s) {
  result_row r;
  r.no = s.get<partition_no>(0);
  r.lease = s.get<lease_id>(1);
  r.completed = s.get<bool>(2);
  r.output = s.get<std::string>(3);
  r.error = s.get<std::string>(4);
  r.counts = counts_at(s, 5);
  r.took = s.get<microseconds>(9);
  r.ended_at = s.get<db_time>(10);
  r.files = s.get<std::string>(11);
  return r;
}

}  // namespace

/// Neighbours in a report mostly have neighbouring numbers: one look for all of them.
std::vector<known_attempt> sqlite_transaction::find_attempts(std::span<const leased_report> items) {
  std::vector<known_attempt> known;
  known.reserve(items.size());
  while (!items.empty()) {
    const auto some = neighbours(items);
    items = items.subspan(some.size());
    const auto& lease = *some.front().lease;
    const auto lo = some.front().report->no, hi = some.back().report->no;
    std::vector<known_attempt> found(static_cast<std::size_t>(hi - lo + 1));
    const auto at = [&](partition_no no) -> known_attempt& {
      return found[static_cast<std::size_t>(no - lo)];
    };
    // A FAILED result without a failure row is no report: the sweep wrote it.
    for (auto s = db_.query(sql::results_within, lease.step, lo, hi); s.next();)
      at(s.get<partition_no>(0)) = {s.get<lease_id>(1) == lease.id && s.get<bool>(2), true,
                                    s.get<lease_id>(1) == lease.id && !s.get<bool>(2)};
    // A failure row of this lease can exist only if it has counted one.
    if (lease.failed + lease.returned > 0)
      for (auto s = db_.query(sql::failures_within, lease.id, lo, hi); s.next();)
        known_failure(at(s.get<partition_no>(0)));
    for (const auto& item : some) known.push_back(at(item.report->no));
  }
  return known;
}

std::int64_t sqlite_transaction::insert_results(std::span<const leased_report> items) {
  auto insert = db_.prepare(sql::insert_result);
  auto delete_checkpoint = db_.prepare(sql::delete_checkpoint);
  std::int64_t inserted = 0;
  for (const auto& [item, lease] : items) {
    if (!ends_partition(item->outcome)) continue;
    inserted += insert.run(lease->step, item->no, lease->id, item->outcome, item->output,
                           item->error, item->counts.read, item->counts.written,
                           item->counts.filtered, item->counts.skipped, item->took,
                           files_column(item->files), ended_at(*item, *lease, db_.now()));
    if (item->outcome == outcome::completed) delete_checkpoint.run(lease->step, item->no);
  }
  return inserted;
}

std::int64_t sqlite_transaction::insert_failures(std::span<const leased_report> items) {
  auto insert = db_.prepare(sql::insert_failure);
  std::int64_t inserted = 0;
  for (const auto& [item, lease] : items)
    if (item->outcome != outcome::completed)
      inserted += insert.run(lease->step, item->no, lease->id, lease->node, lease->attempt,
                             item->outcome, item->error, ended_at(*item, *lease, db_.now()));
  return inserted;
}

std::vector<name_owner> sqlite_transaction::reserve_names(std::span<const name_claim> claims) {
  std::vector<name_owner> owners;
  for (const auto& c : claims) {
    if (db_.run(sql::reserve_name, c.run, c.name, c.step, c.no) == 1) {
      owners.push_back({c.step, c.no});
      continue;
    }
    auto s = db_.query(sql::owner_of_name, c.run, c.name);
    expect_rows("finding who has a name", s.next() ? 1 : 0);
    owners.push_back({s.get<step_id>(0), s.get<partition_no>(1)});
  }
  return owners;
}

void sqlite_transaction::add_counts(std::span<const counter_record> more) {
  for (const auto& c : more)
    db_.run(sql::add_counts.c_str(), c.step, c.node, c.completed, c.failed, c.counts.read,
            c.counts.written, c.counts.filtered, c.counts.skipped);
}

std::int64_t sqlite_transaction::insert_lost(const lease_record& lease, range span,
                                             const std::string& reason) {
  auto insert = db_.prepare(sql::insert_lost);
  std::int64_t inserted = 0;
  for (auto no = span.lo; no <= span.hi; ++no)
    inserted += insert.run(lease.step, no, lease.id, reason);
  return inserted;
}

std::vector<partition_no> sqlite_transaction::result_numbers(step_id step, range span) {
  std::vector<partition_no> numbers;
  for (auto s = db_.query(sql::results_within, step, span.lo, span.hi); s.next();)
    numbers.push_back(s.get<partition_no>(0));
  return numbers;
}

std::vector<result_row> sqlite_transaction::list_results(step_id step, partition_no after,
                                                         int limit, result_kind kind) {
  const auto* statement = kind == result_kind::failed       ? sql::list_failed_results
                          : kind == result_kind::with_files ? sql::list_results_with_files
                                                            : sql::list_results;
  std::vector<result_row> rows;
  for (auto s = db_.query(statement, step, after, limit); s.next();) rows.push_back(to_result(s));
  return rows;
}

checkpoint sqlite_transaction::saved_checkpoint(step_id step, partition_no no) {
  checkpoint saved;
  auto s = db_.query(sql::saved_checkpoint, step, no);
  if (!s.next()) return saved;
  saved.seq = s.get<std::int64_t>(0);
  saved.counts = counts_at(s, 1);
  return saved;
}

void sqlite_transaction::insert_skipped(step_id step, partition_no no,
                                        std::span<const skipped_item> items) {
  for (const auto& item : items)
    db_.run(sql::insert_skipped, step, no, item.item, item.stage, item.place, item.why);
}

void sqlite_transaction::save_checkpoint(step_id step, partition_no no, lease_id lease,
                                         const checkpoint& c) {
  db_.run(sql::save_checkpoint, step, no, lease, c.seq, c.position, c.counts.read, c.counts.written,
          c.counts.filtered, c.counts.skipped);
}

void sqlite_transaction::save_progress(step_id step, const progress_report& shown) {
  db_.run(sql::save_progress, step, shown.no, shown.lease, shown.done, shown.total);
}

void sqlite_transaction::record_log(std::span<const log_line> lines) {
  for (const auto& line : lines)
    db_.run(sql::save_log_line, line.lease, line.no, line.number, line.text, line.ago,
            log_lines_kept);
}

}  // namespace partita::sqlite
