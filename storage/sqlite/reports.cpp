#include <map>

#include "protocol/mutation.hpp"
#include "storage/sqlite/rows.hpp"
#include "storage/sqlite/sqlite_store.hpp"
#include "storage/sqlite/statements.hpp"
#include "storage/text.hpp"

namespace partita::sqlite {

namespace {

using outcome = attempt_outcome;

constexpr std::string_view outcome_text(outcome o) {
  switch (o) {
    case outcome::completed:
      return "COMPLETED";
    case outcome::failed:
      return "FAILED";
    case outcome::retry:
      return "RETRY";
    case outcome::released:
      return "RELEASED";
  }
  return "?";
}

constexpr const char* event_field(outcome o) {
  switch (o) {
    case outcome::completed:
      return "completed";
    case outcome::failed:
      return "failed";
    case outcome::retry:
      return "retry";
    case outcome::released:
      return "released";
  }
  return "?";
}

/// One call of `report`: its leases, read once each, and what it newly recorded under them.
class batch {
 public:
  batch(connection& db, node_id node)
      : db_(db),
        node_(node),
        insert_result_(db.prepare(sql::insert_result)),
        delete_checkpoint_(db.prepare(sql::delete_checkpoint)) {}

  report_verdict take(const attempt_report& item) {
    auto* entry = find(item.lease);
    if (entry == nullptr) return report_verdict::rejected;
    auto& lease = entry->lease;
    const auto workable =
        (lease.state == lease_state::live || PARTITA_BUG(sqlite_report_without_the_fence)) &&
        lease.span.contains(item.no);
    // A failure row of this lease can exist only if it has counted one.
    const auto failed_before =
        lease.failed + lease.returned > 0 && db_.query(sql::has_failure, lease.id, item.no).next();
    if (failed_before) return report_verdict::recorded;
    if (!workable || !record(lease, item))
      return completed_before(lease, item.no) ? report_verdict::recorded : report_verdict::rejected;
    entry->news[item.outcome].push_back(item.no);
    return report_verdict::recorded;
  }

  /// Tells the log, and ends the leases whose last partition has ended. In ascending order.
  void conclude() {
    for (auto& [id, entry] : entries_) {
      if (entry.news.empty()) continue;
      nlohmann::json detail;
      for (auto& [o, numbers] : entry.news)
        detail[event_field(o)] = json_of(coalesce(std::move(numbers)));
      log(db_, event::lease_reported, about(entry.lease), detail);
      if (entry.lease.unended() == 0) {
        entry.lease.state = lease_state::done;
        log(db_, event::lease_ended, about(entry.lease), {{"state", "DONE"}});
      }
      save(db_, entry.lease);
    }
  }

 private:
  struct lease_entry {
    lease_record lease;
    std::map<outcome, std::vector<partition_no>> news;
  };

  /// The lease, if it is one of this node. Neighbours in a report mostly share theirs.
  lease_entry* find(lease_id id) {
    if (last_ != nullptr && last_->lease.id == id) return last_;
    auto known = entries_.find(id);
    if (known == entries_.end()) {
      auto lease = find_lease(db_, id);
      if (!lease || lease->node != node_) return nullptr;
      known = entries_.emplace(id, lease_entry{*lease, {}}).first;
    }
    return last_ = &known->second;
  }

  /// Whether an earlier report under this lease completed the partition. A FAILED result without a
  /// failure row does not count: the sweep wrote that, in place of a report.
  bool completed_before(const lease_record& lease, partition_no no) {
    auto s = db_.query(sql::find_result, lease.step, no);
    return s.next() && s.get<lease_id>(0) == lease.id && s.get<bool>(1);
  }

  /// False, and nothing is changed, when the partition has a result already.
  bool record(lease_record& lease, const attempt_report& item) {
    if (item.outcome == outcome::completed || item.outcome == outcome::failed) {
      if (insert_result_.run(lease.step, item.no, lease.id, outcome_text(item.outcome), item.output,
                             item.error, item.counts.read, item.counts.written,
                             item.counts.filtered, item.counts.skipped, item.took,
                             item.has_files) == 0)
        return false;
      delete_checkpoint_.run(lease.step, item.no);
      ++(item.outcome == outcome::completed ? lease.completed : lease.failed);
    } else {
      if (db_.query(sql::find_result, lease.step, item.no).next()) return false;
      auto attempt = item.outcome == outcome::retry ? lease.attempt : lease.attempt - 1;
      make_ready(db_, lease.step, {item.no, item.no}, node_id{}, attempt,
                 db_.now() + item.retry_after);
      ++lease.returned;
    }
    if (item.outcome != outcome::completed)
      db_.run(sql::insert_failure, lease.step, item.no, lease.id, node_, lease.attempt,
              outcome_text(item.outcome), item.error);
    return true;
  }

  connection& db_;
  const node_id node_;
  statement insert_result_;
  statement delete_checkpoint_;
  std::map<lease_id, lease_entry> entries_;
  lease_entry* last_ = nullptr;
};

/// The step of the partition, if it may be worked on under this lease now.
std::optional<step_id> fenced_step(connection& db, lease_id lease, partition_no no) {
  auto s = db.query(sql::fence_partition, lease, no);
  if (!s.next()) return std::nullopt;
  return s.get<step_id>(0);
}

}  // namespace

std::vector<report_verdict> sqlite_store::report(node_id node,
                                                 std::span<const attempt_report> items) {
  for (const auto& item : items) {
    require_text("the output of a partition", item.output);
    require_text("the error of a partition", item.error);
  }
  return write([&](connection& db) {
    std::vector<report_verdict> verdicts;
    verdicts.reserve(items.size());
    batch b{db, node};
    for (const auto& item : items) verdicts.push_back(b.take(item));
    b.conclude();
    return verdicts;
  });
}

void sqlite_store::commit_chunk(lease_id lease, partition_no no, const checkpoint& c) {
  require_text("the position of a checkpoint", c.position);
  if (c.seq < 1) throw store_error(errc::bad_request, "checkpoints are numbered from 1");
  write([&](connection& db) {
    auto step = fenced_step(db, lease, no);
    if (!step && PARTITA_BUG(sqlite_ignores_the_row_count)) return;
    if (!step)
      throw store_error(errc::lease_lost,
                        named(lease) + " no longer covers partition " + std::to_string(no));
    db.run(sql::save_checkpoint, *step, no, lease, c.seq, c.position, c.counts.read,
           c.counts.written, c.counts.filtered, c.counts.skipped);
  });
}

void sqlite_store::record_progress(std::span<const progress_report> items) {
  if (items.empty()) return;
  write_lightly([&](connection& db) {
    for (const auto& item : items)
      if (auto step = fenced_step(db, item.lease, item.no))
        db.run(sql::save_progress, *step, item.no, item.lease, item.done, item.total);
  });
}

}  // namespace partita::sqlite
