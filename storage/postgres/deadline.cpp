#include "storage/postgres/deadline.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <limits>
#include <mutex>
#include <thread>
#include <vector>

#include "storage/clock.hpp"

namespace partita::postgres {

namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

std::int64_t now_ns() { return std::chrono::nanoseconds{boot_now().time_since_epoch()}.count(); }

}  // namespace

/// The one thread of the process that looks after all deadlines. It sleeps until the first of them,
/// and for ever while there is none.
///
/// To begin and to end one costs no lock: there are two for each round trip. `wakes_at_` says
/// "never" while the thread looks at the deadlines, so one that begins behind its back is told.
class deadline_thread {
 public:
  static deadline_thread& of_this_process() {
    // Never destroyed: connections of other static objects may outlive anything.
    static auto& only = *new deadline_thread;
    return only;
  }

  void add(answer_deadline& d) {
    std::lock_guard lock{mutex_};
    all_.push_back(&d);
  }

  /// After this, the thread does not touch `d`.
  void remove(answer_deadline& d) {
    std::lock_guard lock{mutex_};
    std::erase(all_, &d);
  }

  void wake_by(std::int64_t due) {
    if (due >= wakes_at_) return;
    std::lock_guard lock{mutex_};
    looks_again_ = true;
    changed_.notify_one();
  }

 private:
  deadline_thread() {
    std::thread{[this] { work(); }}.detach();
  }

  [[noreturn]] void work() {
    std::unique_lock lock{mutex_};
    for (;;) {
      looks_again_ = false;
      wakes_at_ = never;
      wakes_at_ = first_after(now_ns());
      const auto woken = [this] { return looks_again_; };
      if (wakes_at_ == never)
        changed_.wait(lock, woken);
      else
        changed_.wait_for(lock, std::chrono::nanoseconds{wakes_at_ - now_ns()}, woken);
    }
  }

  /// Shuts what is due by `now`; returns when the next is due.
  std::int64_t first_after(std::int64_t now) {
    auto first = never;
    for (auto* d : all_) {
      std::int64_t due = d->due_;
      if (due == 0) continue;
      if (due > now)
        first = std::min(first, due);
      else if (d->due_.compare_exchange_strong(due, 0))
        shut(*d);
      else
        first = now;  // it has begun anew meanwhile
    }
    return first;
  }

  static void shut(answer_deadline& d) {
    d.passed_ = true;
    ::shutdown(d.socket_, SHUT_RDWR);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<answer_deadline*> all_;  // one for each connection
  bool looks_again_ = false;
  std::atomic<std::int64_t> wakes_at_ = never;
};

answer_deadline::answer_deadline(int socket) : socket_(::fcntl(socket, F_DUPFD_CLOEXEC, 0)) {
  if (socket_ >= 0) deadline_thread::of_this_process().add(*this);
}

answer_deadline::~answer_deadline() {
  if (socket_ < 0) return;
  deadline_thread::of_this_process().remove(*this);
  ::close(socket_);
}

void answer_deadline::begin(milliseconds most) {
  if (socket_ < 0) return;
  const auto due = now_ns() + std::chrono::nanoseconds{most}.count();
  due_ = due;
  deadline_thread::of_this_process().wake_by(due);
}

void answer_deadline::end() { due_ = 0; }

bool answer_deadline::passed() const { return passed_; }

}  // namespace partita::postgres
