#pragma once

#include <pqxx/transaction_base>

#include "storage/author.hpp"
#include "storage/postgres/connection.hpp"

namespace partita::postgres {

/// An author's statements in PostgreSQL. They have the rights of the node's role. Rows go in by
/// COPY, the fastest way. REQUIRES: a transaction is open.
class author_statements final : public author_transaction {
 public:
  author_statements(connection& server, pqxx::transaction_base& tx, bool reads_only)
      : server_(server), tx_(tx), reads_only_(reads_only) {}

  std::string_view dialect() const override { return "postgresql"; }

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
  void throw_as_authors() const override;
  void throw_as_authors(const pqxx::sql_error& e) const;

  pqxx::result run(const std::string& statement, std::span<const sql_value> values);
  void plain(const char* statement);
  const std::string& upsert_into(std::string_view table, std::span<const std::string> columns,
                                 std::span<const std::string> keys);

  connection& server_;
  pqxx::transaction_base& tx_;
  const bool reads_only_;
};

}  // namespace partita::postgres
