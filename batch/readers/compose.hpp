#pragma once

#include <algorithm>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "batch/errors.hpp"
#include "batch/json.hpp"

/// Readers made of readers. Each is a reader itself.
namespace partita {

/// What a reader gives.
template <class Reader>
using item_of = typename decltype(std::declval<Reader&>().next())::value_type;

/// For several threads at once: one of them reads, the others wait. `where` may be of an item that
/// another thread has read meanwhile.
template <class Reader>
class synchronised {
 public:
  explicit synchronised(Reader reader) : reader_(std::move(reader)) {}

  std::optional<item_of<Reader>> next() {
    const std::lock_guard lock{*mutex_};
    return reader_.next();
  }
  json position() const {
    const std::lock_guard lock{*mutex_};
    return reader_.position();
  }
  void seek(const json& position) {
    const std::lock_guard lock{*mutex_};
    reader_.seek(position);
  }
  std::string where() const {
    const std::lock_guard lock{*mutex_};
    return reader_.where();
  }

 private:
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();  // so that it can be moved
  Reader reader_;
};

/// The time, as a limit of speed needs it.
struct pace_clock {
  std::function<std::chrono::nanoseconds()> now;
  /// Waits, or throws because the work must end (partition_context::stop_if_requested).
  std::function<void(std::chrono::nanoseconds)> wait;
};

/// At most `per_second` items a second, evenly: an item that comes late gives the next ones no
/// right to come closer.
template <class Reader>
class rate_limited {
 public:
  rate_limited(Reader reader, double per_second, pace_clock clock)
      : reader_(std::move(reader)),
        gap_(per_second > 0 ? static_cast<std::int64_t>(1e9 / std::max(per_second, 1e-9)) : 0),
        clock_(std::move(clock)) {
    if (gap_ <= std::chrono::nanoseconds::zero())
      throw definition_error("a limit of speed must be from above 0 to 1000000000 items a second");
  }

  std::optional<item_of<Reader>> next() {
    const auto now = clock_.now();
    const auto due = due_.value_or(now);
    if (due > now) clock_.wait(due - now);
    due_ = std::max(due, now) + gap_;
    return reader_.next();
  }
  json position() const { return reader_.position(); }
  void seek(const json& position) { reader_.seek(position); }
  std::string where() const { return reader_.where(); }

 private:
  Reader reader_;
  std::chrono::nanoseconds gap_;
  pace_clock clock_;
  std::optional<std::chrono::nanoseconds> due_;
};

/// Shows the next item before it is read.
template <class Reader>
class peekable {
 public:
  explicit peekable(Reader reader) : reader_(std::move(reader)) {}

  /// What `next` will return, or throw. It lives until `next` or `seek`.
  const std::optional<item_of<Reader>>& peek() {
    if (!ahead_) {
      look seen{reader_.position(), reader_.where(), {}, {}};
      try {
        seen.item = reader_.next();
      } catch (...) {
        seen.error = std::current_exception();
      }
      ahead_ = std::move(seen);
    }
    if (ahead_->error) std::rethrow_exception(ahead_->error);
    return ahead_->item;
  }
  std::optional<item_of<Reader>> next() {
    if (!ahead_) return reader_.next();
    auto seen = std::exchange(ahead_, std::nullopt);
    if (seen->error) std::rethrow_exception(seen->error);
    return std::move(seen->item);
  }
  json position() const { return ahead_ ? ahead_->position : reader_.position(); }
  void seek(const json& position) {
    ahead_.reset();
    reader_.seek(position);
  }
  std::string where() const { return ahead_ ? ahead_->where : reader_.where(); }

 private:
  struct look {
    json position;  // both from before it
    std::string where;
    std::optional<item_of<Reader>> item;
    std::exception_ptr error;
  };

  Reader reader_;
  std::optional<look> ahead_;
};

}  // namespace partita
