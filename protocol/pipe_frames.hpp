#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace partita {

// What a node and its processes for bodies say to each other over pipes (actors/body_messages.hpp).

/// What a frame is.
enum class frame_kind : unsigned char {
  work = 1,    // to the process: one attempt at one partition
  trust = 2,   // to the process: how long it may go on
  stop = 3,    // to the process: the body is asked to stop
  answer = 4,  // to the process: what became of its checkpoint
  checkpoint = 5,
  progress = 6,
  ended = 7,  // how the attempt ended
  chunk = 8,  // to be stored (actors/body_sql.hpp), and what follows from it:
  begin = 9,  // to the process
  sql = 10,
  sql_answer = 11,    // to the process
  chunk_answer = 12,  // to the process
  log = 13,           // a line of the partition's log, as it is
};

/// One message: a kind and a text.
struct frame {
  frame_kind kind = frame_kind::work;
  std::string text;
  friend bool operator==(const frame&, const frame&) = default;
};

/// The longest text of a frame.
inline constexpr std::size_t longest_frame = std::size_t{256} * 1024 * 1024;

/// The frame as bytes: the length of its text in four bytes, lowest first; its kind; its text.
/// REQUIRES: the text is not longer than `longest_frame`.
std::string to_bytes(const frame& one);

/// Puts frames together from bytes, however they are cut. The bytes may come from a process whose
/// memory is damaged.
class frame_reader {
 public:
  void append(std::string_view bytes) { bytes_.append(bytes); }

  /// The next whole frame. Nothing: more bytes are needed, or they are `damaged`.
  std::optional<frame> next();

  /// An unknown kind, or a text that is too long: nothing after it can be read.
  bool damaged() const { return damaged_; }

 private:
  std::string bytes_;
  std::size_t at_ = 0;  // what is before it was returned
  bool damaged_ = false;
};

}  // namespace partita
