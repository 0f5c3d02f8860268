#pragma once

#include "storage/author.hpp"
#include "storage/clock.hpp"
#include "storage/sqlite/connection.hpp"

namespace partita::sqlite {

/// An author's statements in SQLite. While the transaction lasts no other session can write, nodes
/// cannot renew: so its time is limited. REQUIRES: a transaction_scope is open on `db`.
class author_statements final : public author_transaction {
 public:
  explicit author_statements(connection& db) : db_(db), begun_(boot_now()) {}

  std::string_view dialect() const override { return "sqlite"; }

 private:
  std::int64_t do_change(const std::string& statement, std::span<const sql_value> values) override;
  std::vector<sql_row> do_fetch(const std::string& statement,
                                std::span<const sql_value> values) override;
  void do_insert(std::string_view table, std::span<const std::string> columns,
                 std::span<const sql_row> rows) override;
  void do_upsert(std::string_view table, std::span<const std::string> columns,
                 std::span<const std::string> keys, std::span<const sql_row> rows) override;
  void do_open_cursor(const std::string& name, const std::string& statement,
                      std::span<const sql_value> values) override;
  std::vector<sql_row> do_read_cursor(const std::string& name, std::int64_t after,
                                      int most) override;
  void do_savepoint() override;
  void do_release() override;
  void do_rollback_to() override;
  void do_end() override;
  void throw_as_authors() const override;

  void run_each(const std::string& statement, std::span<const sql_row> rows);
  void require_time() const;

  connection& db_;
  mono_time begun_;
};

}  // namespace partita::sqlite
