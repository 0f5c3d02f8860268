#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "batch/files.hpp"
#include "batch/json.hpp"

namespace partita {

/// A file that is written front to back, in pieces of a size that suits disks, and that another
/// attempt can go on with. Throws std::system_error "cannot write FILE: reason" when the disk
/// refuses, and permanent_error for a file that is not the node's to use (batch/files.hpp).
class file_sink {
 public:
  /// Creates the file. What it holds already is replaced by what is written, unless `resume` is
  /// called first.
  explicit file_sink(std::filesystem::path path);

  /// After an error `take_back` or `resume` must come first.
  void add(std::string_view bytes) {
    if (pending_.size() + bytes.size() > buffer_bytes) flush();
    pending_.append(bytes);
  }
  template <class... Pieces>
  void add(std::string_view first, Pieces... rest) {
    add(first);
    add(rest...);
  }
  /// Hands what was added to the operating system.
  void flush();
  /// Bytes of the file that were handed over.
  std::int64_t position() const { return written_; }

  /// Goes on at a former position of this sink, or of one whose file was copied to this name: what
  /// follows it is cut off. Throws permanent_error if the file is shorter, or this is no position.
  void resume(const json& position);
  /// Takes back what was added after this position of this sink.
  void take_back(std::int64_t position);
  /// The last byte that was handed over; 0: none.
  char last_byte() const;

  /// Makes what was handed over durable: the bytes, and at the first call the name.
  void sync();

 private:
  static constexpr std::size_t buffer_bytes = 256 * 1024;

  file_handle open() const;
  void begin_at(std::int64_t offset);
  [[noreturn]] void fail(int error) const;

  std::filesystem::path path_;
  file_handle file_;
  std::string pending_;
  std::int64_t written_ = 0;
  std::int64_t hinted_ = 0;  // the disk was asked to begin with the bytes before it
  bool begun_ = false;       // what the file holds is what this sink wrote
  bool name_is_durable_ = false;
};

}  // namespace partita
