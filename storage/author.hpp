#pragma once

#include <exception>
#include <string>

#include "batch/sql.hpp"
#include "protocol/errors.hpp"

namespace partita {

/// Ends a verb in which the author's code threw: `cause` is what it threw.
class author_failure : public store_error {
 public:
  explicit author_failure(std::exception_ptr what)
      : store_error(errc::bad_request, "the author's code threw"), cause(std::move(what)) {}

  const std::exception_ptr cause;
};

/// The author's side of a transaction, with the rules that every database keeps: no statement that
/// ends the transaction, nothing stored after a failure, and failures of the database itself pass
/// through whatever the author's code makes of them.
class author_transaction : public sql_transaction {
 public:
  std::int64_t change(std::string_view statement, std::span<const sql_value> values) final;
  std::vector<sql_row> fetch(std::string_view statement, std::span<const sql_value> values) final;
  void insert(std::string_view table, std::span<const std::string> columns,
              std::span<const sql_row> rows) final;
  void upsert(std::string_view table, std::span<const std::string> columns,
              std::span<const std::string> keys, std::span<const sql_row> rows) final;
  void attempt(const std::function<void()>& work) final;

  /// What the verbs of these names promise (storage/store.hpp).
  void open_cursor(std::int64_t cursor, std::string_view statement,
                   std::span<const sql_value> values);
  std::vector<sql_row> read_cursor(std::int64_t cursor, std::int64_t after, int most);

  /// Throws what the database itself failed with, if it did.
  void rethrow_interruption() const;

  /// The author's code has returned. Throws author_failure when it went on after a failure (what is
  /// stored would not be all that was meant), or when a rule is broken that is checked at the end.
  void end();

 protected:
  virtual std::int64_t do_change(const std::string& statement,
                                 std::span<const sql_value> values) = 0;
  virtual std::vector<sql_row> do_fetch(const std::string& statement,
                                        std::span<const sql_value> values) = 0;
  virtual void do_insert(std::string_view table, std::span<const std::string> columns,
                         std::span<const sql_row> rows) = 0;
  virtual void do_upsert(std::string_view table, std::span<const std::string> columns,
                         std::span<const std::string> keys, std::span<const sql_row> rows) = 0;
  virtual void do_open_cursor(const std::string& name, const std::string& statement,
                              std::span<const sql_value> values) = 0;
  virtual std::vector<sql_row> do_read_cursor(const std::string& name, std::int64_t after,
                                              int most) = 0;
  virtual void do_savepoint() = 0;
  /// Checks what was put off, and lets go of the savepoint.
  virtual void do_release() = 0;
  virtual void do_rollback_to() = 0;
  virtual void do_end() {}

  /// REQUIRES: called where an exception was caught. Throws constraint_error, sql_error or
  /// transient_error when it is the author's to mend; else returns.
  virtual void throw_as_authors() const = 0;

 private:
  template <class Work>
  auto guarded(Work work);

  std::exception_ptr interruption_;
  bool failed_ = false;
};

inline constexpr const char* cursor_lost =
    "the rows of a query were lost with the connection: the attempt begins again";

/// Throws sql_error when the statement would begin or end a transaction, or a part of one.
void require_no_control(std::string_view statement);

/// "table" or "schema.table", each part quoted. Throws sql_error when there are more parts.
std::string quoted_table(std::string_view name);
std::string quoted_name(std::string_view name);
/// `"a", "b"`
std::string quoted_list(std::span<const std::string> names);

/// ` ON CONFLICT ("a") DO UPDATE SET "b" = excluded."b"`, or DO NOTHING where all columns are keys.
std::string on_conflict(std::span<const std::string> columns, std::span<const std::string> keys);

/// Throws sql_error unless each row has a value for each column.
void require_shape(std::string_view table, std::span<const std::string> columns,
                   std::span<const sql_row> rows);

}  // namespace partita
