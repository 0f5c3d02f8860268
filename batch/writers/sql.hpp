#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "batch/sql.hpp"

/// Writers of rows in the engine's database, with the transaction of their chunk.
namespace partita::sql {

/// The values of an item, in the order of the columns or of the parameters.
template <class T>
using row_maker = std::function<sql_row(const T&)>;

/// Inserts a row for each item, in the fastest way the database has.
template <class T>
class insert {
 public:
  /// `table` may be "schema.table".
  insert(std::string table, std::vector<std::string> columns, row_maker<T> make)
      : table_(std::move(table)), columns_(std::move(columns)), make_(std::move(make)) {}
  /// The items are rows already.
  insert(std::string table, std::vector<std::string> columns) requires std::is_same_v<T, sql_row>
      : insert(std::move(table), std::move(columns), nullptr) {}

  void write(std::span<const T> items, sql_transaction& tx) {
    if constexpr (std::is_same_v<T, sql_row>)
      if (!make_) return tx.insert(table_, columns_, items);
    rows_.clear();
    for (const auto& item : items) rows_.push_back(make_(item));
    tx.insert(table_, columns_, rows_);
  }

 private:
  std::string table_;
  std::vector<std::string> columns_;
  row_maker<T> make_;
  std::vector<sql_row> rows_;
};

/// Inserts a row for each item; where one with these `keys` (columns with a unique index) is there
/// already, its other columns are set. Of two items of a chunk with the same keys the last one
/// counts.
template <class T>
class upsert {
 public:
  /// Throws definition_error unless the keys are among the columns.
  upsert(std::string table, std::vector<std::string> keys, std::vector<std::string> columns,
         row_maker<T> make)
      : table_(std::move(table)),
        keys_(std::move(keys)),
        columns_(std::move(columns)),
        make_(std::move(make)) {
    for (const auto& key : keys_) {
      const auto at = std::find(columns_.begin(), columns_.end(), key);
      if (at == columns_.end())
        throw definition_error("the key " + key + " is no column of what is written to " + table_);
      key_columns_.push_back(static_cast<std::size_t>(at - columns_.begin()));
    }
  }

  void write(std::span<const T> items, sql_transaction& tx) {
    rows_.clear();
    std::map<key_values, std::size_t> seen;
    for (const auto& item : items) {
      auto row = make_(item);
      const auto its_key = key_of(row);
      const auto next = rows_.size();
      const auto at = its_key ? seen.try_emplace(*its_key, next).first->second : next;
      if (at == next)
        rows_.push_back(std::move(row));
      else
        rows_[at] = std::move(row);
    }
    tx.upsert(table_, columns_, keys_, rows_);
  }

 private:
  using key_values = std::vector<std::variant<std::int64_t, double, std::string>>;

  /// None where it holds a NULL, which is like no other NULL.
  std::optional<key_values> key_of(const sql_row& row) const {
    key_values made;
    for (const auto column : key_columns_) {
      if (column >= row.size() || std::holds_alternative<std::nullptr_t>(row[column])) return {};
      std::visit(
          [&](const auto& value) {
            if constexpr (!std::is_same_v<std::decay_t<decltype(value)>, std::nullptr_t>)
              made.emplace_back(value);
          },
          row[column]);
    }
    return made;
  }

  std::vector<std::size_t> key_columns_;
  std::string table_;
  std::vector<std::string> keys_;
  std::vector<std::string> columns_;
  row_maker<T> make_;
  std::vector<sql_row> rows_;
};

/// Runs a statement for each item, such as "UPDATE t SET a = $2 WHERE id = $1". An item for which
/// it changes no row is a data_error.
template <class T>
class update {
 public:
  update(std::string statement, row_maker<T> make)
      : statement_(std::move(statement)), make_(std::move(make)) {}

  void write(std::span<const T> items, sql_transaction& tx) {
    for (const auto& item : items)
      if (tx.change(statement_, make_(item)) == 0) throw data_error("no row was changed");
  }

 private:
  std::string statement_;
  row_maker<T> make_;
};

}  // namespace partita::sql
