#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "batch/files.hpp"
#include "batch/objects/object_store.hpp"

namespace partita {

/// What tells one state of a file from another.
struct file_version {
  std::int64_t size = 0;
  std::int64_t mtime_ns = 0;  // of an object: a hash of its etag
  friend bool operator==(const file_version&, const file_version&) = default;
};

/// A regular file, read front to back in blocks. Read, never mapped: a mapped file that somebody
/// truncates kills the process. Or an object (batch/objects/object_name.hpp): what is next in it is
/// asked for in pieces that grow.
class input_file {
 public:
  /// Throws std::system_error "cannot read FILE: reason", and permanent_error for what is no
  /// regular file (it does not wait for the writer of a FIFO) or not the node's to read
  /// (batch/files.hpp). For an object also what object_store throws.
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
  void fetch(std::int64_t least);

  struct object {
    object_name name;
    object_state state;
    std::string piece{};          // of its bytes
    std::int64_t begin = 0;       // where it begins
    std::int64_t next = 1 << 18;  // bytes of the next one
  };

  std::filesystem::path path_;
  file_handle file_;
  std::optional<object> object_;
  std::int64_t offset_ = 0;
};

}  // namespace partita
