#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace partita::sim {

/// What may happen to one call of a store verb.
enum class fate {
  none,
  refused,      // fails, and nothing happened
  lost_answer,  // happens, and is reported as failed; the link may stay cut for a while
  late,         // is reported as failed, and happens some time later
  slow,         // takes long; the world goes on meanwhile
  dies_before,  // the node crashes before the verb happens
  dies_after,   // the node crashes after it has happened
};
inline constexpr int fates = 7;
std::string to_string(fate);

/// How many of 10,000 calls or messages get each kind of fault. Drawn anew for every seed, many of
/// them 0: a cluster with one kind of fault shows defects that a cluster with all kinds does not.
struct odds {
  int of[fates] = {};
  int stall = 0;  // a message waits before its actor handles it
};

/// Which faults a world may let happen, and which did. A fault has a name that stays the same when
/// others are left out: "crash@1200#3", "lost_answer@n2#57".
class fault_book {
 public:
  /// Only these, if given.
  explicit fault_book(std::optional<std::set<std::string>> only = {}) : only_(std::move(only)) {}

  /// Whether this fault happens; then it is noted.
  bool happens(const std::string& name, const std::string& kind) {
    offered_.push_back(name);
    if (only_ && !only_->contains(name)) return false;
    if (happened_.insert(name).second) ++count_[kind];
    return true;
  }

  /// Every fault that was asked for, in order, whether it was allowed or not.
  const std::vector<std::string>& offered() const { return offered_; }
  const std::set<std::string>& happened() const { return happened_; }
  const std::map<std::string, std::int64_t>& count() const { return count_; }

 private:
  std::optional<std::set<std::string>> only_;
  std::vector<std::string> offered_;
  std::set<std::string> happened_;
  std::map<std::string, std::int64_t> count_;
};

}  // namespace partita::sim
