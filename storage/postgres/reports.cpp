#include <algorithm>
#include <map>
#include <pqxx/except>
#include <set>

#include "storage/postgres/postgres_store.hpp"
#include "storage/postgres/rows.hpp"
#include "storage/postgres/statements.hpp"
#include "storage/text.hpp"

namespace partita::postgres {

namespace {

using reports = std::vector<const attempt_report*>;

bool is_result(const attempt_report& item) {
  return item.outcome == attempt_outcome::completed || item.outcome == attempt_outcome::failed;
}

/// As result and failure rows hold it.
std::string_view column_text(attempt_outcome outcome) {
  switch (outcome) {
    case attempt_outcome::completed: return "COMPLETED";
    case attempt_outcome::failed: return "FAILED";
    case attempt_outcome::retry: return "RETRY";
    case attempt_outcome::released: return "RELEASED";
  }
  return "?";
}

/// What one call adds to one lease.
struct addition {
  std::map<attempt_outcome, std::vector<partition_no>> numbers;
  partition_no lowest = 0;
  partition_no highest = 0;

  void add(const attempt_report& item) {
    lowest = numbers.empty() ? item.no : std::min(lowest, item.no);
    highest = numbers.empty() ? item.no : std::max(highest, item.no);
    numbers[item.outcome].push_back(item.no);
  }

  std::int64_t count(attempt_outcome outcome) const {
    auto found = numbers.find(outcome);
    return found == numbers.end() ? 0 : static_cast<std::int64_t>(found->second.size());
  }

  /// The detail of its event: {"completed":[[0,4]],"retry":[[5,5]]}.
  std::string detail() const {
    static const std::map<attempt_outcome, std::string> names{
        {attempt_outcome::completed, "completed"},
        {attempt_outcome::failed, "failed"},
        {attempt_outcome::retry, "retry"},
        {attempt_outcome::released, "released"}};
    nlohmann::json fields;
    for (const auto& [outcome, nos] : numbers) fields[names.at(outcome)] = json_of(coalesce(nos));
    return fields.dump();
  }
};

/// A parameter of sql::record: one value for each of `items`, or none where all are the usual one.
template <class Get, class Value>
std::string column(const reports& items, const Value& usual, Get get) {
  if (std::all_of(items.begin(), items.end(), [&](const auto* i) { return get(*i) == usual; }))
    return array{}.text();
  array values;
  for (const auto* item : items) values.add(get(*item));
  return values.text();
}

/// Results and counters of `items`, which are sorted. False, and nothing done: see sql::record.
bool record(transaction& tx, node_id node, const reports& items, bool looked_up) {
  using o = attempt_outcome;
  std::map<lease_id, addition> additions;
  for (const auto* item : items) additions[item->lease].add(*item);
  array leases, lowest, highest, completed, failed, returned, details, no;
  for (const auto& [id, added] : additions) {
    leases.add(id.value);
    lowest.add(added.lowest);
    highest.add(added.highest);
    completed.add(added.count(o::completed));
    failed.add(added.count(o::failed));
    returned.add(added.count(o::retry) + added.count(o::released));
    details.add(added.detail());
  }
  reports ended;
  std::copy_if(items.begin(), items.end(), std::back_inserter(ended),
               [](const auto* item) { return is_result(*item); });
  for (const auto* item : ended) no.add(item->no);
  using report = attempt_report;
  const auto lease = column(ended, items.front()->lease.value,
                            [](const report& r) { return r.lease.value; });
  const auto outcome = column(ended, column_text(o::completed),
                              [](const report& r) { return column_text(r.outcome); });
  const auto output = column(ended, std::string_view{"null"},
                             [](const report& r) { return std::string_view{r.output}; });
  const auto error = column(ended, std::string_view{},
                            [](const report& r) { return std::string_view{r.error}; });
  const auto count = [&](std::int64_t item_counts::*which) {
    return column(ended, std::int64_t{0}, [which](const report& r) { return r.counts.*which; });
  };
  const auto took = column(ended, std::int64_t{0}, [](const report& r) { return r.took.count(); });
  const auto has_files = column(ended, std::string_view{"f"}, [](const report& r) {
    return std::string_view{r.has_files ? "t" : "f"};
  });
  const auto done = planned_once(
      tx, sql::record, node.value, leases.text(), looked_up, lowest.text(), highest.text(),
      completed.text(), failed.text(), returned.text(), details.text(), no.text(), lease, outcome,
      output, error, count(&item_counts::read), count(&item_counts::written),
      count(&item_counts::filtered), count(&item_counts::skipped), took, has_files);
  return done.front()[0].as<int>() == 1;
}

void record_failures(transaction& tx, const reports& items,
                     const std::map<lease_id, locked_lease>& leases) {
  array lease, no, outcome, error, used_up, rest;
  for (const auto* item : items) {
    if (item->outcome == attempt_outcome::completed) continue;
    const auto attempt = leases.at(item->lease).attempt;
    lease.add(item->lease.value);
    no.add(item->no);
    outcome.add(column_text(item->outcome));
    error.add(item->error);
    used_up.add(item->outcome == attempt_outcome::released ? attempt - 1 : attempt);
    rest.add(item->retry_after.count());
  }
  tx.exec_params(sql::record_failures, lease.text(), no.text(), outcome.text(), error.text(),
                 used_up.text(), rest.text());
}

/// Ascending by lease and number: rows are written, and checkpoints locked, in one order.
reports sorted(std::span<const attempt_report> items) {
  reports order;
  for (const auto& item : items) order.push_back(&item);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return std::tie(a->lease, a->no) < std::tie(b->lease, b->no);
  });
  return order;
}

std::map<lease_id, locked_lease> lock_all(transaction& tx, node_id node, const reports& items) {
  std::vector<lease_id> ids;
  for (const auto* item : items)
    if (ids.empty() || ids.back() != item->lease) ids.push_back(item->lease);
  std::map<lease_id, locked_lease> leases;
  for (const auto& lease : lock_these_leases(tx, node, ids)) leases[lease.id] = lease;
  return leases;
}

/// What the rows say of items whose leases are this node's and locked: as sql::find_attempts.
pqxx::result find_attempts(transaction& tx, const reports& items,
                           const std::map<lease_id, locked_lease>& leases) {
  array lease, step, no;
  for (const auto* item : items) {
    lease.add(item->lease.value);
    step.add(leases.at(item->lease).step.value);
    no.add(item->no);
  }
  return tx.exec_params(sql::find_attempts, lease.text(), step.text(), no.text());
}

/// The general case: items that do not stand yet are told from those that do, and from those that
/// came too late. Every statement after the lock sees what was recorded under these leases.
std::set<const attempt_report*> record_what_is_new(transaction& tx, node_id node,
                                                   const reports& items) {
  const auto leases = lock_all(tx, node, items);
  reports ours;
  for (const auto* item : items)
    if (leases.contains(item->lease)) ours.push_back(item);
  std::set<const attempt_report*> standing;
  if (ours.empty()) return standing;

  const auto known = find_attempts(tx, ours, leases);
  reports fresh;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const auto* item = ours[i];
    const auto& lease = leases.at(item->lease);
    const auto row = known[static_cast<pqxx::result::size_type>(i)];
    const auto repeats = !fresh.empty() && fresh.back()->lease == item->lease &&
                         fresh.back()->no == item->no;
    if (repeats || row["reported"].as<bool>()) {
      standing.insert(item);
    } else if (lease.state == lease_state::live && lease.span.contains(item->no) &&
               !row["ended"].as<bool>()) {
      standing.insert(item);
      fresh.push_back(item);
    }
  }
  if (fresh.empty()) return standing;
  if (!record(tx, node, fresh, true))
    throw store_error(errc::damaged, "a locked lease changed under a report");
  record_failures(tx, fresh, leases);
  return standing;
}

}  // namespace

std::vector<report_verdict> postgres_store::report(node_id node,
                                                   std::span<const attempt_report> items) {
  for (const auto& item : items) {
    require_text("the output of a partition", item.output);
    require_text("the error of a partition", item.error);
  }
  if (items.empty()) return {};
  const auto order = sorted(items);
  // As it goes almost always: everything completed, nothing of it known. One statement.
  const auto plain = std::all_of(items.begin(), items.end(), [](const auto& item) {
    return item.outcome == attempt_outcome::completed;
  });
  if (plain && session_.once([&](transaction& tx) {
        try {
          return record(tx, node, order, false);
        } catch (const pqxx::unique_violation&) {
          return false;  // some of it is a repeat
        }
      }))
    return std::vector(items.size(), report_verdict::recorded);

  const auto standing = session_.transact(
      [&](transaction& tx) { return record_what_is_new(tx, node, order); });
  std::vector<report_verdict> verdicts;
  for (const auto& item : items)
    verdicts.push_back(standing.contains(&item) ? report_verdict::recorded
                                                : report_verdict::rejected);
  return verdicts;
}

void postgres_store::commit_chunk(lease_id lease, partition_no no, const checkpoint& c) {
  require_text("the position of a checkpoint", c.position);
  if (c.seq < 1) throw store_error(errc::bad_request, "the first checkpoint has seq 1");
  session_.once([&](transaction& tx) {
    const auto row = planned_once(tx, sql::commit_chunk, lease.value, no, c.seq, c.position,
                                  c.counts.read, c.counts.written, c.counts.filtered,
                                  c.counts.skipped)
                         .front();
    if (row["held"].as<bool>() && !row["fresh"].as<bool>())
      throw pqxx::serialization_failure("the lease changed while its lock was waited for");
    if (!row["open"].as<bool>())
      throw store_error(errc::lease_lost,
                        named(lease) + " no longer covers partition " + std::to_string(no));
  });
}

void postgres_store::record_progress(std::span<const progress_report> items) {
  if (items.empty()) return;
  array lease, no, done, total;
  for (const auto& item : items) {
    lease.add(item.lease.value);
    no.add(item.no);
    done.add(item.done);
    total.add(item.total);
  }
  session_.once([&](transaction& tx) {
    tx.exec_params(sql::record_progress, lease.text(), no.text(), done.text(), total.text());
  });
}

}  // namespace partita::postgres
