#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "batch/readers/input_file.hpp"
#include "batch/readers/slice.hpp"

namespace partita {

inline constexpr std::size_t max_record_bytes = 4 * 1024 * 1024;

/// The records of one slice as the bytes they are, one after the other, in memory bounded by
/// max_record_bytes and a block: what the readers of files have in common.
class record_source {
 public:
  /// `quotes`: a line end between two quotes ends no record. Throws what input_file throws, and
  /// permanent_error if the file is not the one that was cut.
  record_source(std::filesystem::path path, const file_slice& part, bool quotes);

  /// Goes to the next record. False at the end of the slice; then all its records were read, and
  /// the file had not changed. Throws data_error for a line that is too long, and goes on behind it
  /// at the next call. Where quotes count, see `too_long`.
  bool next();

  // --- the record that `next` went to; its bytes may be changed, and live until the next call
  char* begin() const { return record_; }
  char* end() const { return record_end_; }  // without the line end
  /// The line it begins on.
  std::int64_t line() const { return record_line_; }
  bool spans_lines() const { return spans_lines_; }
  /// It is longer than max_record_bytes, and perhaps not whole. Only where quotes count: after a
  /// misplaced quote all that follows is one record.
  bool too_long() const { return too_long_; }
  /// It holds no quote, no CR, and only ASCII without NUL. Most blocks of most files are like this.
  bool is_plain() const { return plain_; }
  /// "a NUL byte", "invalid UTF-8" or nothing.
  const char* text_flaw() const;

  const std::filesystem::path& path() const { return file_.path(); }
  /// Where the next record begins.
  json position() const;
  /// Goes on there. Throws permanent_error if no record of this slice begins there.
  void seek(const json& position);
  /// "FILE, line N", of the record.
  std::string where() const;
  /// data_error "FILE, line N: reason".
  [[noreturn]] void fail(const std::string& reason) const;

 private:
  std::int64_t offset() const;
  std::size_t find_record();
  void drop_line();
  bool refill();

  input_file file_;
  file_slice slice_;
  bool quotes_;
  std::unique_ptr<char[]> buffer_;
  std::size_t begin_ = 0;  // of the bytes in the buffer that no record has taken
  std::size_t end_ = 0;
  bool plain_ = false;       // all that is in the buffer
  std::int64_t unread_ = 0;  // bytes of the slice that are still in the file
  std::int64_t line_ = 0;
  std::int64_t rows_ = 0;

  char* record_ = nullptr;
  char* record_end_ = nullptr;
  std::int64_t record_line_ = 0;
  bool spans_lines_ = false;
  bool too_long_ = false;
};

}  // namespace partita
