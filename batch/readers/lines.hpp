#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "batch/readers/record_source.hpp"

/// Lines of UTF-8 text that end with LF or CRLF. A byte order mark at the front of the file is not
/// part of the first one.
namespace partita::lines {

/// Whole lines of a file, as the input of a partition.
using slice = file_slice;

/// Cuts the lines into at most `max_slices` slices of about equal bytes: every line is in exactly
/// one, in order, blank lines too. No slice is empty, except the only one of an empty file. Reads
/// the file once, front to back. Throws permanent_error if the file changes meanwhile, and what
/// input_file throws.
std::vector<slice> split(const std::filesystem::path& path, std::int64_t max_slices);

/// The lines of one slice, one after the other, without their ends. A line that holds a NUL byte or
/// invalid UTF-8, or is longer than 4 MiB, is a data_error "FILE, line N: reason"; the next call
/// goes on behind it.
class reader {
 public:
  /// Throws what input_file throws, and permanent_error if the file is not the one that was split.
  reader(std::filesystem::path path, const slice& part);

  std::optional<std::string> next();
  /// The same without a copy: it lives until the next call.
  std::optional<std::string_view> next_view();

  /// Where the next line begins.
  json position() const { return source_.position(); }
  /// Goes on there. Throws permanent_error if no line of this slice begins there.
  void seek(const json& position) { source_.seek(position); }
  std::int64_t line() const { return source_.line(); }
  /// "FILE, line N", of the line that was read or refused last.
  std::string where() const { return source_.where(); }
  /// Refuses the line that was read last: data_error "FILE, line N: reason".
  [[noreturn]] void fail(const std::string& reason) const { source_.fail(reason); }

 private:
  record_source source_;
};

}  // namespace partita::lines
