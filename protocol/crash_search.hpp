#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

namespace partita {

/// What a chunked body is told that is started again, because its process crashed.
struct crash_hint {
  int starts = 0;            // processes that this attempt has had before
  std::int64_t until = 0;    // items before this ordinal are suspected
  std::int64_t most = 0;     // of these, so many go into one chunk
  std::int64_t let_go = -1;  // ordinal of the item that crashes; negative: not known yet
  std::string why;
};

/// Finds the items of one attempt that crash its process, by halving: a chunk that crashed is done
/// again in two, and the half that crashes in two, until it has one item. Chunks that stand are not
/// done again, so an item is found within log2(chunk) + 2 starts.
class crash_search {
 public:
  /// `at_once`: items that a process may have in its hands beyond those that are stored.
  explicit crash_search(std::int64_t at_once) : at_once_(at_once) {}

  const crash_hint& hint() const { return hint_; }

  /// A process crashed behind so many stored items. Whether it is worth another start: it is not
  /// when the item that was let go crashes all the same.
  bool crashed(std::int64_t stored, const std::string& why) {
    if (at_once_ <= 0 || hint_.let_go == stored) return false;
    const auto suspects =
        stored < hint_.until ? std::min(hint_.most, hint_.until - stored) : at_once_;
    ++hint_.starts;
    hint_.until = stored + suspects;
    hint_.most = std::max<std::int64_t>(1, (suspects + 1) / 2);
    // An item that is a whole chunk may just have been there when the process was killed.
    hint_.let_go = suspects == 1 && (at_once_ > 1 || seen_ == stored) ? stored : -1;
    seen_ = stored;
    hint_.why = why;
    return true;
  }

 private:
  const std::int64_t at_once_;
  crash_hint hint_;
  std::int64_t seen_ = -1;  // stored, at the last crash
};

}  // namespace partita
