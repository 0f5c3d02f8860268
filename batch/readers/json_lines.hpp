#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "batch/readers/lines.hpp"
#include "batch/readers/record.hpp"

/// JSON lines: each line of the file is a JSON document. Blank lines at the end are none.
namespace partita::json_lines {

/// Lists and objects in each other.
inline constexpr int max_depth = 100;

/// Whole lines of a file, as the input of a partition.
using slice = file_slice;

/// As lines::split, without the blank lines at the end.
std::vector<slice> split(const std::filesystem::path& path, std::int64_t max_slices);

/// The documents of one slice. A line that is no text (lines.hpp), no JSON, or deeper than
/// max_depth is a data_error "FILE, line N: reason"; the next call goes on behind it.
class documents {
 public:
  /// Throws what input_file throws, and permanent_error if the file is not the one that was split.
  documents(std::filesystem::path path, const slice& part);

  std::optional<json> next();
  json position() const { return lines_.position(); }
  void seek(const json& position) { lines_.seek(position); }
  std::string where() const { return lines_.where(); }

  /// Refuses the document that was read last, for what its from_json throws.
  [[noreturn]] void fail(const json::exception& why) const;

 private:
  lines::reader lines_;
};

/// A reader of T, by its from_json. What that throws (json::exception, data_error) is a data_error
/// "FILE, line N: reason".
template <class T>
class reader {
 public:
  reader(std::filesystem::path path, const slice& part) : documents_(std::move(path), part) {}

  std::optional<T> next() {
    const auto document = documents_.next();
    if (!document) return std::nullopt;
    try {
      return with_place(documents_, [&] { return document->template get<T>(); });
    } catch (const json::exception& e) {
      documents_.fail(e);
    }
  }
  json position() const { return documents_.position(); }
  void seek(const json& position) { documents_.seek(position); }
  std::string where() const { return documents_.where(); }

 private:
  documents documents_;
};

}  // namespace partita::json_lines
