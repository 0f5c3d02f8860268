#include "storage/postgres/statements/leases.hpp"
#include "storage/postgres/planted.hpp"
#include "storage/postgres/postgres_transaction.hpp"
#include "storage/postgres/rows.hpp"

namespace partita::postgres {

namespace {

held_lease_row held_lease_of(const pqxx::row& row) {
  held_lease_row held;
  auto& lease = held.lease;
  lease.id = id_of<lease_id>(row["lease_id"]);
  lease.step = id_of<step_id>(row["step_id"]);
  lease.node = id_of<node_id>(row["node_id"]);
  lease.span = {row["lo"].as<std::int64_t>(), row["hi"].as<std::int64_t>()};
  lease.attempt = row["attempt"].as<int>();
  lease.state = state_of<lease_state>(row["state"]);
  lease.completed = row["completed"].as<std::int64_t>();
  lease.failed = row["failed"].as<std::int64_t>();
  lease.returned = row["returned"].as<std::int64_t>();
  lease.granted_at = time_of(row["granted_at"]);
  lease.ended_at = optional_time_of(row["ended_at"]);
  held.run = id_of<run_id>(row["run_id"]);
  held.transferable = row["transferable"].as<bool>();
  held.max_attempts = row["max_attempts"].as<int>();
  return held;
}

std::vector<held_lease_row> held_leases_of(const pqxx::result& rows) {
  std::vector<held_lease_row> leases;
  for (const auto& row : rows) leases.push_back(held_lease_of(row));
  return leases;
}

statement_text locking_text(const std::string& statement) {
  return with_bugs(statement, {{PARTITA_BUG(postgres_report_without_locking_the_lease),
                                " FOR UPDATE OF l", ""}});
}

}  // namespace

void postgres_transaction::insert_ready(std::span<const new_ready> ranges) {
  if (ranges.empty()) return;
  query(sql::insert_ready, column(ranges, [](const auto& r) { return r.step.value; }),
        column(ranges, [](const auto& r) { return r.span.lo; }),
        column(ranges, [](const auto& r) { return r.span.hi; }),
        column(ranges, [](const auto& r) { return r.node.value; }),
        column(ranges, [](const auto& r) { return std::int64_t{r.attempt}; }),
        column(ranges, [](const auto& r) { return r.delay.count(); }));
}

std::int64_t postgres_transaction::share_ranges(node_id node, std::int64_t most) {
  return query_planned_anew(sql::share_ranges, node.value, most).affected_rows();
}

std::vector<ready_record> postgres_transaction::take_bound_ranges(node_id node, std::int64_t most) {
  std::vector<ready_record> taken;
  for (const auto& row : query_planned_anew(sql::take_bound_ranges, node.value, most)) {
    ready_record r;
    r.id = row["ready_id"].as<std::int64_t>();
    r.step = id_of<step_id>(row["step_id"]);
    r.span = {row["lo"].as<std::int64_t>(), row["hi"].as<std::int64_t>()};
    r.node = id_of<node_id>(row["node_id"]);
    r.attempt = row["attempt"].as<int>();
    r.available_at = time_of(row["available_at"]);
    taken.push_back(r);
  }
  return taken;
}

held_lease_row postgres_transaction::insert_lease(step_id step, node_id node, range span,
                                                  int attempt) {
  return held_lease_of(
      query(sql::insert_lease, step.value, node.value, span.lo, span.hi, attempt).front());
}

std::vector<held_lease_row> postgres_transaction::lock_leases(node_id node,
                                                              std::span<const lease_id> ids) {
  if (ids.empty()) return {};
  return held_leases_of(query(locking_text(sql::lock_leases), node.value,
                              column(ids, [](lease_id id) { return id.value; })));
}

std::vector<held_lease_row> postgres_transaction::lock_live_leases(node_id node) {
  return held_leases_of(query_planned_anew(sql::lock_live_leases, node.value));
}

std::int64_t postgres_transaction::save_leases(std::span<const lease_record> leases) {
  if (leases.empty()) return 0;
  return change(with_bugs(sql::save_leases,
                          {{PARTITA_BUG(postgres_save_leases_without_hi), "hi = n.hi, ", ""}}),
                column(leases, [](const auto& l) { return l.id.value; }),
                column(leases, [](const auto& l) { return l.span.hi; }),
                column(leases, [](const auto& l) { return to_string(l.state); }),
                column(leases, [](const auto& l) { return l.completed; }),
                column(leases, [](const auto& l) { return l.failed; }),
                column(leases, [](const auto& l) { return l.returned; }));
}

std::vector<std::vector<partition_no>> postgres_transaction::ended_numbers(
    std::span<const held_lease_row> leases) {
  std::vector<std::vector<partition_no>> ended(leases.size());
  if (leases.empty()) return ended;
  const auto& statement =
      with_bugs(sql::ended_numbers, {{PARTITA_BUG(postgres_ended_numbers_forgets_failures),
                                      "f.lease_id = a.lease_id", "f.lease_id = 0"}});
  for (const auto& row :
       query(statement, column(leases, [](const auto& h) { return h.lease.id.value; }),
             column(leases, [](const auto& h) { return h.lease.step.value; }),
             column(leases, [](const auto& h) { return h.lease.span.lo; }),
             column(leases, [](const auto& h) { return h.lease.span.hi; })))
    ended.at(row[0].as<std::size_t>() - 1).push_back(row[1].as<std::int64_t>());
  return ended;
}

}  // namespace partita::postgres
