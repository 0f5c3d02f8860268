#pragma once

#include <httplib.h>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace partita::http {

/// A bounded number of threads and of connections that wait for one. Whoever brings more waits.
class task_queue final : public httplib::TaskQueue {
 public:
  /// `gone` is called when it is destroyed.
  task_queue(int threads, std::size_t most, std::function<void()> gone)
      : most_(most), gone_(std::move(gone)), idle_(static_cast<std::size_t>(threads)) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
  }

  ~task_queue() override { gone_(); }
  task_queue(const task_queue&) = delete;
  task_queue& operator=(const task_queue&) = delete;

  void enqueue(std::function<void()> task) override {
    std::unique_lock lock{mutex_};
    room_.wait(lock, [this] { return tasks_.size() < most_ || over_; });
    tasks_.push_back(std::move(task));
    lock.unlock();
    work_.notify_one();
  }

  void shutdown() override {
    end();
    for (auto& thread : threads_) thread.join();
  }

  /// Nobody waits for room any more.
  void end() {
    {
      std::lock_guard lock{mutex_};
      over_ = true;
    }
    room_.notify_all();
    work_.notify_all();
  }

  /// Whether somebody waits for a thread and none is idle, or all is over: an idle connection
  /// should make room.
  bool is_wanted() {
    std::lock_guard lock{mutex_};
    return over_ || tasks_.size() > idle_;
  }

 private:
  void work() {
    for (;;) {
      std::unique_lock lock{mutex_};
      work_.wait(lock, [this] { return !tasks_.empty() || over_; });
      if (tasks_.empty()) return;
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      --idle_;
      lock.unlock();
      room_.notify_one();
      task();
      lock.lock();
      ++idle_;
    }
  }

  const std::size_t most_;
  const std::function<void()> gone_;
  std::mutex mutex_;
  std::condition_variable work_, room_;
  std::deque<std::function<void()>> tasks_;
  bool over_ = false;
  std::size_t idle_;  // threads that work on nothing
  std::vector<std::thread> threads_;
};

}  // namespace partita::http
