#pragma once

#include <atomic>
#include <memory>

#include "storage/clock.hpp"

namespace partita::test {

/// A calendar clock that moves when the test says so, and one microsecond at every reading, so
/// that what happened later also has a later time.
class ticking_clock {
 public:
  void advance(milliseconds time) { *now_ += microseconds{time}.count(); }

  /// Outlives the clock; may be read on any thread.
  wall_clock reader() const {
    return [now = now_] { return db_time{microseconds{++*now}}; };
  }

 private:
  static constexpr std::int64_t start = 1'700'000'000'000'000;  // in November 2023
  std::shared_ptr<std::atomic<std::int64_t>> now_ =
      std::make_shared<std::atomic<std::int64_t>>(start);
};

}  // namespace partita::test
