#include <algorithm>
#include <array>
#include <map>
#include <pqxx/except>
#include <pqxx/stream_to>
#include <tuple>

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
  range span{-1, -1};  // from the first to the last; REQUIRES: added in ascending order

  void add(const attempt_report& item) {
    numbers[item.outcome].push_back(item.no);
    span = {span.lo < 0 ? item.no : span.lo, item.no};
  }

  std::int64_t count() const {
    std::int64_t sum = 0;
    for (const auto& [outcome, nos] : numbers) sum += static_cast<std::int64_t>(nos.size());
    return sum;
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

/// By COPY: half the work of an INSERT for the server, and less WAL.
void copy_in(transaction& tx, const reports& items,
             const std::map<lease_id, locked_lease>& leases) {
  static const std::array<std::string, 12> columns{
      "step_id",    "no",          "lease_id",     "outcome",    "output", "error",
      "read_count", "write_count", "filter_count", "skip_count", "took_us", "has_files"};
  pqxx::stream_to table{tx, "partita.result", columns};
  for (const auto* item : items) {
    if (!is_result(*item)) continue;
    const std::string outcome{column_text(item->outcome)};
    const auto took = item->took.count();
    const auto& counts = item->counts;
    table << std::tie(leases.at(item->lease).step.value, item->no, item->lease.value, outcome,
                      item->output, item->error, counts.read, counts.written, counts.filtered,
                      counts.skipped, took, item->has_files);
  }
  table.complete();
}

/// Counters, checkpoints and events of `items`, whose results are inserted.
void settle(transaction& tx, node_id node, const reports& items,
            const std::map<lease_id, locked_lease>& leases) {
  using o = attempt_outcome;
  std::map<lease_id, addition> additions;
  for (const auto* item : items) additions[item->lease].add(*item);
  array lease, step, run, lo, hi, completed, failed, returned, state, detail;
  for (const auto& [id, added] : additions) {
    const auto& of = leases.at(id);
    lease.add(id.value);
    step.add(of.step.value);
    run.add(of.run.value);
    lo.add(added.span.lo);
    hi.add(added.span.hi);
    completed.add(added.count(o::completed));
    failed.add(added.count(o::failed));
    returned.add(added.count(o::retry) + added.count(o::released));
    state.add(added.count() == of.unended() ? "DONE" : "LIVE");
    detail.add(added.detail());
  }
  tx.exec_params(sql::settle_leases, node.value, lease.text(), step.text(), run.text(), lo.text(),
                 hi.text(), completed.text(), failed.text(), returned.text(), state.text(),
                 detail.text());
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

/// As it goes almost always: each item completed a partition that nothing is known of, unless it
/// has a result.
bool plain(const reports& items, const std::map<lease_id, locked_lease>& leases) {
  const attempt_report* before = nullptr;
  return std::all_of(items.begin(), items.end(), [&](const auto* item) {
    const auto& lease = leases.at(item->lease);
    const auto repeats = before && before->lease == item->lease && before->no == item->no;
    before = item;
    return !repeats && item->outcome == attempt_outcome::completed && lease.uncompleted == 0 &&
           lease.state == lease_state::live && lease.span.contains(item->no);
  });
}

/// Of items whose leases are locked: those that do not stand yet, and those that do. The others
/// came too late.
struct judged {
  reports fresh;
  reports known;
};

judged judge(transaction& tx, const reports& items,
             const std::map<lease_id, locked_lease>& leases) {
  judged all;
  const auto rows = find_attempts(tx, items, leases);
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto* item = items[i];
    const auto& lease = leases.at(item->lease);
    const auto row = rows[static_cast<pqxx::result::size_type>(i)];
    const auto repeats = !all.fresh.empty() && all.fresh.back()->lease == item->lease &&
                         all.fresh.back()->no == item->no;
    if (repeats || row["reported"].as<bool>())
      all.known.push_back(item);
    else if (lease.state == lease_state::live && lease.span.contains(item->no) &&
             !row["ended"].as<bool>())
      all.fresh.push_back(item);
  }
  return all;
}

/// Some of a report that looked plain has a result: it must be looked up what.
struct not_plain : store_error {
  not_plain() : store_error(errc::unavailable, "some of a report has been recorded before") {}
};

/// Records what is new of `items`, and returns what stands. Every statement after the lock sees
/// what was recorded under these leases. Throws not_plain unless told to `look_up`.
judged record(transaction& tx, node_id node, const reports& items, bool look_up) {
  const auto leases = lock_all(tx, node, items);
  reports ours;
  for (const auto* item : items)
    if (leases.contains(item->lease)) ours.push_back(item);
  look_up = look_up || !plain(ours, leases);
  auto all = look_up ? judge(tx, ours, leases) : judged{std::move(ours), {}};
  if (all.fresh.empty()) return all;
  try {
    copy_in(tx, all.fresh, leases);
  } catch (const pqxx::unique_violation&) {
    if (look_up) throw;
    throw not_plain{};
  }
  settle(tx, node, all.fresh, leases);
  if (look_up) record_failures(tx, all.fresh, leases);
  return all;
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
  const auto attempt = [&](bool look_up) {
    return session_.transact([&](transaction& tx) { return record(tx, node, order, look_up); });
  };
  judged standing;
  try {
    standing = attempt(false);
  } catch (const not_plain&) {
    standing = attempt(true);
  }
  std::vector<report_verdict> verdicts(items.size(), report_verdict::rejected);
  for (const auto* some : {&standing.fresh, &standing.known})
    for (const auto* item : *some)
      verdicts[static_cast<std::size_t>(item - items.data())] = report_verdict::recorded;
  return verdicts;
}

void postgres_store::commit_chunk(lease_id lease, partition_no no, const checkpoint& c) {
  require_text("the position of a checkpoint", c.position);
  if (c.seq < 1) throw store_error(errc::bad_request, "the first checkpoint has seq 1");
  session_.once([&](transaction& tx) {
    const auto row = tx.exec_params1(sql::commit_chunk, lease.value, no, c.seq, c.position,
                                     c.counts.read, c.counts.written, c.counts.filtered,
                                     c.counts.skipped);
    if (row["held"].as<bool>() && !row["fresh"].as<bool>())
      throw pqxx::serialization_failure("the lease changed while its lock was waited for");
    if (!row["open"].as<bool>())
      throw store_error(errc::lease_lost, "lease " + std::to_string(lease.value) +
                                              " no longer covers partition " + std::to_string(no));
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
