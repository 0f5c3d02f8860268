#pragma once

#include <string>
#include <vector>

#include "tests/support/contract.hpp"

namespace partita::test {

/// A table of the author's without any key: a row too many is seen.
struct ledger : contract {
  ledger() { table("ledger", "item INTEGER NOT NULL CHECK (item >= 0), name TEXT"); }

  /// A table of the author's. The role that the sessions have may use it, and make none itself.
  void table(const std::string& name, const std::string& columns) {
    if (!knows_sql()) return;
    on->tamper("DROP TABLE IF EXISTS " + name);
    on->tamper("CREATE TABLE " + name + " (" + columns + ")");
    if (on->name() == "postgres") on->tamper("GRANT ALL ON " + name + " TO PUBLIC");
  }

  bool knows_sql() const { return on->name() != "memory"; }

  static chunk upto(std::int64_t from, std::int64_t to, std::int64_t seq) {
    return {from, {seq, std::to_string(to), {to, to - from, 0, 0}}, {}};
  }

  static author_work rows(std::int64_t from, std::int64_t to) {
    return [=](sql_transaction& tx, chunk&) {
      std::vector<sql_row> all;
      for (auto i = from; i < to; ++i) all.push_back({i, "item " + std::to_string(i)});
      tx.insert("ledger", std::vector<std::string>{"item", "name"}, all);
    };
  }

  std::vector<sql_row> asked(const lease_grant& grant, const std::string& statement,
                             const sql_row& values = {}) {
    return db->query(grant.lease, grant.span.lo, statement, values);
  }

  std::vector<std::int64_t> items(const lease_grant& grant) {
    std::vector<std::int64_t> found;
    for (const auto& row : asked(grant, "SELECT item FROM ledger ORDER BY item"))
      found.push_back(std::get<std::int64_t>(row.at(0)));
    return found;
  }

  lease_grant one() {
    node_ = join();
    run_ = drive(node_);
    return take(node_, step_ = split(run_, 3), 3);
  }

  node_id node_;
  driven_run run_;
  step_id step_;
};

}  // namespace partita::test
