#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "batch/readers/record.hpp"
#include "batch/readers/record_source.hpp"

/// CSV as RFC 4180 has it, in UTF-8: fields that hold commas, quotes or line ends are quoted, a
/// quote inside is doubled. Beyond the RFC: LF as well as CRLF, a byte order mark, blank lines at
/// the end, and a last byte 0x1A, with which old programs mark the end of a file.
namespace partita::csv {

inline constexpr std::size_t max_field_bytes = 1024 * 1024;
using partita::max_record_bytes;
using partita::record;

/// Whole records of a file, as the input of a partition.
using slice = file_slice;

/// Cuts the records after the header into at most `max_slices` slices of about equal bytes: every
/// record is in exactly one, in order. No slice is empty, except the only one of a file without
/// rows. Reads the file once, front to back. Throws permanent_error if the first line is not
/// exactly `header` or the file changes meanwhile, and what input_file throws. Does not judge the
/// rows.
std::vector<slice> split(const std::filesystem::path& path, std::string_view header,
                         std::int64_t max_slices);
/// The same for a file without a header: its first line is a record.
std::vector<slice> split(const std::filesystem::path& path, std::int64_t max_slices);

/// How many columns a record may have. It has the fields that are there.
struct column_counts {
  std::size_t least;
  std::size_t most;

  constexpr column_counts(std::size_t exactly) : least(exactly), most(exactly) {}
  constexpr column_counts(std::size_t from, std::size_t to) : least(from), most(to) {}
};

/// Streams the records of one slice, in memory bounded by the limits above.
///
/// A row that is malformed is a data_error "FILE, line N: reason", N being the line the row begins
/// on; the next call goes on behind it. It is a permanent_error where nobody can tell where the row
/// ends: it is too long, or its quotes are wrong and it lies on several lines, so that a misplaced
/// quote may have taken its neighbours in.
class reader {
 public:
  /// Throws what input_file throws, and permanent_error if the file is not the one that was split.
  reader(std::filesystem::path path, const slice& part, column_counts expected);

  /// The next record, or false at the end of the slice; then all its rows were read, and the file
  /// had not changed.
  bool next(record& into);

  /// Where the next record begins.
  json position() const { return source_.position(); }
  /// Goes on there. Throws permanent_error if no record of this slice begins there.
  void seek(const json& position) { source_.seek(position); }

  /// "FILE, line N", of the record that was read or refused last.
  std::string where() const { return source_.where(); }
  /// What an error message about this record begins with: "FILE, line N: ".
  std::string where(const record& at) const;

 private:
  std::size_t parse(char* at, char* end, record& into) const;
  char* parse_quoted(char* at, char* end, std::string_view& field) const;
  char* parse_plain(char* at, char* end, std::string_view& field) const;
  [[noreturn]] void fail(const std::string& reason) const;

  record_source source_;
  column_counts columns_;
};

/// A reader of T: what a function of the author's makes of each record. What it throws as a
/// data_error gets "FILE, line N: " in front.
template <class T>
class rows : public mapped<T, reader> {
 public:
  rows(std::filesystem::path path, const slice& part, column_counts expected,
       typename mapped<T, reader>::maker make)
      : mapped<T, reader>(reader{std::move(path), part, expected}, std::move(make)) {}
};

}  // namespace partita::csv
