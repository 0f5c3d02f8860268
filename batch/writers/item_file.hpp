#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <utility>

#include "batch/errors.hpp"
#include "batch/json.hpp"
#include "batch/writers/file_sink.hpp"

namespace partita {

/// What the writers of files have in common. A format is made of a file_sink and options, and adds
/// to the sink: `begin()` before the first item, `add(item)`, and `end(empty)` after the last one
/// (`empty`: there was none, so `begin` was not called). `is_whole(last_byte)`: whether a file that
/// ends with this byte has its end.
template <class T, class Format>
class item_file {
 public:
  /// Creates the file. Throws what file_sink throws; so do all others.
  template <class... Options>
  explicit item_file(std::filesystem::path staged, Options&&... options)
      : sink_(std::make_unique<file_sink>(std::move(staged))),
        format_(*sink_, std::forward<Options>(options)...) {}

  /// All of them or, when it throws, none: then the position is what it was.
  void write(std::span<const T> items) {
    if (items.empty()) return;
    if (whole_) throw definition_error("items cannot be written after the end of a file");
    all_or_none([&](bool first) {
      if (first) format_.begin();
      for (const auto& item : items) format_.add(item);
    });
  }

  /// Bytes of the file so far: all that was written. A number.
  json position() const { return sink_->position(); }
  /// Goes on at a former position of this writer, or of one whose file was copied to this name:
  /// what follows it is cut off. Throws permanent_error if the file is shorter.
  void resume(const json& position) {
    sink_->resume(position);
    whole_ = sink_->position() > 0 && format_.is_whole(sink_->last_byte());
  }
  /// Makes what was written durable: the bytes, and at the first call the name.
  void sync() { sink_->sync(); }
  /// Writes the end. After it, the file is whole; again, it does nothing.
  void close() {
    if (whole_) return;
    all_or_none([&](bool empty) { format_.end(empty); });
    whole_ = true;
  }

 private:
  template <class F>
  void all_or_none(F add) {
    const auto before = sink_->position();
    try {
      add(before == 0);
      sink_->flush();
    } catch (...) {
      sink_->take_back(before);
      throw;
    }
  }

  std::unique_ptr<file_sink> sink_;  // the format refers to it
  Format format_;
  bool whole_ = false;
};

}  // namespace partita
