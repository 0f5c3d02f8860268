#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <future>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "batch/errors.hpp"
#include "protocol/chunk.hpp"

namespace partita {

/// A value of SQL: NULL, an integer, a floating-point number, a text. What the database has no such
/// type for (dates, decimals) is text.
using sql_value = std::variant<std::nullptr_t, std::int64_t, double, std::string>;
using sql_row = std::vector<sql_value>;

template <class T>
sql_value to_sql_value(const T& value) {
  if constexpr (std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, sql_value>)
    return value;
  else if constexpr (std::is_integral_v<T>)
    return static_cast<std::int64_t>(value);
  else if constexpr (std::is_floating_point_v<T>)
    return static_cast<double>(value);
  else
    return std::string{value};
}

/// The data break a rule of the tables: a key exists already, a reference leads nowhere, a value is
/// missing or does not fit its column. A policy may let the item be skipped.
class constraint_error : public data_error {
 public:
  using data_error::data_error;
};

/// A statement that cannot work: its syntax, a table that is not there, a missing right, or one
/// that an author's transaction may not contain.
class sql_error : public permanent_error {
 public:
  using permanent_error::permanent_error;
};

/// What a job author writes and reads in the database of the engine, in one transaction with the
/// progress of the partition: both stand, or neither does. It may be executed again as a whole when
/// it lost a race: its effects outside the database must bear that.
///
/// Parameters are $1, $2, … in the text. Where the database must know the type of one, write
/// CAST($1 AS integer). One call is one statement. The engine begins and ends the transaction:
/// BEGIN, COMMIT, ROLLBACK, savepoints and the like are refused with an sql_error.
///
/// Errors: constraint_error, sql_error; transient_error where a statement took too long, the
/// author's code paused for too long between two of them (PostgreSQL), or the transaction kept
/// others waiting for too long (SQLite, which has one writer). After one of them nothing of this
/// transaction can be stored, unless it came out of `attempt`. Any exception but these means that
/// the database did not answer; let it pass.
class sql_transaction {
 public:
  sql_transaction() = default;
  virtual ~sql_transaction() = default;
  sql_transaction(const sql_transaction&) = delete;
  sql_transaction& operator=(const sql_transaction&) = delete;

  /// Which SQL it speaks: "postgresql" or "sqlite".
  virtual std::string_view dialect() const = 0;

  /// Runs a statement that changes rows. Returns how many.
  template <class... Values>
  std::int64_t execute(std::string_view statement, const Values&... values) {
    const std::array<sql_value, sizeof...(Values)> given{to_sql_value(values)...};
    return change(statement, given);
  }

  /// Runs a statement that returns rows.
  template <class... Values>
  std::vector<sql_row> query(std::string_view statement, const Values&... values) {
    const std::array<sql_value, sizeof...(Values)> given{to_sql_value(values)...};
    return fetch(statement, given);
  }

  virtual std::int64_t change(std::string_view statement, std::span<const sql_value> values) = 0;
  virtual std::vector<sql_row> fetch(std::string_view statement,
                                     std::span<const sql_value> values) = 0;

  /// Inserts rows in bulk. `table` may be "schema.table". Each row has a value for each column.
  virtual void insert(std::string_view table, std::span<const std::string> columns,
                      std::span<const sql_row> rows) = 0;

  /// Inserts rows in bulk; where one with these `keys` (columns with a unique index) is there
  /// already, its other columns are set. No two of the rows may have the same keys.
  virtual void upsert(std::string_view table, std::span<const std::string> columns,
                      std::span<const std::string> keys, std::span<const sql_row> rows) = 0;

  /// Does `work` by itself: when it throws, what it did here is undone, the exception passes on,
  /// and the transaction can go on. Rules that the database would check at the end are checked now;
  /// from then on those that can be put off (DEFERRABLE) are checked at the end. So items that are
  /// written one by one must come in an order that breaks no rule.
  virtual void attempt(const std::function<void()>& work) = 0;
};

/// What an attempt reads with, outside any transaction: statements that change nothing, with the
/// parameters and errors of sql_transaction.
class sql_queries {
 public:
  sql_queries() = default;
  virtual ~sql_queries() = default;
  sql_queries(const sql_queries&) = delete;
  sql_queries& operator=(const sql_queries&) = delete;

  virtual std::vector<sql_row> query(std::string_view statement,
                                     std::span<const sql_value> values) = 0;

  /// The rows of `query`, which begins at once beside the caller where that is possible, else when
  /// the rows are asked for. The future throws what `query` throws; its destructor waits for the
  /// end of a query that is under way.
  virtual std::future<std::vector<sql_row>> query_ahead(std::string statement, sql_row values) {
    return std::async(std::launch::deferred,
                      [this, statement = std::move(statement), values = std::move(values)] {
                        return query(statement, values);
                      });
  }

  /// Runs a query once, and keeps its rows, as of this moment, until the attempt ends.
  virtual void open_cursor(int cursor, std::string_view statement,
                           std::span<const sql_value> values) = 0;
  /// At most so many of its rows, behind the first `after`. Any exception but those of
  /// sql_transaction means that the database did not answer, or that the rows were lost with the
  /// connection; let it pass.
  virtual std::vector<sql_row> read_cursor(int cursor, std::int64_t after, int most) = 0;
};

/// What an author does in one transaction, together with a chunk. It may let items of the chunk go
/// that turn out to be bad: then it changes the chunk's counts and skipped items.
using author_work = std::function<void(sql_transaction&, chunk&)>;

}  // namespace partita
