#pragma once

#include <filesystem>
#include <vector>

#include "batch/readers/lines.hpp"
#include "batch/readers/record.hpp"

/// Lines of UTF-8 text whose columns begin at fixed bytes. Blank lines at the end of the file are
/// none of them.
namespace partita::fixed_width {

using partita::record;

/// Whole lines of a file, as the input of a partition.
using slice = file_slice;

/// As lines::split, without the blank lines at the end.
std::vector<slice> split(const std::filesystem::path& path, std::int64_t max_slices);

/// Bytes [offset, offset + width) of a line.
struct column {
  std::size_t offset = 0;
  std::size_t width = 0;
};

/// The records of one slice. Fields lose the blanks at both ends; what lies in no column is not
/// looked at. A line that is no text (lines.hpp), ends before its last column, or has a column that
/// cuts a character is a data_error "FILE, line N: reason"; the next call goes on behind it.
class reader {
 public:
  /// Throws what input_file throws, and permanent_error if the file is not the one that was split.
  reader(std::filesystem::path path, const slice& part, std::vector<column> columns);

  /// The next record, or false at the end of the slice.
  bool next(record& into);

  json position() const { return lines_.position(); }
  void seek(const json& position) { lines_.seek(position); }
  std::string where() const { return lines_.where(); }

 private:
  lines::reader lines_;
  std::vector<column> columns_;
  std::size_t least_ = 0;  // bytes of a line that holds all columns
};

/// A reader of T: what a function of the author's makes of each record. What it throws as a
/// data_error gets "FILE, line N: " in front.
template <class T>
class rows : public mapped<T, reader> {
 public:
  rows(std::filesystem::path path, const slice& part, std::vector<column> columns,
       typename mapped<T, reader>::maker make)
      : mapped<T, reader>(reader{std::move(path), part, std::move(columns)}, std::move(make)) {}
};

}  // namespace partita::fixed_width
