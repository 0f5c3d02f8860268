#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "batch/readers/slice.hpp"

namespace partita {

/// What the records of a file are, for whom cuts it.
struct record_rules {
  std::optional<std::string_view> header;  // the line before the first record
  bool quotes = false;                     // a line end between two quotes ends no record
  bool blank_end = false;                  // blank lines at the end of the file are records, too
  bool end_mark = false;  // a last byte 0x1A, as DOS programs set it, is not part of a record
};

/// Cuts the records after the header, or after a byte order mark, into at most `max_slices` slices
/// of about equal bytes: every record is in exactly one, in order. No slice is empty, except the
/// only one of a file without records. Reads the file once, front to back. Throws permanent_error
/// if the first line is not exactly the header or the file changes meanwhile, and what input_file
/// throws. Does not judge the records.
std::vector<file_slice> split_records(const std::filesystem::path& path, const record_rules& rules,
                                      std::int64_t max_slices);

}  // namespace partita
