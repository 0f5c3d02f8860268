#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "batch/readers/byte_range.hpp"
#include "batch/readers/input_file.hpp"

/// CSV as RFC 4180 has it, in UTF-8: fields that hold commas, quotes or line ends are quoted, a
/// quote inside is doubled. Beyond the RFC: LF as well as CRLF, a byte order mark, blank lines at
/// the end.
namespace partita::csv {

inline constexpr std::size_t max_field_bytes = 1024 * 1024;
inline constexpr std::size_t max_record_bytes = 4 * 1024 * 1024;

/// Whole records of a file, as the input of a partition. It carries the state of the file it was
/// cut from: the offsets mean nothing in any other.
struct slice {
  byte_range range;
  std::int64_t first_line = 0;  // 1-based line of the file its first record begins on
  std::int64_t rows = 0;
  std::int64_t file_size = 0;
  std::int64_t file_mtime_ns = 0;
  friend bool operator==(const slice&, const slice&) = default;
};

void to_json(json& to, const slice& from);
void from_json(const json& from, slice& to);

/// Cuts the records after the header into at most `max_slices` slices of about equal bytes: every
/// record is in exactly one, in order. No slice is empty, except the only one of a file without
/// rows. Reads the file once, front to back. Throws permanent_error if the first line is not
/// exactly `header` or the file changes meanwhile, and what input_file throws. Does not judge the
/// rows.
std::vector<slice> split(const std::filesystem::path& path, std::string_view header,
                         std::int64_t max_slices);

/// One record: the line it begins on, and its fields without quotes. The fields live until the
/// next record is read.
struct record {
  std::int64_t line = 0;
  std::vector<std::string_view> fields;
};

/// Streams the records of one slice, in memory bounded by the limits above. A row that is malformed
/// is a permanent_error "FILE, line N: reason", N being the line the row begins on.
class reader {
 public:
  /// Throws what input_file throws, and permanent_error if the file is not the one that was split.
  reader(std::filesystem::path path, const slice& part, std::size_t columns);

  /// The next record, or false at the end of the slice; then all its rows were read, and the file
  /// had not changed.
  bool next(record& into);

  /// What an error message about this record begins with: "FILE, line N: ".
  std::string where(const record& at) const;

 private:
  std::size_t find_record();
  bool refill();
  std::size_t parse(char* at, char* end, record& into) const;
  char* parse_quoted(char* at, char* end, const record& of, std::string_view& field) const;
  char* parse_plain(char* at, char* end, const record& of, std::string_view& field) const;
  [[noreturn]] void fail(const record& at, const std::string& reason) const;

  input_file file_;
  slice slice_;
  std::size_t columns_;
  std::unique_ptr<char[]> buffer_;
  std::size_t begin_ = 0;  // of the bytes in the buffer that no record has taken
  std::size_t end_ = 0;
  bool plain_ = false;       // all that is in the buffer
  std::int64_t unread_ = 0;  // bytes of the slice that are still in the file
  std::int64_t line_ = 0;
  std::int64_t rows_ = 0;
};

}  // namespace partita::csv
