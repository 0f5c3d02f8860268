#include "storage/postgres/deadline.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace partita::postgres {

using clock = std::chrono::steady_clock;

/// The one thread of the process that looks after all deadlines. It sleeps until the first of them,
/// and for ever while there is none.
class deadline_thread {
 public:
  static deadline_thread& of_this_process() {
    // Never destroyed: connections of other static objects may outlive anything.
    static auto& only = *new deadline_thread;
    return only;
  }

  void begin(answer_deadline& d, milliseconds most) {
    std::lock_guard lock{mutex_};
    d.due_ = clock::now() + most;
    if (!std::exchange(d.armed_, true)) armed_.push_back(&d);
    if (d.due_ >= wakes_at_) return;
    wakes_at_ = d.due_;
    changed_.notify_one();
  }

  /// After this, the thread does not touch `d`.
  void end(answer_deadline& d) {
    std::lock_guard lock{mutex_};
    if (std::exchange(d.armed_, false)) std::erase(armed_, &d);
  }

  bool passed(const answer_deadline& d) {
    std::lock_guard lock{mutex_};
    return d.passed_;
  }

 private:
  deadline_thread() {
    std::thread{[this] { work(); }}.detach();
  }

  [[noreturn]] void work() {
    std::unique_lock lock{mutex_};
    for (;;) {
      const auto now = clock::now();
      wakes_at_ = clock::time_point::max();
      for (auto* d : std::vector{armed_}) {
        if (d->due_ <= now)
          shut(*d);
        else
          wakes_at_ = std::min(wakes_at_, d->due_);
      }
      if (wakes_at_ == clock::time_point::max())
        changed_.wait(lock);
      else
        changed_.wait_until(lock, wakes_at_);
    }
  }

  void shut(answer_deadline& d) {
    d.passed_ = true;
    d.armed_ = false;
    std::erase(armed_, &d);
    ::shutdown(d.socket_, SHUT_RDWR);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<answer_deadline*> armed_;  // one for each session that waits: a few
  clock::time_point wakes_at_ = clock::time_point::max();
};

answer_deadline::answer_deadline(int socket) : socket_(::fcntl(socket, F_DUPFD_CLOEXEC, 0)) {}

answer_deadline::~answer_deadline() {
  end();
  if (socket_ >= 0) ::close(socket_);
}

void answer_deadline::begin(milliseconds most) {
  if (socket_ >= 0) deadline_thread::of_this_process().begin(*this, most);
}

void answer_deadline::end() { deadline_thread::of_this_process().end(*this); }

bool answer_deadline::passed() const { return deadline_thread::of_this_process().passed(*this); }

}  // namespace partita::postgres
