#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "batch/errors.hpp"
#include "batch/json.hpp"

namespace partita {

/// One record of columns: the line it begins on, and its fields. The fields live until the next
/// record is read.
struct record {
  std::int64_t line = 0;
  std::vector<std::string_view> fields;
};

/// What `make` gives. A data_error of it gets the place of the item in front.
template <class Reader, class F>
decltype(auto) with_place(const Reader& reader, F&& make) {
  try {
    return std::forward<F>(make)();
  } catch (const data_error& e) {
    throw data_error(reader.where() + ": " + e.what());
  }
}

/// A reader of T over a source of records: what a function of the author's makes of each. What it
/// throws as a data_error gets the place of the record in front.
template <class T, class Source, class Record = record>
class mapped {
 public:
  /// It may take values out of the record.
  using maker = std::function<T(Record&)>;

  mapped(Source source, maker make) : source_(std::move(source)), make_(std::move(make)) {}

  std::optional<T> next() {
    if (!source_.next(record_)) return std::nullopt;
    return with_place(source_, [&] { return make_(record_); });
  }
  json position() const { return source_.position(); }
  void seek(const json& position) { source_.seek(position); }
  std::string where() const { return source_.where(); }
  /// Appends the place: for each item, so without a text of its own where the source can.
  void tell_place(std::string& to) const {
    if constexpr (requires { source_.tell_place(to); })
      source_.tell_place(to);
    else
      to += source_.where();
  }

 private:
  Source source_;
  maker make_;
  Record record_;
};

}  // namespace partita
