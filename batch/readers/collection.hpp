#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "batch/readers/ordinal.hpp"

namespace partita {

/// A reader of the items of a vector, in order: item 0, item 1 and so on.
template <class T>
class collection {
 public:
  explicit collection(std::vector<T> items) : items_(std::move(items)) {}

  std::optional<T> next() {
    if (next_ == std::ssize(items_)) return std::nullopt;
    return items_[static_cast<std::size_t>(next_++)];
  }
  json position() const { return next_; }
  /// Throws permanent_error for what is no position in this vector.
  void seek(const json& position) { next_ = ordinal_of(position, std::ssize(items_)); }
  std::string where() const { return ordinal_text(next_ - 1); }

 private:
  std::vector<T> items_;
  std::int64_t next_ = 0;
};

}  // namespace partita
