#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "batch/writers/item_file.hpp"

/// JSON lines: each item is a JSON document on a line of its own.
namespace partita::json_lines {

/// The line of a document, with its end. Throws data_error for text that is no UTF-8.
std::string line_of(const json& document);

/// The format of `writer`.
template <class T>
class line_format {
 public:
  explicit line_format(file_sink& to) : to_(&to) {}

  void begin() {}
  void add(const T& item) { to_->add(line_of(item)); }
  void end(bool /*empty*/) {}
  static bool is_whole(char) { return false; }

 private:
  file_sink* to_;
};

/// A writer of T, by its to_json.
template <class T>
class writer : public item_file<T, line_format<T>> {
 public:
  explicit writer(std::filesystem::path staged) : item_file<T, line_format<T>>(std::move(staged)) {}
};

}  // namespace partita::json_lines
