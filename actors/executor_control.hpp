#pragma once

#include <algorithm>
#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "batch/partition_context.hpp"
#include "protocol/liveness.hpp"
#include "protocol/values.hpp"

namespace partita {

/// Carries requests to stop to an executor whose thread runs the author's code, and shows the
/// progress of that code. Shared by executor, claimer and node; any thread.
class executor_control {
 public:
  struct current {
    lease_id lease;
    partition_no no = 0;
    std::shared_ptr<progress_cell> progress;
    mono_time begun{};
  };

  /// A body that goes on though it was asked to stop.
  struct stuck_body {
    current what;
    bool timed_out = false;
    milliseconds ran{0};
  };

  /// A batch under this lease is on its way to the executor.
  void expect(lease_id lease) {
    std::lock_guard lock{mutex_};
    batches_.push_back({lease, {}});
  }

  /// The batch expected first begins. The token tells when to stop it; perhaps at once.
  std::stop_token begin() {
    std::lock_guard lock{mutex_};
    return batches_.front().stop.get_token();
  }

  /// One attempt begins. Its token is that of its batch, and of its timeout (0: none), which
  /// `watch` judges.
  std::stop_token begin_partition(partition_no no, std::shared_ptr<progress_cell> progress,
                                  mono_time now = {}, milliseconds timeout = milliseconds{0}) {
    std::lock_guard lock{mutex_};
    current_ = current{batches_.front().lease, no, std::move(progress), now};
    attempt_ = {now, timeout, {}, {}, false, false};
    if (batches_.front().stop.stop_requested()) attempt_.stop.request_stop();
    return attempt_.stop.get_token();
  }

  /// The attempt is over. Whether its timeout had passed.
  bool end_partition() {
    std::lock_guard lock{mutex_};
    current_.reset();
    return attempt_.timed_out;
  }

  void end() {
    std::lock_guard lock{mutex_};
    batches_.pop_front();
    current_.reset();
  }

  /// Asks whatever runs, or is about to run, under this lease to stop.
  void interrupt(lease_id lease) {
    std::lock_guard lock{mutex_};
    for (auto& b : batches_)
      if (b.lease == lease) request_stop(b);
  }

  /// Asks whatever runs or is about to run to stop.
  void interrupt() {
    std::lock_guard lock{mutex_};
    for (auto& b : batches_) request_stop(b);
  }

  /// Asks an attempt whose timeout has passed to stop. Tells once of a body that has gone on for
  /// `grace` after it was seen to be asked.
  std::optional<stuck_body> watch(mono_time now, milliseconds grace) {
    std::lock_guard lock{mutex_};
    if (!current_) return std::nullopt;
    auto& a = attempt_;
    if (a.timeout.count() > 0 && now - a.begun >= a.timeout && !a.stop.stop_requested()) {
      a.timed_out = true;
      a.stop.request_stop();
    }
    if (!a.stop.stop_requested() || a.told) return std::nullopt;
    if (!a.asked) a.asked = now;
    if (now - *a.asked < grace) return std::nullopt;
    a.told = true;
    return stuck_body{*current_, a.timed_out,
                      std::chrono::duration_cast<milliseconds>(now - a.begun)};
  }

  /// Whether a body goes on of which `watch` has told.
  bool stuck() const {
    std::lock_guard lock{mutex_};
    return current_ && attempt_.told;
  }

  /// Until then this node may trust its leases, as far as it knows.
  void trust_until(mono_time until) { trusted_until_ = until; }
  mono_time trusted_until() const { return trusted_until_; }

  /// Whether a batch is under execution, or on its way.
  bool busy() const {
    std::lock_guard lock{mutex_};
    return !batches_.empty();
  }

  std::optional<current> now() const {
    std::lock_guard lock{mutex_};
    return current_;
  }

 private:
  struct batch {
    lease_id lease;
    std::stop_source stop;
  };
  struct attempt {
    mono_time begun{};
    milliseconds timeout{0};  // 0: none
    std::stop_source stop;
    std::optional<mono_time> asked;  // when it was first seen to be asked to stop
    bool timed_out = false;
    bool told = false;
  };

  void request_stop(batch& b) {
    b.stop.request_stop();
    if (current_ && &b == &batches_.front()) attempt_.stop.request_stop();
  }

  mutable std::mutex mutex_;
  std::deque<batch> batches_;
  std::optional<current> current_;
  attempt attempt_;
  std::atomic<mono_time> trusted_until_{};
};

using controls = std::vector<std::shared_ptr<executor_control>>;

/// What these executors have been at for `least` or longer, the oldest first, at most so many, as
/// node_load::doing.
inline json_text doing_of(const controls& executors, mono_time now, milliseconds least,
                          std::size_t most) {
  std::vector<executor_control::current> all;
  for (const auto& c : executors)
    if (const auto what = c->now(); what && now - what->begun >= least) all.push_back(*what);
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.begun < b.begun; });
  all.resize(std::min(all.size(), most));
  std::string text = "[";
  for (const auto& what : all) {
    const auto ran = std::chrono::duration_cast<milliseconds>(now - what.begun).count();
    text += (text.size() > 1 ? ",[" : "[") + std::to_string(what.lease.value) + "," +
            std::to_string(what.no) + "," + std::to_string(ran) + "]";
  }
  return text + "]";
}

/// How many of these executors are busy with a body that does not stop.
inline int stuck_among(const controls& executors) {
  return static_cast<int>(
      std::count_if(executors.begin(), executors.end(), [](const auto& c) { return c->stuck(); }));
}

}  // namespace partita
