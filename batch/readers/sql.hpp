#pragma once

#include <cstddef>
#include <future>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "batch/json.hpp"
#include "batch/partition_context.hpp"
#include "batch/readers/record.hpp"

/// Readers of rows in the engine's database.
namespace partita::sql {

/// What is read by key.
struct source {
  /// "table", "schema.table", or what else may stand behind FROM.
  std::string from;
  /// The columns of a row, as they may stand behind SELECT.
  std::vector<std::string> columns;
  /// Columns that together are unique and never NULL: the order of the rows. They need an index.
  std::vector<std::string> key;
  /// A condition on all rows, with the parameters $1, $2, …; empty: none.
  std::string where;
  sql_row values;  // of the parameters
};

/// The part of a source that one partition reads, as its input: keys above `after`, and up to
/// `upto`. Empty: no limit.
struct key_range {
  sql_row after;
  sql_row upto;
};
void to_json(json& to, const key_range& range);
/// Throws permanent_error for what is no range.
void from_json(const json& from, key_range& range);

/// Pages of rows in the order of their keys. Each page is a query by itself that begins behind the
/// last key, so nothing is held open between two chunks, and the table may be as long as it likes.
/// A page is read while the one before it is worked on, by a session of its own: it need not have
/// what is written meanwhile, and knows no SET and no temporary table of the author's.
class pages {
 public:
  pages(partition_context& p, const source& what, key_range range, int page);

  /// The next row, or false at the end. Throws permanent_error when the page cannot be read, or a
  /// key is NULL.
  bool next(sql_row& into);

  /// The key of the row that came last: a JSON list.
  json position() const;
  /// Goes on behind it. Throws permanent_error for what is no key of this source.
  void seek(const json& position);
  /// "FROM, key [7]", of the row that came last.
  std::string where() const;
  void tell_place(std::string& to) const;

 private:
  void fetch();
  std::pair<std::string, sql_row> page_behind(const sql_row& key) const;

  partition_context* p_;
  std::string from_;
  std::string head_;  // the statement without its limits
  std::string key_list_;
  std::string order_;
  std::size_t keys_;
  sql_row values_;
  key_range range_;
  int page_;
  sql_row last_;  // the key of the row that came last; empty: none yet
  std::vector<sql_row> rows_;
  std::size_t at_ = 0;
  bool more_ = true;                         // behind the rows that are here
  std::future<std::vector<sql_row>> ahead_;  // of the page behind them; none: not asked for
};

/// A row as it is.
inline sql_row same_row(sql_row& row) { return std::move(row); }

/// A reader of T: what a function of the author's makes of the columns of each row; none for rows
/// as they are. What it throws as a data_error gets the place of the row in front.
template <class T>
class keyset : public mapped<T, pages, sql_row> {
 public:
  keyset(partition_context& p, const source& what, key_range range,
         typename mapped<T, pages, sql_row>::maker make, int page = 1000)
      : mapped<T, pages, sql_row>(pages{p, what, std::move(range), page}, std::move(make)) {}
  keyset(partition_context& p, const source& what, key_range range,
         int page = 1000) requires std::is_same_v<T, sql_row>
      : keyset(p, what, std::move(range), same_row, page) {}
};

/// Rows of a query that is run once, in its order and as of that moment: for what has no key. The
/// database keeps them until the attempt ends, on its disk when they are many; running the query
/// may take as long as any statement. Not behind a pooler that shares sessions. An attempt that
/// goes on runs the query anew and leaves out the rows that are done: it must give the same rows in
/// the same order, so ORDER BY has to leave no choice.
class cursor_rows {
 public:
  cursor_rows(partition_context& p, std::string statement, sql_row values, int page);

  /// The next row, or false at the end. Throws permanent_error when the query fails, or when the
  /// last row that is done is not where it was.
  bool next(sql_row& into);

  /// How many rows are done, and how the last of them begins.
  json position() const;
  void seek(const json& position);
  /// "row 7 of SELECT name FROM …"
  std::string where() const;

 private:
  void fetch();
  void require_same_row();

  partition_context* p_;
  std::string statement_;
  sql_row values_;
  int page_;
  int cursor_ = 0;  // 0: not open
  std::int64_t done_ = 0;
  std::string last_;  // how the last row that was done began; empty: it is among rows_
  std::vector<sql_row> rows_;
  std::size_t at_ = 0;
  bool more_ = true;  // behind the rows that are here
};

/// Makes a T of each row of a query.
template <class T>
class cursor : public mapped<T, cursor_rows, sql_row> {
 public:
  cursor(partition_context& p, std::string statement, sql_row values,
         typename mapped<T, cursor_rows, sql_row>::maker make, int page = 1000)
      : mapped<T, cursor_rows, sql_row>(
            cursor_rows{p, std::move(statement), std::move(values), page}, std::move(make)) {}
};

}  // namespace partita::sql
