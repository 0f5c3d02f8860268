#pragma once

#include <cstdint>
#include <filesystem>

#include "batch/files.hpp"

namespace partita {

/// What tells one state of a file from another.
struct file_version {
  std::int64_t size = 0;
  std::int64_t mtime_ns = 0;
  friend bool operator==(const file_version&, const file_version&) = default;
};

/// A regular file, read front to back in blocks. Read, never mapped: a mapped file that somebody
/// truncates kills the process.
class input_file {
 public:
  /// Throws std::system_error "cannot read FILE: reason", and permanent_error for what is no
  /// regular file (it does not wait for the writer of a FIFO) or not the node's to read
  /// (batch/files.hpp).
  explicit input_file(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  file_version version() const;
  void seek(std::int64_t offset) { offset_ = offset; }
  /// Reads `most` bytes, fewer only at the end of the file. Throws std::system_error.
  std::size_t read(char* into, std::size_t most);
  /// permanent_error "FILE changed while the run was under way" unless the file is still
  /// `expected`.
  void require_version(const file_version& expected) const;
  [[noreturn]] void fail_changed() const;

 private:
  [[noreturn]] void fail(int error) const;

  std::filesystem::path path_;
  file_handle file_;
  std::int64_t offset_ = 0;
};

}  // namespace partita
