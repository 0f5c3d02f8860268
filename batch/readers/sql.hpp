#pragma once

#include <cstddef>
#include <string>
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
/// It sees rows that others commit behind the last key.
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

 private:
  void fetch();

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
  bool more_ = true;  // behind the rows that are here
};

/// A reader of T: what a function of the author's makes of the columns of each row. What it throws
/// as a data_error gets the place of the row in front.
template <class T>
class keyset : public mapped<T, pages, sql_row> {
 public:
  keyset(partition_context& p, const source& what, key_range range,
         typename mapped<T, pages, sql_row>::maker make, int page = 1000)
      : mapped<T, pages, sql_row>(pages{p, what, std::move(range), page}, std::move(make)) {}
};

}  // namespace partita::sql
