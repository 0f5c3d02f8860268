#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "batch/sql.hpp"
#include "protocol/errors.hpp"
#include "protocol/values.hpp"

namespace partita::sqlite {

class connection;

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

template <class T>
struct is_id : std::false_type {};
template <class Tag>
struct is_id<basic_id<Tag>> : std::true_type {};

/// A prepared statement on loan from its connection: reset when it goes out of scope.
class statement {
 public:
  statement(connection& db, sqlite3_stmt* raw) : db_(&db), raw_(raw) {}
  statement(statement&& other) noexcept
      : db_(other.db_),
        raw_(std::exchange(other.raw_, nullptr)),
        places_(std::move(other.places_)) {}
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;
  ~statement() { reset(); }

  /// Parameters ?1, ?2, … An id that is none and an empty optional are NULL; texts are copied.
  template <class... Values>
  void bind(const Values&... values) {
    int index = 0;
    (check(bind_one(++index, values)), ...);
  }

  /// The next row, or false.
  bool next();

  /// Binds, runs to the end and resets, so that it can be run again. Returns the rows changed.
  template <class... Values>
  std::int64_t run(const Values&... values) {
    bind(values...);
    return run_bound();
  }

  /// A column of the row, 0-based. NULL is the empty value of its type.
  template <class T>
  T get(int column) const {
    if constexpr (is_optional<T>::value) {
      if (sqlite3_column_type(raw_, column) == SQLITE_NULL) return std::nullopt;
      return get<typename T::value_type>(column);
    } else if constexpr (std::is_same_v<T, std::string>) {
      return text(column);
    } else if constexpr (std::is_same_v<T, bool>) {
      return sqlite3_column_int64(raw_, column) != 0;
    } else if constexpr (std::is_same_v<T, double>) {
      return sqlite3_column_double(raw_, column);
    } else if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(sqlite3_column_int64(raw_, column));
    } else if constexpr (std::is_enum_v<T>) {
      return state<T>(column);
    } else if constexpr (std::is_same_v<T, db_time>) {
      return db_time{microseconds{sqlite3_column_int64(raw_, column)}};
    } else {
      return T{sqlite3_column_int64(raw_, column)};  // ids and durations
    }
  }

  // --- for a statement of a job author

  /// Parameters $1, $2, … Throws sql_error when it does not have these. Texts are not copied.
  void bind_values(std::span<const sql_value> values);
  /// As next(); throws what the author can mend as constraint_error or sql_error.
  bool step_authored();
  /// The row.
  sql_row values() const;
  int columns() const { return sqlite3_column_count(raw_); }
  /// So that it can be bound and run again.
  void reset();

 private:
  template <class T>
  int bind_one(int index, const T& value) {
    if constexpr (is_optional<T>::value) {
      return value ? bind_one(index, *value) : sqlite3_bind_null(raw_, index);
    } else if constexpr (is_id<T>::value) {
      return value ? sqlite3_bind_int64(raw_, index, value.value) : sqlite3_bind_null(raw_, index);
    } else if constexpr (std::is_same_v<T, db_time>) {
      return sqlite3_bind_int64(raw_, index, value.time_since_epoch().count());
    } else if constexpr (std::is_same_v<T, microseconds> || std::is_same_v<T, milliseconds>) {
      return sqlite3_bind_int64(raw_, index, value.count());
    } else if constexpr (std::is_floating_point_v<T>) {
      return sqlite3_bind_double(raw_, index, value);
    } else if constexpr (std::is_integral_v<T>) {
      return sqlite3_bind_int64(raw_, index, static_cast<sqlite3_int64>(value));
    } else if constexpr (std::is_enum_v<T>) {
      return bind_text(index, to_string(value));
    } else {
      return bind_text(index, value);
    }
  }

  template <class State>
  State state(int column) const {
    auto name = text(column);
    if (auto known = parse_state<State>(name)) return *known;
    throw store_error(errc::damaged, "a row of the database has the state '" + name +
                                         "', which no version of Partita writes");
  }

  int bind_text(int index, std::string_view value);
  int bind_value(int place, std::nullptr_t);
  int bind_value(int place, std::int64_t value);
  int bind_value(int place, double value);
  int bind_value(int place, const std::string& value);
  std::string text(int column) const;
  std::int64_t run_bound();
  void check(int code);

  connection* db_;
  sqlite3_stmt* raw_;
  std::vector<int> places_;  // of $1, $2, … among the parameters
};

}  // namespace partita::sqlite
