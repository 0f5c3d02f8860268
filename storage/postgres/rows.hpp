#pragma once

#include <optional>
#include <pqxx/result>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/errors.hpp"
#include "protocol/listings.hpp"

// Values as they come in rows and go as parameters.
namespace partita::postgres {

template <class Id>
Id id_of(const pqxx::field& value) {
  return Id{value.as<std::int64_t>()};
}

db_time time_of(const pqxx::field& micros);
std::optional<db_time> optional_time_of(const pqxx::field& micros);
std::optional<std::int64_t> micros_of(const std::optional<db_time>& at);

/// Throws damaged when no version of the engine writes this text.
template <class State>
State state_of(const pqxx::field& name) {
  if (auto state = parse_state<State>(name.c_str())) return *state;
  throw store_error(errc::damaged, std::string{"column "} + name.name() + " holds '" +
                                       name.c_str() + "', which is no state");
}

/// read_count, write_count, filter_count, skip_count.
item_counts counts_of(const pqxx::row& row);

run_row run_of(const pqxx::row& row);
step_row step_of(const pqxx::row& row);
failure_row failure_of(const pqxx::row& row);

/// The elements of an array of texts or numbers; a NULL array is empty.
std::vector<std::string> elements_of(const pqxx::field& value);

/// 'name/version', as node rows hold it.
std::string job_text(const job_ref& job);
job_ref job_of(const std::string& text);  // throws damaged

/// An array parameter: '{1,2}' or '{"a","b"}'. One column of the rows of an unnest.
class array {
 public:
  void add(std::int64_t value);
  void add(std::string_view value);
  void add_null();
  std::string text() const { return text_ + '}'; }

 private:
  void separate() {
    if (text_.size() > 1) text_ += ',';
  }
  std::string text_ = "{";
};

/// One value for each of `rows`, as an array parameter.
template <class Rows, class Get>
std::string column(const Rows& rows, Get get) {
  array values;
  for (const auto& row : rows) values.add(get(row));
  return values.text();
}

/// The same, or none where all are the usual one.
template <class Rows, class Value, class Get>
std::string column_unless(const Value& usual, const Rows& rows, Get get) {
  for (const auto& row : rows)
    if (get(row) != usual) return column(rows, get);
  return array{}.text();
}

/// Texts, as an array parameter.
inline std::string text_column(std::span<const std::string> texts) {
  return column(texts, [](const auto& text) { return std::string_view{text}; });
}

}  // namespace partita::postgres
