#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace partita {

/// Threads that share out tasks of many like pieces, the tasks in the order in which they came.
class thread_team {
 public:
  /// `count`: at least 1. Throws std::system_error when the system gives no more threads.
  explicit thread_team(int count);
  /// Pieces that are not begun are dropped; it waits for the others.
  ~thread_team();
  thread_team(const thread_team&) = delete;
  thread_team& operator=(const thread_team&) = delete;

  struct task;
  using task_ptr = std::shared_ptr<task>;

  /// Begins to call `piece` with 0 … pieces-1, from several threads at once. It must not throw.
  task_ptr begin(std::size_t pieces, std::function<void(std::size_t)> piece);
  /// Until all pieces are done.
  void wait(const task_ptr& one);

 private:
  void run();
  void end();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<task_ptr> tasks_;  // with pieces that are not begun
  bool ends_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace partita
