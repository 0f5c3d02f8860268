#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "apps/partita/http/errors.hpp"
#include "storage/database.hpp"
#include "storage/store.hpp"

namespace partita::http {

/// A few sessions for those who look, each for one at a time.
class reader_pool {
 public:
  static constexpr std::size_t most = 4;
  static constexpr milliseconds statement_limit{2'000};
  static constexpr milliseconds patience{2'000};  // for a session that is free

  explicit reader_pool(std::shared_ptr<database> db) : db_(std::move(db)) {}

  /// What `work` answers, with a session. Throws what it throws, and http_error 503 where all
  /// sessions stay busy.
  template <class Work>
  auto look(Work work) {
    const lent_session lent{*this};
    return work(reader{lent.with});
  }

  const std::shared_ptr<database>& db() const { return db_; }

 private:
  struct lent_session {
    explicit lent_session(reader_pool& of) : pool(of), with(of.take()) {}
    ~lent_session() { pool.give(with); }
    lent_session(const lent_session&) = delete;
    lent_session& operator=(const lent_session&) = delete;
    reader_pool& pool;
    const std::shared_ptr<session> with;
  };

  std::shared_ptr<session> take() {
    std::unique_lock lock{guard_};
    if (!freed_.wait_for(lock, patience, [this] { return lent_ < most; }))
      throw http_error(503, "busy", "the database answers too slowly for so many viewers");
    ++lent_;
    if (!free_.empty()) {
      auto with = std::move(free_.back());
      free_.pop_back();
      return with;
    }
    lock.unlock();
    try {
      session_options options;
      options.application = "partita-http";
      options.statement_timeout = statement_limit;
      return db_->connect(options);
    } catch (...) {
      give(nullptr);
      throw;
    }
  }

  void give(std::shared_ptr<session> back) {
    {
      std::lock_guard lock{guard_};
      --lent_;
      if (back) free_.push_back(std::move(back));
    }
    freed_.notify_one();
  }

  const std::shared_ptr<database> db_;
  std::mutex guard_;
  std::condition_variable freed_;
  std::size_t lent_ = 0;
  std::vector<std::shared_ptr<session>> free_;
};

}  // namespace partita::http
