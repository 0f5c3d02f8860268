#include "batch/thread_team.hpp"

#include <algorithm>
#include <utility>

namespace partita {

struct thread_team::task {
  std::size_t pieces = 0;
  std::function<void(std::size_t)> piece;
  std::size_t at_once = 1;  // pieces that one thread takes
  std::size_t begun = 0;
  std::size_t done = 0;
};

thread_team::thread_team(int count) {
  try {
    for (int i = 0; i < std::max(count, 1); ++i) threads_.emplace_back([this] { run(); });
  } catch (...) {  // the system has no more of them
    end();
    throw;
  }
}

thread_team::~thread_team() { end(); }

void thread_team::end() {
  {
    std::lock_guard lock{mutex_};
    ends_ = true;
    tasks_.clear();
  }
  changed_.notify_all();
  for (auto& one : threads_) one.join();
}

thread_team::task_ptr thread_team::begin(std::size_t pieces,
                                         std::function<void(std::size_t)> piece) {
  auto one = std::make_shared<task>();
  one->pieces = pieces;
  one->piece = std::move(piece);
  one->at_once = std::max<std::size_t>(1, pieces / (threads_.size() * 4));
  if (pieces == 0) return one;
  {
    std::lock_guard lock{mutex_};
    tasks_.push_back(one);
  }
  changed_.notify_all();
  return one;
}

void thread_team::wait(const task_ptr& one) {
  std::unique_lock lock{mutex_};
  changed_.wait(lock, [&] { return one->done == one->pieces; });
}

void thread_team::run() {
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, [this] { return ends_ || !tasks_.empty(); });
    if (ends_) return;
    const auto mine = tasks_.front();
    const auto first = mine->begun;
    const auto end = mine->begun = std::min(mine->pieces, first + mine->at_once);
    if (end == mine->pieces) tasks_.pop_front();
    lock.unlock();
    for (auto i = first; i < end; ++i) mine->piece(i);
    lock.lock();
    mine->done += end - first;
    if (mine->done == mine->pieces) changed_.notify_all();
  }
}

}  // namespace partita
