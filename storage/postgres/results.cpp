#include "storage/postgres/statements/results.hpp"
#include "storage/postgres/postgres_transaction.hpp"
#include "storage/postgres/result_columns.hpp"
#include "storage/postgres/rows.hpp"

namespace partita::postgres {

namespace {

std::vector<leased_report> those(std::span<const leased_report> items,
                                 bool (*wanted)(attempt_outcome)) {
  std::vector<leased_report> chosen;
  for (const auto& item : items)
    if (wanted(item.report->outcome)) chosen.push_back(item);
  return chosen;
}

/// The numbers of one lease among the items.
struct lease_numbers {
  const lease_record* lease;
  partition_no lowest;
  partition_no highest;
};

std::vector<lease_numbers> by_lease(const std::vector<leased_report>& items) {
  std::vector<lease_numbers> spans;
  for (const auto& [report, lease] : items) {
    if (spans.empty() || spans.back().lease != lease)
      spans.push_back({lease, report->no, report->no});
    auto& span = spans.back();
    span.lowest = std::min(span.lowest, report->no);
    span.highest = std::max(span.highest, report->no);
  }
  return spans;
}

result_row result_of(const pqxx::row& row) {
  return {row["no"].as<std::int64_t>(),
          id_of<lease_id>(row["lease_id"]),
          row["outcome"].c_str() == std::string_view{"COMPLETED"},
          row["output"].c_str(),
          row["error"].c_str(),
          counts_of(row),
          microseconds{row["took_us"].as<std::int64_t>()},
          time_of(row["ended_at"]),
          row["files"].c_str()};
}

constexpr auto step_of_item = [](const leased_report& i) { return i.lease->step.value; };
constexpr auto lease_of_item = [](const leased_report& i) { return i.lease->id.value; };
constexpr auto no_of_item = [](const leased_report& i) { return i.report->no; };
constexpr auto outcome_of_item = [](const leased_report& i) {
  return to_string(i.report->outcome);
};
constexpr auto error_of_item = [](const leased_report& i) {
  return std::string_view{i.report->error};
};

}  // namespace

std::vector<known_attempt> postgres_transaction::find_attempts(
    std::span<const leased_report> items) {
  std::vector<known_attempt> known;
  if (items.empty()) return known;
  for (const auto& row : query(sql::find_attempts, column(items, lease_of_item),
                               column(items, step_of_item), column(items, no_of_item)))
    known.push_back(
        {row["reported"].as<bool>(), row["ended"].as<bool>(), row["failed"].as<bool>()});
  return known;
}

std::int64_t postgres_transaction::insert_results(std::span<const leased_report> items) {
  const auto ended = those(items, [](attempt_outcome o) {
    return o == attempt_outcome::completed || o == attempt_outcome::failed;
  });
  if (ended.empty()) return 0;
  const auto spans = by_lease(ended);
  const result_columns values{ended, [](const leased_report& i) { return i.report; }};
  return change(sql::insert_results,
                column(spans, [](const auto& s) { return s.lease->step.value; }),
                column(spans, [](const auto& s) { return s.lowest; }),
                column(spans, [](const auto& s) { return s.highest; }), column(ended, step_of_item),
                column(ended, lease_of_item),
                column_unless(to_string(attempt_outcome::completed), ended, outcome_of_item),
                column_unless(std::string_view{}, ended, error_of_item), values.no, values.output,
                values.read, values.written, values.filtered, values.skipped, values.took,
                values.files, values.ended, column(ended, [](const leased_report& i) {
                  return i.lease->granted_at.time_since_epoch().count();
                }));
}

std::int64_t postgres_transaction::insert_failures(std::span<const leased_report> items) {
  const auto failed =
      those(items, [](attempt_outcome o) { return o != attempt_outcome::completed; });
  if (failed.empty()) return 0;
  return change(sql::insert_failures, column(failed, step_of_item), column(failed, no_of_item),
                column(failed, lease_of_item),
                column(failed, [](const auto& i) { return i.lease->node.value; }),
                column(failed, [](const auto& i) { return std::int64_t{i.lease->attempt}; }),
                column(failed, outcome_of_item), column(failed, error_of_item),
                column(failed, [](const auto& i) { return i.report->ended_ago.count(); }));
}

std::vector<name_owner> postgres_transaction::reserve_names(std::span<const name_claim> claims) {
  std::vector<name_owner> owners;
  if (claims.empty()) return owners;
  const auto runs = column(claims, [](const auto& c) { return c.run.value; });
  const auto names = column(claims, [](const auto& c) { return std::string_view{c.name}; });
  query(sql::reserve_names, runs, names, column(claims, [](const auto& c) { return c.step.value; }),
        column(claims, [](const auto& c) { return c.no; }));
  for (const auto& row : query(sql::owners_of_names, runs, names))
    owners.push_back({id_of<step_id>(row[0]), row[1].as<std::int64_t>()});
  expect_rows("finding who has a name", std::ssize(owners), std::ssize(claims));
  return owners;
}

void postgres_transaction::add_counts(std::span<const counter_record> more) {
  if (more.empty()) return;
  const auto sum = [&](auto of) { return column(more, of); };
  query(sql::add_counts, sum([](const auto& c) { return c.step.value; }),
        sum([](const auto& c) { return c.node.value; }),
        sum([](const auto& c) { return c.completed; }), sum([](const auto& c) { return c.failed; }),
        sum([](const auto& c) { return c.counts.read; }),
        sum([](const auto& c) { return c.counts.written; }),
        sum([](const auto& c) { return c.counts.filtered; }),
        sum([](const auto& c) { return c.counts.skipped; }));
}

std::int64_t postgres_transaction::insert_lost(const lease_record& lease, range span,
                                               const std::string& reason) {
  return change(sql::insert_lost, lease.step.value, span.lo, span.hi, lease.id.value, reason);
}

std::vector<partition_no> postgres_transaction::result_numbers(step_id step, range span) {
  std::vector<partition_no> numbers;
  for (const auto& row : query_planned_anew(sql::result_numbers, step.value, span.lo, span.hi))
    numbers.push_back(row[0].as<std::int64_t>());
  return numbers;
}

std::vector<result_row> postgres_transaction::list_results(step_id step, partition_no after,
                                                           int limit, result_kind kind) {
  std::vector<result_row> results;
  for (const auto& row : query_planned_anew(sql::list_results(kind), step.value, after, limit))
    results.push_back(result_of(row));
  return results;
}

}  // namespace partita::postgres
