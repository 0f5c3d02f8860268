#pragma once

#include <cstdint>

#include "batch/readers/byte_range.hpp"

namespace partita {

/// Whole records of a file, as the input of a partition. It carries the state of the file it was
/// cut from: the offsets mean nothing in any other.
struct file_slice {
  byte_range range;
  std::int64_t first_line = 0;  // 1-based line of the file its first record begins on
  std::int64_t rows = 0;
  std::int64_t file_size = 0;
  std::int64_t file_mtime_ns = 0;
  friend bool operator==(const file_slice&, const file_slice&) = default;
};

inline void to_json(json& to, const file_slice& from) {
  to = from.range;
  to["first_line"] = from.first_line;
  to["rows"] = from.rows;
  to["file_size"] = from.file_size;
  to["file_mtime_ns"] = from.file_mtime_ns;
}

inline void from_json(const json& from, file_slice& to) {
  from.get_to(to.range);
  from.at("first_line").get_to(to.first_line);
  from.at("rows").get_to(to.rows);
  from.at("file_size").get_to(to.file_size);
  from.at("file_mtime_ns").get_to(to.file_mtime_ns);
}

}  // namespace partita
