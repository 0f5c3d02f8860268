#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "batch/writers/item_file.hpp"

/// CSV as RFC 4180 has it, in UTF-8, with a header and LF as line end: what partita/readers/csv.hpp
/// reads.
namespace partita::csv {

/// One row on its way into a file. Throws data_error "field N: reason" for text that CSV cannot
/// carry: a NUL byte, invalid UTF-8.
class fields {
 public:
  void add(std::string_view text);
  template <class N>
  requires(std::integral<N> || std::floating_point<N>) &&
      (!std::same_as<N, bool>)&&(!std::same_as<N, char>)void add(N number) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
    add(std::string_view{text.data(), end});
  }

  /// Empties the row.
  void begin();
  /// The row with its line end. Throws definition_error unless it has so many fields.
  std::string_view end(std::size_t columns);

 private:
  std::string text_;
  std::size_t count_ = 0;
};

/// The format of `writer`.
template <class T>
class row_format {
 public:
  using adder = std::function<void(fields&, const T&)>;

  row_format(file_sink& to, std::vector<std::string> header, adder add)
      : to_(&to), header_(std::move(header)), add_(std::move(add)) {}

  void begin() {
    row_.begin();
    for (const auto& name : header_) row_.add(name);
    to_->add(row_.end(header_.size()));
  }
  void add(const T& item) {
    row_.begin();
    add_(row_, item);
    to_->add(row_.end(header_.size()));
  }
  void end(bool empty) {
    if (empty) begin();
  }
  static bool is_whole(char) { return false; }

 private:
  file_sink* to_;
  std::vector<std::string> header_;
  adder add_;
  fields row_;
};

/// A writer of T: a row of what a function of the author's adds for each item.
template <class T>
class writer : public item_file<T, row_format<T>> {
 public:
  writer(std::filesystem::path staged, std::vector<std::string> header,
         typename row_format<T>::adder add)
      : item_file<T, row_format<T>>(std::move(staged), std::move(header), std::move(add)) {}
};

}  // namespace partita::csv
